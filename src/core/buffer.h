/* buffer.h - what a tensor takes inside a device's buffer: its bytes plus that device's padding. */
#ifndef VF_CORE_BUFFER_H
#define VF_CORE_BUFFER_H

#include "core/format.h"
#include "core/tensor.h"

/* How a kind of buffer pads.  Both numbers are powers of two. */
typedef struct vf_buffer_rule {
  uint32_t align_bytes;      /* every tensor's size is rounded up to this */
  uint32_t row_pad_elements; /* quantized: the last row is padded to a multiple; 0: no such rule */
} vf_buffer_rule;

/* rows x elements in `format`; false if elements are not whole blocks or the size does not fit. */
bool vf_buffer_bytes(uint64_t *out, const vf_buffer_rule *rule, vf_format format, uint64_t elements,
                     uint64_t rows);

/* Bytes that make up the last row to a multiple of the rule's elements; 0 for plain formats. */
static inline uint64_t vf_buffer_row_padding(const vf_buffer_rule *rule, vf_format format,
                                             uint64_t elements) {
  const vf_format_info *f = &vf_formats[format];
  if (rule->row_pad_elements == 0 || !f->quantized) return 0;
  uint64_t rest = elements & (rule->row_pad_elements - 1);
  return rest == 0 ? 0 : (rule->row_pad_elements - rest) / f->block_elements * f->block_bytes;
}

/* A tensor that vf_tensor_store accepted always fits. */
static inline uint64_t vf_buffer_tensor(const vf_buffer_rule *rule, const vf_tensor *t) {
  uint64_t mask = rule->align_bytes - 1;
  return (t->bytes + vf_buffer_row_padding(rule, t->format, t->ne[0]) + mask) & ~mask;
}

#endif
