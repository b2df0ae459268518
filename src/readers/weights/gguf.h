/* gguf.h - GGUF files, by their headers.
 *
 * Format: ggml's docs/gguf.md and src/gguf.cpp.  Accepts what llama.cpp accepts, except where its
 * arithmetic wraps or a size goes beyond the file. */
#ifndef VF_READERS_WEIGHTS_GGUF_H
#define VF_READERS_WEIGHTS_GGUF_H

#include "base/facts.h"
#include "readers/weights/weights.h"
#include "vramfit/files.h"

typedef struct vf_gguf_info {
  uint32_t version;
  bool big_endian;
  uint32_t alignment;
  uint32_t n_files;
  uint64_t n_keys, n_tensors;
  uint64_t header_bytes;  /* of all files: what stands before the data */
  uint64_t data_bytes;    /* of all tensors, with padding between them */
  uint64_t file_bytes;    /* of all files as they are */
  uint64_t missing_bytes; /* that the tensors need beyond the ends of the files */
} vf_gguf_info;

/* Whether the file starts like one. */
vf_status vf_gguf_recognize(bool *out, const vf_files *files, const char *path, vf_error *err);

/* Reads one file, or all files of a set ("…-00001-of-00003.gguf", given any of them), in order.
 * Facts come from the first: keys as written, "KEY.length" for lists that are not kept (strings,
 * and more than 8192 numbers).  sink may be NULL: metadata alone is read then.  A file that ends
 * before its tensors do is an error, unless `tolerant`. */
vf_status vf_gguf_read(vf_facts *facts, vf_gguf_info *info, const vf_files *files, const char *path,
                       const vf_tensor_sink *sink, bool tolerant, vf_error *err);

#endif
