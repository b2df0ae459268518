/* safetensors.h - the header of a .safetensors file: every tensor, checked, and nothing else.
 *
 * What is accepted is what the format says (README and tensor.rs of huggingface/safetensors): a
 * JSON header of up to 100,000,000 bytes, whose tensors fill the rest of the file without overlap,
 * gap or tail.  Names that occur twice are refused, since readers disagree about which one counts.
 * The header is scanned through a window: at most 24 bytes per tensor are kept. */
#ifndef VF_READERS_WEIGHTS_SAFETENSORS_H
#define VF_READERS_WEIGHTS_SAFETENSORS_H

#include "base/arena.h"
#include "readers/weights/weights.h"
#include "vramfit/files.h"

enum {
  VF_SAFETENSORS_HEADER_BYTES = 100000000,
  VF_SAFETENSORS_TENSORS = 1 << 18, /* the largest models, quantized, have some 210,000 in all */
  VF_SAFETENSORS_RANK = 8,
};

typedef struct vf_safetensors_info {
  uint64_t n_tensors;
  uint64_t data_bytes; /* of all tensors, also of those that are missing */
  uint64_t header_bytes;
  uint64_t file_bytes;    /* as found */
  uint64_t missing_bytes; /* at the end of the file; only vf_safetensors_inspect returns some */
  const char *format;     /* "format" of the metadata, "pt", "mlx"…; in the arena; "" if none */
} vf_safetensors_info;

/* Hands every tensor to the sink, in the order of the header, and says what there is in all.  A
 * pair of numbers (C64) is told as two F32 along ne[0].  The sink may have seen tensors of a file
 * that fails later. */
vf_status vf_safetensors_read(vf_safetensors_info *info, const vf_files *files, const char *path,
                              const vf_tensor_sink *sink, vf_arena *arena, vf_error *err);

/* The same for a file that is still being fetched: what is missing at its end is told, not refused.
 */
vf_status vf_safetensors_inspect(vf_safetensors_info *info, const vf_files *files, const char *path,
                                 const vf_tensor_sink *sink, vf_arena *arena, vf_error *err);

#endif
