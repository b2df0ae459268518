/* buffer.h - what a tensor takes inside a device's buffer: its bytes plus that device's padding. */
#ifndef VF_CORE_BUFFER_H
#define VF_CORE_BUFFER_H

#include "core/tensor.h"

/* How a kind of buffer pads. */
typedef struct vf_buffer_rule {
  uint32_t align_bytes;      /* every tensor's size is rounded up to this */
  uint32_t row_pad_elements; /* quantized: the last row is padded to a multiple; 0: no such rule */
} vf_buffer_rule;

/* rows x elements in `format`; false if elements are not whole blocks or the size does not fit. */
bool vf_buffer_bytes(uint64_t *out, const vf_buffer_rule *rule, vf_format format, uint64_t elements,
                     uint64_t rows);

/* A tensor that vf_tensor_store accepted always fits. */
uint64_t vf_buffer_tensor(const vf_buffer_rule *rule, const vf_tensor *t);

#endif
