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

int vf_tensor_dims(const vf_tensor *t) {
  int dims = 4;
  while (dims > 1 && t->ne[dims - 1] == 1) dims--;
  return dims;
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

bool vf_role_is_expert(vf_role role) {
  return role == VF_ROLE_FFN_GATE_EXPS || role == VF_ROLE_FFN_UP_EXPS ||
         role == VF_ROLE_FFN_DOWN_EXPS || role == VF_ROLE_FFN_GATE_UP_EXPS;
}
