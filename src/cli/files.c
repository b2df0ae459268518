/* files.c - walking folders. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trouble.h"

enum { PATH_BYTES = 4096, MOST_FILES = 1 << 20, DEPTH = 64, IGNORED = 256, PATTERN_BYTES = 256 };

/* One folder that was named, and what is left out of it. */
typedef struct walk {
  file_list *files;
  const char *const *excludes;
  const char *root;
  char path[PATH_BYTES];      /* of the folder or the entry that is looked at */
  char real_root[PATH_BYTES]; /* without links; "": not known */
  char ignored[IGNORED][PATTERN_BYTES];
  size_t n_ignored;
} walk;

static vf_status add_file(file_list *files, const char *path, vf_error *err) {
  if (files->count == files->room) {
    size_t room = files->room == 0 ? 64 : 2 * files->room;
    char **bigger = room <= MOST_FILES ? realloc(files->paths, room * sizeof *bigger) : NULL;
    if (bigger == NULL) return trouble(err, path, "more files than can be checked at once");
    files->paths = bigger;
    files->room = room;
  }
  char *copy = malloc(strlen(path) + 1);
  if (copy == NULL) return trouble(err, path, "out of memory");
  strcpy(copy, path);
  files->paths[files->count++] = copy;
  return VF_OK;
}

void free_files(file_list *files) {
  for (size_t i = 0; i < files->count; i++) free(files->paths[i]);
  free(files->paths);
}

/* ---- What is left out ------------------------------------------------------------------- */

/* A file, or NULL: there is none.  Nothing is waited for: a pipe would never end. */
static vf_status open_ignored(FILE **out, const char *path, vf_error *err) {
  struct stat st = {.st_mode = 0};
  *out = NULL;
  int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return VF_OK;
  if (fd < 0) return trouble(err, path, "cannot be opened: %s", strerror(errno));
  bool file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
  if (file) *out = fdopen(fd, "r");
  if (*out != NULL) return VF_OK;
  close(fd);
  return trouble(err, path, file ? "cannot be opened" : "is no file");
}

/* .vramfitignore: a pattern a line, '#' begins a comment; one with a slash is about the path. */
static vf_status read_ignored(walk *w, vf_error *err) {
  char path[PATH_BYTES + 16], line[PATTERN_BYTES];
  FILE *f;
  snprintf(path, sizeof path, "%s/.vramfitignore", w->root);
  vf_status status = open_ignored(&f, path, err);
  while (status == VF_OK && f != NULL && fgets(line, sizeof line, f) != NULL) {
    size_t n = strcspn(line, "\r\n");
    if (line[n] == '\0' && n + 1 == sizeof line)
      status = trouble(err, path, "a line of more than %d bytes", PATTERN_BYTES - 2);
    while (n > 0 && (line[n - 1] == ' ' || line[n - 1] == '/')) n--;
    line[n] = '\0';
    if (n == 0 || line[0] == '#' || status != VF_OK) continue;
    if (w->n_ignored == IGNORED)
      status = trouble(err, path, "more than %d patterns", IGNORED);
    else
      strcpy(w->ignored[w->n_ignored++], line);
  }
  if (status == VF_OK && f != NULL && ferror(f)) status = trouble(err, path, "cannot be read");
  if (f != NULL) fclose(f);
  return status;
}

/* Path is seen from the root of the walk. */
static bool matches(const char *pattern, const char *path) {
  const char *slash = strrchr(path, '/');
  if (*pattern == '/') pattern++;
  if (strchr(pattern, '/') == NULL)
    return fnmatch(pattern, slash != NULL ? slash + 1 : path, 0) == 0;
  return fnmatch(pattern, path, 0) == 0;
}

static bool is_left_out(const walk *w, const char *path) {
  const char *inner = path + strlen(w->root);
  inner += strspn(inner, "/");
  for (size_t i = 0; i < w->n_ignored; i++)
    if (matches(w->ignored[i], inner)) return true;
  for (size_t i = 0; w->excludes[i] != NULL; i++)
    if (matches(w->excludes[i], inner)) return true;
  return false;
}

/* A link that leads out of the folder is not followed; links to folders never are. */
static bool leads_out(const walk *w, const char *path) {
  size_t n = strlen(w->real_root);
  char *real = realpath(path, NULL);
  if (real == NULL) return true;
  bool out = n == 0 || strncmp(real, w->real_root, n) != 0 || (real[n] != '/' && n > 1);
  free(real);
  return out;
}

static bool is_uninteresting(const char *name) {
  static const char *const names[] = {"node_modules", "__pycache__", "site-packages", "venv",
                                      "vendor"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(name, names[i]) == 0) return true;
  return name[0] == '.';
}

/* ---- Walking ---------------------------------------------------------------------------- */

static vf_status walk_folder(walk *w, int depth, vf_error *err);

/* What w->path names. */
static vf_status take_path(walk *w, const char *name, int depth, vf_error *err) {
  struct stat st = {.st_mode = 0};
  const char *path = w->path;
  if (is_left_out(w, path) || lstat(path, &st) != 0) return VF_OK;
  if (S_ISDIR(st.st_mode)) return is_uninteresting(name) ? VF_OK : walk_folder(w, depth - 1, err);
  if (!vf_check_wants(path)) return VF_OK;
  if (S_ISLNK(st.st_mode) && (leads_out(w, path) || stat(path, &st) != 0)) return VF_OK;
  return S_ISREG(st.st_mode) ? add_file(w->files, path, err) : VF_OK;
}

/* An entry of the folder that w->path names. */
static vf_status take_entry(walk *w, const char *name, int depth, vf_error *err) {
  size_t n = strlen(w->path), room = sizeof w->path - n;
  const char *slash = n > 0 && w->path[n - 1] == '/' ? "" : "/";
  if (strlen(slash) + strlen(name) >= room)
    return trouble(err, w->path, "%.60s: a path of more than %d bytes", name, PATH_BYTES - 1);
  snprintf(w->path + n, room, "%s%s", slash, name);
  vf_status status = take_path(w, name, depth, err);
  w->path[n] = '\0';
  return status;
}

static int by_name(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static vf_status list_folder(file_list *names, const char *path, vf_error *err) {
  vf_status status = VF_OK;
  DIR *dir = opendir(path);
  if (dir == NULL) return trouble(err, path, "cannot be listed: %s", strerror(errno));
  while (status == VF_OK) {
    errno = 0;
    const struct dirent *e = readdir(dir);
    if (e == NULL && errno != 0)
      status = trouble(err, path, "cannot be listed: %s", strerror(errno));
    if (e == NULL) break;
    if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
      status = add_file(names, e->d_name, err);
  }
  closedir(dir);
  return status;
}

static vf_status walk_folder(walk *w, int depth, vf_error *err) {
  file_list names = {0};
  if (depth == 0) return trouble(err, w->path, "lies more than %d folders deep", DEPTH);
  vf_status status = list_folder(&names, w->path, err);
  if (names.count > 0) qsort(names.paths, names.count, sizeof *names.paths, by_name);
  for (size_t i = 0; status == VF_OK && i < names.count; i++)
    status = take_entry(w, names.paths[i], depth, err);
  free_files(&names);
  return status;
}

static vf_status start_walk(file_list *files, const args *a, const char *root, vf_error *err) {
  static walk w; /* large */
  memset(&w, 0, sizeof w);
  w.files = files;
  w.excludes = a->excludes;
  w.root = root;
  char *real = realpath(root, NULL);
  if (real != NULL) snprintf(w.real_root, sizeof w.real_root, "%s", real);
  free(real);
  if (strlen(root) >= sizeof w.path)
    return trouble(err, root, "a path of more than %d bytes", PATH_BYTES - 1);
  strcpy(w.path, root);
  vf_status status = read_ignored(&w, err);
  return status == VF_OK ? walk_folder(&w, DEPTH + 1, err) : status;
}

/* ---- Only some of them ------------------------------------------------------------------ */

static const char *plain(const char *path) {
  while (strncmp(path, "./", 2) == 0) path += 2;
  return path;
}

/* Paths of standard input, one a line. */
static vf_status read_changed(file_list *changed, vf_error *err) {
  char line[PATH_BYTES];
  vf_status status = VF_OK;
  while (status == VF_OK && fgets(line, sizeof line, stdin) != NULL) {
    size_t n = strcspn(line, "\r\n");
    if (line[n] == '\0' && n + 1 == sizeof line)
      return trouble(err, "standard input", "a path of more than %d bytes", PATH_BYTES - 2);
    line[n] = '\0';
    if (line[0] != '\0') status = add_file(changed, line, err);
  }
  return status;
}

static bool is_listed(const file_list *list, const char *path) {
  for (size_t i = 0; i < list->count; i++)
    if (strcmp(plain(list->paths[i]), plain(path)) == 0) return true;
  return false;
}

static void keep_listed(file_list *files, const file_list *list) {
  size_t n = 0;
  for (size_t i = 0; i < files->count; i++) {
    if (is_listed(list, files->paths[i]))
      files->paths[n++] = files->paths[i];
    else
      free(files->paths[i]);
  }
  files->count = n;
}

/* Without operands those that changed are the files; deleted ones are none any more. */
static vf_status take_changed(file_list *files, const args *a, vf_error *err) {
  file_list changed = {0};
  struct stat st = {.st_mode = 0};
  vf_status status = read_changed(&changed, err);
  for (size_t i = 0; status == VF_OK && a->n_operands == 0 && i < changed.count; i++)
    if (vf_check_wants(changed.paths[i]) && stat(changed.paths[i], &st) == 0 && S_ISREG(st.st_mode))
      status = add_file(files, changed.paths[i], err);
  if (a->n_operands > 0) keep_listed(files, &changed);
  free_files(&changed);
  return status;
}

vf_status list_files(file_list *out, const args *a, vf_error *err) {
  vf_status status = VF_OK;
  struct stat st = {.st_mode = 0};
  for (size_t i = 0; status == VF_OK && i < a->n_operands; i++) {
    const char *path = a->operands[i];
    if (strcmp(path, "-") == 0)
      status = add_file(out, path, err);
    else if (stat(path, &st) != 0)
      status = trouble(err, path, "cannot be read: %s", strerror(errno));
    else if (S_ISDIR(st.st_mode))
      status = start_walk(out, a, path, err);
    else
      status = add_file(out, path, err);
  }
  if (status == VF_OK && a->only_changed) status = take_changed(out, a, err);
  return status;
}
