/* write_file.c - a new file beside the one that is meant, which takes its name at the end. */
#include "write_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trouble.h"

static vf_status fail(vf_error *err, const char *path, int reason) {
  trouble(err, path, "cannot be written: %s", strerror(reason));
  return err->status = VF_IO;
}

/* What is there may be replaced: nothing, an empty file, or one of ours. */
static vf_status check_there(const char *path, const char *ours, vf_error *err) {
  struct stat st = {.st_mode = 0};
  char begin[64] = "";
  if (lstat(path, &st) != 0) return errno == ENOENT ? VF_OK : fail(err, path, errno);
  if (!S_ISREG(st.st_mode)) {
    trouble(err, path, "is there, and no plain file: name another one");
    return err->status = VF_IO;
  }
  FILE *f = fopen(path, "r");
  if (f == NULL) return fail(err, path, errno);
  size_t n = fread(begin, 1, sizeof begin - 1, f);
  fclose(f);
  if (n == 0 || strncmp(begin, ours, strlen(ours)) == 0) return VF_OK;
  trouble(err, path, "is there, and vramfit did not write it: remove it, or name another file");
  return err->status = VF_IO;
}

/* ---- Signals ---------------------------------------------------------------------------- */

enum { NAME_BYTES = sizeof((written_file *)NULL)->other };
static char unfinished[NAME_BYTES]; /* the file that is being written; "": none is */
static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

/* What is done here may be done in a handler of signals, and nothing else. */
static void end_at_once(int number) {
  if (unfinished[0] != '\0') unlink(unfinished);
  _exit(128 + number);
}

void end_at_signals(void) {
  struct sigaction action = {.sa_handler = end_at_once}, old;
  sigfillset(&action.sa_mask);
  for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
    if (sigaction(ending[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
      sigaction(ending[i], &action, NULL);
}

void hold_signals(bool hold) {
  sigset_t set;
  sigemptyset(&set);
  for (size_t i = 0; i < sizeof ending / sizeof *ending; i++) sigaddset(&set, ending[i]);
  sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

/* ---- Files that are put in place --------------------------------------------------------- */

static vf_status begin(written_file *w, const char *path, const char *ours, vf_error *err) {
  vf_status status = check_there(path, ours, err);
  if (status != VF_OK) return status;
  w->path = path;
  int n = snprintf(w->other, sizeof w->other, "%s.%ld.new", path, (long)getpid());
  if (n < 0 || (size_t)n >= sizeof w->other) return fail(err, path, ENAMETOOLONG);
  int fd = open(w->other, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (fd < 0) return fail(err, path, errno);
  w->file = fdopen(fd, "w");
  if (w->file != NULL) {
    memcpy(unfinished, w->other, sizeof unfinished);
    return VF_OK;
  }
  int reason = errno;
  close(fd);
  unlink(w->other);
  return fail(err, path, reason);
}

vf_status written_file_begin(written_file *w, const char *path, const char *ours, vf_error *err) {
  end_at_signals();
  hold_signals(true);
  vf_status status = begin(w, path, ours, err);
  hold_signals(false);
  return status;
}

vf_status written_file_end(written_file *w, vf_status status, vf_error *err) {
  hold_signals(true);
  bool closed = fclose(w->file) == 0;
  if (status == VF_OK && !closed) status = fail(err, w->path, errno);
  if (status == VF_OK && rename(w->other, w->path) != 0) status = fail(err, w->path, errno);
  if (status != VF_OK) unlink(w->other);
  unfinished[0] = '\0';
  hold_signals(false);
  return status;
}

FILE *appended_file(const char *path, vf_error *err) {
  char begin[512];
  struct stat st;
  bool there = stat(path, &st) == 0 && S_ISREG(st.st_mode);
  FILE *f = there ? fopen(path, "r") : NULL;
  size_t n = f != NULL ? fread(begin, 1, sizeof begin, f) : 0;
  if (f != NULL) fclose(f);
  if (n > 0 && memchr(begin, '\0', n) != NULL) {
    trouble(err, path, "is there, and no text: name another file");
    err->status = VF_IO;
    return NULL;
  }
  f = fopen(path, "a");
  if (f == NULL) fail(err, path, errno);
  return f;
}

vf_status check_svg_name(const char *option, const char *path, vf_error *err) {
  size_t n = strlen(path);
  if (n > 4 && strcmp(path + n - 4, ".svg") == 0) return VF_OK;
  return trouble(err, option, "'%s': pictures are SVG: name a file that ends in .svg", path);
}
