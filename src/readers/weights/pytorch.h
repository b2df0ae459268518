/* pytorch.h - sizes of the tensors in a PyTorch checkpoint (.bin, .pt, .pth) since PyTorch 1.6.
 *
 * Such a file is a zip archive of raw storages and a pickle that says what they hold.  The pickle
 * is a program; it is not run.  A scanner that knows the few instructions of a state_dict, and no
 * function but those that rebuild tensors, follows it; whatever else it meets, it refuses. */
#ifndef VF_READERS_WEIGHTS_PYTORCH_H
#define VF_READERS_WEIGHTS_PYTORCH_H

#include "base/arena.h"
#include "readers/weights/weights.h"
#include "vramfit/files.h"

enum {
  VF_PYTORCH_PICKLE_BYTES = 16 << 20, /* some 300 describe a tensor */
  VF_PYTORCH_TENSORS = 1 << 16,
  VF_PYTORCH_RANK = 8,
};

typedef struct vf_pytorch_info {
  uint64_t n_tensors;
  uint64_t n_shared;   /* tensors among them that lie in a storage that was counted before */
  uint64_t data_bytes; /* of all storages that tensors lie in */
  uint64_t file_bytes;
} vf_pytorch_info;

/* Hands every tensor of the state_dict to the sink.  The first tensor in a storage has all its
 * bytes, others that share it have 0.  The sink may have seen tensors of a file that fails later.
 */
vf_status vf_pytorch_read(vf_pytorch_info *info, const vf_files *files, const char *path,
                          const vf_tensor_sink *sink, vf_arena *arena, vf_error *err);

#endif
