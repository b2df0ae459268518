/* memory_files.h - files that are buffers, whose calls can be made to fail one by one. */
#ifndef VF_TESTS_MEMORY_FILES_H
#define VF_TESTS_MEMORY_FILES_H

#include "support.h"

#include "vramfit/files.h"

enum { MEMORY_BEYOND = 64 << 10 }; /* how far a window may reach into data */

/* Folders are what stands before a '/' of some path. */
typedef struct memory_file {
  const char *path;
  const void *bytes;
  size_t length;
  uint64_t size; /* as told: data of tensors follows, zeros that nobody needs.  0: length */
} memory_file;

typedef enum memory_fault {
  FAULT_NONE,
  FAULT_SILENT,   /* a failure that says nothing */
  FAULT_TOLD,     /* one that has its own words */
  FAULT_FOREIGN,  /* one with a status that means something else here */
  FAULT_NOMEM,    /* no memory */
  FAULT_SHRINKS,  /* a read finds the end, though there was more */
  FAULT_OVERRUNS, /* a read tells of more bytes than were asked for */
  FAULT_COUNT
} memory_fault;

typedef struct memory_files {
  vf_files files;
  const memory_file *list;
  size_t count;
  bool byte_by_byte; /* every read hands out one byte */
  memory_fault fault;
  long fault_at;      /* which call fails, from 0 */
  long calls;         /* so far */
  long open;          /* files that are not closed */
  bool fired;         /* the fault has happened */
  char fired_at[128]; /* the path that it happened to */
} memory_files;

static inline const memory_file *memory_find(const memory_files *m, const char *path) {
  for (size_t i = 0; i < m->count; i++)
    if (strcmp(m->list[i].path, path) == 0) return &m->list[i];
  return NULL;
}

/* What is behind the folder's name and a '/', or NULL. */
static inline const char *memory_inside(const memory_file *f, const char *folder) {
  size_t n = strlen(folder);
  return strncmp(f->path, folder, n) == 0 && f->path[n] == '/' ? f->path + n + 1 : NULL;
}

/* Whether this call is to fail, and how. */
static inline bool memory_fails(memory_files *m, const char *path, bool reads, vf_status *out,
                                vf_error *err) {
  if (m->calls++ != m->fault_at || m->fault == FAULT_NONE) return false;
  if (!reads && m->fault >= FAULT_SHRINKS) return false;
  m->fired = true;
  snprintf(m->fired_at, sizeof m->fired_at, "%s", path);
  *out = m->fault == FAULT_NOMEM ? VF_NOMEM : m->fault == FAULT_FOREIGN ? VF_UNSUPPORTED : VF_IO;
  if (m->fault == FAULT_TOLD) snprintf(err->message, sizeof err->message, "the line is dead");
  return true;
}

static inline vf_status memory_look(void *user, vf_path_kind *out, const char *path,
                                    vf_error *err) {
  memory_files *m = user;
  vf_status status;
  if (memory_fails(m, path, false, &status, err)) return status;
  *out = memory_find(m, path) != NULL ? VF_PATH_FILE : VF_PATH_NONE;
  for (size_t i = 0; i < m->count; i++)
    if (memory_inside(&m->list[i], path) != NULL) *out = VF_PATH_FOLDER;
  return VF_OK;
}

static inline vf_status memory_open(void *user, void **out_file, uint64_t *out_bytes,
                                    const char *path, vf_error *err) {
  memory_files *m = user;
  vf_status status;
  if (memory_fails(m, path, false, &status, err)) return status;
  const memory_file *f = memory_find(m, path);
  if (f == NULL) return VF_IO;
  *out_file = (void *)(uintptr_t)f;
  *out_bytes = f->size != 0 ? f->size : f->length;
  m->open++;
  return VF_OK;
}

static inline vf_status memory_read(void *user, void *file, uint64_t at, void *to, size_t size,
                                    size_t *out_got, vf_error *err) {
  memory_files *m = user;
  const memory_file *f = file;
  vf_status status;
  if (memory_fails(m, f->path, true, &status, err)) {
    *out_got = m->fault == FAULT_OVERRUNS ? size + 1 : 0;
    return m->fault >= FAULT_SHRINKS ? VF_OK : status;
  }
  assert_true(at < f->length + MEMORY_BEYOND && size > 0);
  if (m->byte_by_byte) size = 1;
  size_t there = at >= f->length ? 0 : f->length - at < size ? f->length - at : size;
  if (there > 0) memcpy(to, (const char *)f->bytes + at, there);
  memset((char *)to + there, 0, size - there);
  *out_got = size;
  return VF_OK;
}

/* One that fails has handed out its first name before. */
static inline vf_status memory_list(void *user, const char *path, vf_name_fn each, void *context,
                                    vf_error *err) {
  memory_files *m = user;
  vf_status status = VF_OK;
  bool fails = memory_fails(m, path, false, &status, err);
  for (size_t i = m->count; i-- > 0;) {
    const char *name = memory_inside(&m->list[i], path);
    if (name != NULL && strchr(name, '/') == NULL && (!each(context, name) || fails)) break;
  }
  return status;
}

static inline void memory_close(void *user, void *file) {
  (void)file;
  ((memory_files *)user)->open--;
}

/* The result points into m, which must not move. */
static inline const vf_files *memory_over(memory_files *m, const memory_file *list, size_t count) {
  *m = (memory_files){.list = list, .count = count, .fault_at = -1};
  m->files = (vf_files){sizeof m->files, m,           memory_look, memory_open,
                        memory_read,     memory_list, memory_close};
  return &m->files;
}

#endif
