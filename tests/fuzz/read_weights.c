/* read_weights.c - what vramfit's readers make of files: for each path of standard input a line "ok
 * TENSORS BYTES", or "no" and the reason.  The other side of differential.py. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/facts.h"
#include "readers/weights/gguf.h"
#include "readers/weights/safetensors.h"

typedef struct sum {
  unsigned long long tensors, bytes;
} sum;

static vf_status add(void *context, const vf_file_tensor *t, vf_error *err) {
  sum *s = context;
  (void)err;
  s->tensors++;
  s->bytes += t->bytes;
  return VF_OK;
}

static vf_status read_one(sum *s, const char *path, vf_error *err) {
  vf_arena *arena = vf_arena_new(&vf_default_allocator, 64 << 20);
  const vf_tensor_sink sink = {add, s};
  vf_status status;
  if (strstr(path, ".gguf") != NULL) {
    vf_facts facts = vf_facts_in(arena, path);
    vf_gguf_info info;
    status = vf_gguf_read(&facts, &info, vf_file_system(), path, &sink, false, err);
  } else {
    vf_safetensors_info info;
    status = vf_safetensors_read(&info, vf_file_system(), path, &sink, arena, err);
  }
  vf_arena_free(arena);
  return status;
}

int main(void) {
  char path[4096];
  while (fgets(path, sizeof path, stdin) != NULL) {
    sum s = {0, 0};
    vf_error err = {VF_OK};
    path[strcspn(path, "\n")] = '\0';
    if (read_one(&s, path, &err) == VF_OK)
      printf("ok %llu %llu\n", s.tensors, s.bytes);
    else
      printf("no %s\n", err.message);
  }
  return 0;
}
