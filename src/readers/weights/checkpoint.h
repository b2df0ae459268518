/* checkpoint.h - the weights of a model as the Hub keeps them: one file, or a folder of shards.
 *
 * A path is a folder, a .safetensors, .bin, .pt or .pth file, or the index of a set of shards.  One
 * shard stands for its whole set: nobody runs a quarter of a model.  In a folder, the first of
 * these counts: model.safetensors, its index, shards without an index, pytorch_model.bin, its
 * index, consolidated.safetensors, the only .safetensors file that there is. */
#ifndef VF_READERS_WEIGHTS_CHECKPOINT_H
#define VF_READERS_WEIGHTS_CHECKPOINT_H

#include "base/arena.h"
#include "readers/weights/weights.h"
#include "vramfit/files.h"

enum { VF_CHECKPOINT_TENSORS = 1 << 18 }; /* of all files */

typedef enum vf_checkpoint_kind {
  VF_CHECKPOINT_SAFETENSORS,
  VF_CHECKPOINT_PYTORCH,
} vf_checkpoint_kind;

/* Strings lie in the arena; they are never NULL. */
typedef struct vf_checkpoint_info {
  vf_checkpoint_kind kind;
  const char *path;   /* the file, the index, or the first of a set of shards */
  const char *format; /* "format" of the safetensors metadata: "pt", "mlx"…; "" if none */
  uint32_t n_files;   /* with tensors in them */
  uint64_t n_tensors;
  uint64_t n_shared;         /* that lie in another one's storage (PyTorch) */
  uint64_t data_bytes;       /* of all tensors, also of those that are missing */
  uint64_t file_bytes;       /* of all files, as found */
  uint64_t missing_bytes;    /* that files are too short by; only vf_checkpoint_inspect has some */
  bool has_total_size;       /* the index states one */
  uint64_t total_size_bytes; /* as stated; not data_bytes: index and files do not belong together */
  uint64_t n_unlisted;       /* tensors that are in a shard, but not in the index */
  const char *unlisted;      /* the first of them, "" if none */
} vf_checkpoint_info;

/* Hands every tensor of every file to the sink, with its shard.  What the index lists and its file
 * does not have is an error, as is a missing file. */
vf_status vf_checkpoint_read(vf_checkpoint_info *info, const vf_files *files, const char *path,
                             const vf_tensor_sink *sink, vf_arena *arena, vf_error *err);

/* The same while files are still being fetched: what is missing at their ends is told. */
vf_status vf_checkpoint_inspect(vf_checkpoint_info *info, const vf_files *files, const char *path,
                                const vf_tensor_sink *sink, vf_arena *arena, vf_error *err);

#endif
