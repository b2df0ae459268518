/* training_params.c - the words of a training run, one row each (VF_TRAIN_PARAMS of train.h). */
#include "core/training_params.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/args.h"
#include "base/decimal.h"
#include "base/status.h"
#include "base/units.h"

const vf_train_param vf_train_params[VF_TRAIN_PARAM_COUNT] = {
#define VF_TRAIN_ROW(id, name, argument, kind, field, help)                                        \
  [VF_TRAIN_##id] = {name, argument, VF_TRAIN_##kind, offsetof(vf_train_request, field)},
    VF_TRAIN_PARAMS(VF_TRAIN_ROW)
#undef VF_TRAIN_ROW
};

static bool same_name(const char *ours, const char *name) {
  for (; *ours != '\0'; ours++, name++)
    if (*ours != *name && !(*ours == '-' && *name == '_')) return false;
  return *name == '\0';
}

const vf_train_param *vf_train_param_find(const char *name) {
  for (size_t i = 0; i < VF_TRAIN_PARAM_COUNT; i++)
    if (same_name(vf_train_params[i].name, name)) return &vf_train_params[i];
  return NULL;
}

static void *field_of(const vf_train_param *p, vf_train_request *r) {
  return (unsigned char *)r + p->offset;
}

static const void *const_field_of(const vf_train_param *p, const vf_train_request *r) {
  return (const unsigned char *)r + p->offset;
}

static bool is_text(vf_train_kind kind) {
  return kind == VF_TRAIN_string || kind == VF_TRAIN_list;
}

static size_t size_of(vf_train_kind kind) {
  switch (kind) {
  case VF_TRAIN_string:
  case VF_TRAIN_list: return sizeof(const char *);
  case VF_TRAIN_tokens:
  case VF_TRAIN_size:
  case VF_TRAIN_parameters: return sizeof(uint64_t);
  case VF_TRAIN_count: return sizeof(uint32_t);
  case VF_TRAIN_flag: break;
  }
  return sizeof(bool);
}

const char **vf_train_param_text(const vf_train_param *p, vf_train_request *r) {
  return is_text(p->kind) ? field_of(p, r) : NULL;
}

void vf_train_param_copy(const vf_train_param *p, vf_train_request *to,
                         const vf_train_request *from) {
  memcpy(field_of(p, to), const_field_of(p, from), size_of(p->kind));
}

bool vf_train_param_equal(const vf_train_param *p, const vf_train_request *a,
                          const vf_train_request *b) {
  if (!is_text(p->kind))
    return memcmp(const_field_of(p, a), const_field_of(p, b), size_of(p->kind)) == 0;
  const char *x = *(const char *const *)const_field_of(p, a);
  const char *y = *(const char *const *)const_field_of(p, b);
  return x == y || (x != NULL && y != NULL && strcmp(x, y) == 0);
}

bool vf_train_param_is_set(const vf_train_param *p, const vf_train_request *r) {
  const vf_train_request nothing = vf_train_request_init();
  return !vf_train_param_equal(p, r, &nothing);
}

void vf_train_param_print(const vf_train_param *p, const vf_train_request *r, vf_text *out) {
  const void *field = const_field_of(p, r);
  switch (p->kind) {
  case VF_TRAIN_string:
  case VF_TRAIN_list: {
    const char *text = *(const char *const *)field;
    vf_text_put(out, text != NULL ? text : "");
    break;
  }
  case VF_TRAIN_tokens:
  case VF_TRAIN_parameters: vf_text_printf(out, "%" PRIu64, *(const uint64_t *)field); break;
  case VF_TRAIN_size: vf_text_printf(out, "%" PRIu64 "B", *(const uint64_t *)field); break;
  case VF_TRAIN_count: vf_text_printf(out, "%" PRIu32, *(const uint32_t *)field); break;
  case VF_TRAIN_flag: vf_text_put(out, *(const bool *)field ? "on" : "off"); break;
  }
}

static vf_status read_count(uint32_t *out, const char *text, vf_error *err) {
  char *end;
  unsigned long long n = text[0] >= '0' && text[0] <= '9' ? strtoull(text, &end, 10) : 0;
  if (n == 0 || *end != '\0' || n > VF_MAX_SEQS * 16)
    return vf_fail(err, VF_USAGE, "'%.60s' is not a number from 1 to 1048576", text);
  *out = (uint32_t)n;
  return VF_OK;
}

/* "25M" in powers of 1000, or a whole number. */
vf_status vf_parameters_parse(uint64_t *out, const char *text, vf_error *err) {
  static const char units[] = "kMBTmbt";
  static const double factors[] = {1e3, 1e6, 1e9, 1e12, 1e6, 1e9, 1e12};
  const char *end;
  bool number = text[0] >= '0' && text[0] <= '9' && strpbrk(text, "xXpPeE") == NULL;
  double value = number ? vf_decimal_read(text, &end) : 0, factor = 1;
  const char *unit = number && *end != '\0' ? strchr(units, *end) : NULL;
  if (unit != NULL && end[1] == '\0') factor = factors[unit - units];
  bool whole = number && (*end == '\0' || (unit != NULL && end[1] == '\0'));
  if (!whole || !(value * factor >= 1 && value * factor < 1e18))
    return vf_fail(err, VF_USAGE, "'%.60s' is not a number of parameters (25M, 7B, 494000)", text);
  *out = (uint64_t)(value * factor + 0.5);
  return VF_OK;
}

static vf_status read_flag(bool *out, const char *text, vf_error *err) {
  static const char *const words[] = {"off", "on", "false", "true", "no", "yes", "0", "1"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp(text, words[i]) == 0) {
      *out = i % 2 == 1;
      return VF_OK;
    }
  return vf_fail(err, VF_USAGE, "'%.60s' is neither on nor off", text);
}

vf_status vf_train_set(vf_train_request *request, const char *name, const char *text,
                       vf_error *err) {
  VF_NEED(err, request);
  VF_NEED(err, name);
  VF_NEED(err, text);
  const vf_train_param *p = vf_train_param_find(name);
  if (p == NULL) return vf_fail(err, VF_UNKNOWN, "no word of a training is called '%.60s'", name);
  void *field = field_of(p, request);
  switch (p->kind) {
  case VF_TRAIN_string:
  case VF_TRAIN_list:
    if (text[0] == '\0') return vf_fail(err, VF_USAGE, "an empty value says nothing");
    *(const char **)field = text;
    return VF_OK;
  case VF_TRAIN_tokens: return vf_tokens_parse(field, text, err);
  case VF_TRAIN_count: return read_count(field, text, err);
  case VF_TRAIN_flag: return read_flag(field, text, err);
  case VF_TRAIN_size: return vf_size_parse(field, text, err);
  case VF_TRAIN_parameters: break;
  }
  return vf_parameters_parse(field, text, err);
}

bool vf_train_is_said(const vf_train_request *request) {
  for (size_t i = 0; request != NULL && i < VF_TRAIN_PARAM_COUNT; i++)
    if (vf_train_param_is_set(&vf_train_params[i], request)) return true;
  return false;
}

void vf_train_merge(vf_train_request *into, const vf_train_request *said) {
  for (size_t i = 0; into != NULL && said != NULL && i < VF_TRAIN_PARAM_COUNT; i++)
    if (vf_train_param_is_set(&vf_train_params[i], said))
      vf_train_param_copy(&vf_train_params[i], into, said);
}

static void put_word(vf_text *t, const vf_train_param *p, const vf_train_request *r) {
  vf_text_printf(t, "%s--%s", t->length > 0 ? " " : "", p->name);
  if (p->kind == VF_TRAIN_flag) return;
  vf_text_put(t, " ");
  vf_train_param_print(p, r, t);
}

void vf_train_words_text(vf_text *t, const vf_train_request *r, const vf_train_request *was) {
  for (size_t i = 0; i < VF_TRAIN_PARAM_COUNT; i++) {
    const vf_train_param *p = &vf_train_params[i];
    if (!vf_train_param_equal(p, r, was) && vf_train_param_is_set(p, r)) put_word(t, p, r);
  }
}
