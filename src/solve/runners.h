/* runners.h - what runs on a device, or carries a model. */
#ifndef VF_SOLVE_RUNNERS_H
#define VF_SOLVE_RUNNERS_H

#include "base/arena.h"
#include "vramfit/solve.h"

struct vf_runners {
  vf_arena *arena;
  bool models;               /* that is what was asked for; else devices */
  const char *named;         /* the device, or the model */
  uint64_t capacity_bytes;   /* of the device */
  uint64_t ctx_tokens, seqs; /* that were asked for; ctx 0: 8192, or the model's limit */
  const char *engine;
  vf_runner *list;
  size_t count, room, looked_at;
};

#endif
