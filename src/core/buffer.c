/* buffer.c - padding of tensors in device buffers. */
#include "core/buffer.h"

#include "base/checked.h"
#include "core/format.h"

/* Bytes that make up the last row to a multiple of the rule's elements; 0 for plain formats. */
static bool row_padding(uint64_t *out, const vf_buffer_rule *rule, vf_format format,
                        uint64_t elements) {
  *out = 0;
  if (rule->row_pad_elements == 0 || !vf_format_get(format)->quantized) return true;
  uint64_t rest = elements % rule->row_pad_elements;
  return rest == 0 || vf_format_row(out, format, rule->row_pad_elements - rest);
}

bool vf_buffer_bytes(uint64_t *out, const vf_buffer_rule *rule, vf_format format, uint64_t elements,
                     uint64_t rows) {
  uint64_t row, bytes, padding;
  return vf_format_row(&row, format, elements) && vf_mul(&bytes, row, rows) &&
         row_padding(&padding, rule, format, elements) && vf_add(&bytes, bytes, padding) &&
         vf_align_up(out, bytes, rule->align_bytes);
}

uint64_t vf_buffer_tensor(const vf_buffer_rule *rule, const vf_tensor *t) {
  uint64_t padding = 0, bytes = t->bytes;
  if (row_padding(&padding, rule, t->format, t->ne[0])) bytes += padding;
  uint64_t rest = bytes % rule->align_bytes;
  return rest == 0 ? bytes : bytes + rule->align_bytes - rest;
}
