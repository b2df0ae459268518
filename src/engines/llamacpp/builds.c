/* builds.c - versions of llama.cpp and of the programs that carry it.
 *
 * Builds are counts of commits ("b6345"); since b10394 there are releases beside them, and Ollama
 * names the build that it carries in its file LLAMA_CPP_VERSION. */
#include "engines/llamacpp/builds.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"

/* ---- Releases --------------------------------------------------------------------------- */

typedef struct release {
  unsigned major, minor;
  uint32_t build;
} release;

/* Of llama.cpp (CMakeLists.txt; what --version prints of the builds around them). */
static const release releases[] = {
    {0, 1, 10394}, {0, 2, 10572}, {0, 3, 10621}, {0, 4, 10990}, {0, 5, VF_BUILD_NEWEST},
};

/* Of Ollama (LLAMA_CPP_VERSION of its tags); before 0.30 the llama.cpp that its own engines came
 * from, as far as the date tells it. */
static const release ollamas[] = {
    {0, 1, VF_BUILD_OLDEST}, {0, 4, 3900},  {0, 5, 4458},  {0, 6, 4800},   {0, 9, 5550},
    {0, 11, 6100},           {0, 13, 6900}, {0, 14, 7400}, {0, 16, 7900},  {0, 20, 8600},
    {0, 30, 9452},           {0, 31, 9840}, {0, 32, 9888}, {0, 33, 10488},
};

static bool read_release(const char *version, unsigned *major, unsigned *minor) {
  if (*version == 'v') version++;
  return sscanf(version, "%3u.%3u", major, minor) == 2;
}

/* The build of the newest release that is not newer. */
static uint32_t build_of(const release *list, size_t n, unsigned major, unsigned minor) {
  uint32_t build = 0;
  for (size_t i = 0; i < n; i++)
    if (list[i].major < major || (list[i].major == major && list[i].minor <= minor))
      build = list[i].build;
  return build;
}

/* ---- Builds ----------------------------------------------------------------------------- */

/* "version: 0.4.1-dev (build 10991, commit 930e2fa59)" and "version: 6345 (4b20d8b7)". */
static const char *after_label(const char *version) {
  const char *build = strstr(version, "build ");
  if (build != NULL) return build + strlen("build ");
  if (strncmp(version, "version: ", 9) == 0) return version + 9;
  return version;
}

uint32_t vf_llamacpp_build(const char *version) {
  unsigned major = 0, minor = 0;
  const char *s = after_label(version);
  if (read_release(s, &major, &minor)) {
    uint32_t last = releases[sizeof releases / sizeof *releases - 1].minor;
    if (major > 0 || minor > last) return VF_BUILD_NEWEST + 1;
    return build_of(releases, sizeof releases / sizeof *releases, major, minor);
  }
  if (*s == 'b' || *s == 'B') s++;
  if (!isdigit((unsigned char)*s)) return 0;
  unsigned long n = strtoul(s, NULL, 10);
  return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

bool vf_llamacpp_knows(const char *version) {
  uint32_t build = vf_llamacpp_build(version);
  return build >= VF_BUILD_OLDEST && build <= VF_BUILD_NEWEST;
}

/* "v9" and "v1.2": there is no such release, and no rule can be told to be near it. */
static bool is_no_release(const char *version) {
  unsigned major = 0, minor = 0;
  const char *s = after_label(version);
  if (read_release(s, &major, &minor)) return major > 0;
  return *s == 'v';
}

vf_status vf_llamacpp_check(const char *version, vf_error *err) {
  uint32_t build = vf_llamacpp_build(version);
  if (is_no_release(version))
    return vf_fail(err, VF_USAGE,
                   "llama.cpp has no release '%s': v0.1.0 to v0.5.0 are known, and builds as b6345",
                   version);
  if (build == 0)
    return vf_fail(err, VF_USAGE, "'%s' is no version of llama.cpp: a build (b6345) or v0.5.0",
                   version);
  if (build < VF_BUILD_OLDEST)
    return vf_fail(err, VF_UNSUPPORTED,
                   "llama.cpp b%" PRIu32 " is older than the oldest rules: b%d of April 2024",
                   build, VF_BUILD_OLDEST);
  return VF_OK;
}

bool vf_llamacpp_lowers_ctx(const char *version) {
  return version == NULL || vf_llamacpp_build(version) >= VF_BUILD_FIT;
}

bool vf_llamacpp_is_measured(uint32_t build) {
  static const uint32_t measured[] = {4798, 5572, 6345, 8184, 10488, VF_BUILD_NEWEST};
  for (size_t i = 0; i < sizeof measured / sizeof *measured; i++)
    if (build == measured[i]) return true;
  return false;
}

uint32_t vf_ollama_build(const char *version) {
  unsigned major = 0, minor = 0;
  if (!read_release(version, &major, &minor)) return VF_BUILD_NEWEST;
  return build_of(ollamas, sizeof ollamas / sizeof *ollamas, major, minor);
}

/* ---- Architectures ---------------------------------------------------------------------- */

static const struct {
  const char *arch;
  uint32_t build;
  const char *where;
} archs[] = {
#define ARCH(name, build, date, where) {name, build, where},
#include "engines/llamacpp/archs.def"
#undef ARCH
};

uint32_t vf_llamacpp_arch_since(const char *arch, const char **where) {
  for (size_t i = 0; i < sizeof archs / sizeof *archs; i++) {
    if (strcmp(arch, archs[i].arch) != 0) continue;
    *where = archs[i].where;
    return archs[i].build;
  }
  *where = "";
  return 0;
}
