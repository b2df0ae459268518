/* buffer.c - padding of tensors in device buffers. */
#include "core/buffer.h"

#include "base/checked.h"

bool vf_buffer_bytes(uint64_t *out, const vf_buffer_rule *rule, vf_format format, uint64_t elements,
                     uint64_t rows) {
  uint64_t bytes;
  return vf_format_row(&bytes, format, elements) && vf_mul(&bytes, bytes, rows) &&
         vf_add(&bytes, bytes, vf_buffer_row_padding(rule, format, elements)) &&
         vf_align_up(out, bytes, rule->align_bytes);
}
