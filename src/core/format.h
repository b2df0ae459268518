/* format.h - storage formats: the arithmetic behind vf_format.
 *
 * A row of ne0 elements is stored as whole blocks; everything else multiplies rows. */
#ifndef VF_CORE_FORMAT_H
#define VF_CORE_FORMAT_H

#include "vramfit/vramfit.h"

/* The table behind vf_format_get, for inner loops; index with a valid format. */
extern const vf_format_info vf_formats[VF_FORMAT_COUNT];

/* Bytes of `elements` consecutive elements of a row; elements must be a multiple of the block.
 * False if it is not, or if the size does not fit. */
bool vf_format_row(uint64_t *out_bytes, vf_format format, uint64_t elements);

/* The same where the last block may be partly used; no failure: for caches, whose rows are small.
 */
uint64_t vf_format_row_ceil(vf_format format, uint64_t elements);

/* The same where a row that is not whole blocks counts two bytes an element: for speed and words,
 * not for memory. */
uint64_t vf_format_row_about(vf_format format, uint64_t elements);

/* Bytes of a whole matrix; fails like vf_format_row. */
bool vf_format_matrix(uint64_t *out_bytes, vf_format format, uint64_t row_elements, uint64_t rows);

/* The format with this tensor type id in a GGUF file; VF_FORMAT_NONE if it is not known. */
vf_format vf_format_of_gguf(uint32_t type);

/* True for formats that ik_llama.cpp alone has. */
static inline bool vf_format_is_ik(vf_format format) {
  return format >= VF_FORMAT_Q6_0 && format <= VF_FORMAT_Q8_KV;
}

/* True if a row of `elements` consists of whole blocks. */
bool vf_format_divides(vf_format format, uint64_t elements);

#endif
