/* tensor.c - shapes and sizes of weight tensors. */
#include "core/tensor.h"

#include "base/checked.h"
#include "base/status.h"
#include "core/format.h"

const vf_role_info vf_roles[VF_ROLE_COUNT] = {
#define X(id, gguf, home, category) [VF_ROLE_##id] = {gguf, VF_HOME_##home, VF_CATEGORY_##category},
#include "core/roles.def"
#undef X
};

uint64_t vf_tensor_rows(const vf_tensor *t) {
  return t->ne[1] * t->ne[2] * t->ne[3];
}

uint64_t vf_tensor_elements(const vf_tensor *t) {
  return t->ne[0] * vf_tensor_rows(t);
}

/* The element count is checked too: later code multiplies shapes without looking. */
vf_status vf_tensor_store(vf_tensor *t, vf_format format, vf_error *err) {
  const char *name = vf_roles[t->role].gguf_name;
  uint64_t rows, elements, bytes, all;
  if (!vf_mul3(&rows, t->ne[1], t->ne[2], t->ne[3]) || !vf_mul(&elements, rows, t->ne[0]))
    return vf_fail(err, VF_OVERFLOW, "tensor %s.weight has more than 2^64 elements", name);
  if (!vf_format_divides(format, t->ne[0]))
    return vf_fail(err, VF_UNSUPPORTED,
                   "tensor %s.weight: rows of %llu do not divide into %s blocks", name,
                   (unsigned long long)t->ne[0], vf_formats[format].name);
  if (!vf_format_matrix(&bytes, format, t->ne[0], rows) || !vf_mul(&all, bytes, t->count))
    return vf_fail(err, VF_OVERFLOW, "tensor %s.weight has more than 2^64 bytes", name);
  t->format = (uint8_t)format;
  t->bytes = bytes;
  t->share = (vf_weights_share){0, 0, 0};
  return VF_OK;
}
