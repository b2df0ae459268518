/* weights.h - what every reader of a weight file yields: tensors by name, one at a time.
 *
 * Readers look at headers alone, never at the numbers, and hand each tensor to a sink; whoever
 * asked decides what to keep.  Shapes are in ggml's order: ne[0] is the contiguous dimension. */
#ifndef VF_READERS_WEIGHTS_WEIGHTS_H
#define VF_READERS_WEIGHTS_WEIGHTS_H

#include "vramfit/vramfit.h"

typedef struct vf_file_tensor {
  const char *name; /* not terminated, valid during the call */
  size_t name_length;
  uint64_t ne[4];   /* unused dimensions are 1; what goes beyond four is multiplied into ne[3] */
  uint64_t bytes;   /* as stored */
  uint64_t offset;  /* of the data, in its file */
  vf_format format; /* of its numbers */
  uint32_t shard;   /* 0-based: which file of a set */
} vf_file_tensor;

typedef struct vf_tensor_sink {
  vf_status (*add)(void *context, const vf_file_tensor *tensor, vf_error *err);
  void *context;
} vf_tensor_sink;

#endif
