/* expect.c - what a manifest of ours wants to hold, beyond fitting.
 *
 * All of it is asked of the estimate that was judged; a key that nobody knows is a mistake. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/units.h"
#include "core/estimate.h"
#include "solve/check.h"

void vf_check_size(char out[VF_CHECK_SIZE], uint64_t bytes) {
  vf_text t = vf_text_on(out, VF_CHECK_SIZE);
  vf_text_size(&t, bytes, VF_UNIT_GIB, 2);
}

/* A percentage, "90%", or a share, "0.9", in thousandths; false: it is none. */
static bool read_share(uint32_t *permille, const char *text) {
  const char *end;
  double value = vf_decimal_read(text, &end);
  bool percent = *end == '%' && end[1] == '\0';
  if (end == text || (*end != '\0' && !percent) || !(value >= 0) || value > 100) return false;
  *permille = (uint32_t)(value * (percent ? 10 : 1000) + 0.5);
  return *permille <= 1000;
}

static void expect_share(vf_check *c, vf_checked *k, const vf_node *node) {
  const char *text = vf_node_text(node, NULL);
  uint32_t permille = 0;
  const vf_device_budget *b = vf_estimate_tightest(c->estimate);
  if (text == NULL || !read_share(&permille, text)) {
    vf_checked_add(c, k, VF_RULE_INVALID, "max_utilization: a share is expected, 0.9 or 90%%");
    return;
  }
  if (b == NULL || b->capacity_bytes == 0) return;
  uint64_t now = (uint64_t)((double)b->need.high_bytes * 1000.0 / (double)b->capacity_bytes);
  vf_finding *f = now <= permille
                      ? NULL
                      : vf_checked_add(c, k, VF_RULE_EXPECTED,
                                       "max_utilization: it takes up to %u.%u %% of %s, not %u.%u",
                                       (unsigned)(now / 10), (unsigned)(now % 10), b->device.name,
                                       (unsigned)(permille / 10), (unsigned)(permille % 10));
  if (f != NULL) f->line = node->line, f->column = node->column;
}

static void expect_headroom(vf_check *c, vf_checked *k, const vf_node *node) {
  const char *text = vf_node_text(node, NULL);
  const vf_device_budget *b = vf_estimate_tightest(c->estimate);
  uint64_t bytes = 0;
  uint32_t permille = 0;
  char have[VF_CHECK_SIZE], wanted[VF_CHECK_SIZE];
  if (b == NULL) return;
  if (text != NULL && strchr(text, '%') != NULL && read_share(&permille, text))
    bytes = b->capacity_bytes / 1000 * permille;
  else if (text == NULL || vf_size_parse(&bytes, text, NULL) != VF_OK) {
    vf_checked_add(c, k, VF_RULE_INVALID,
                   "min_headroom: a size or a share is expected, 2GiB or 10%%");
    return;
  }
  uint64_t free =
      b->need.high_bytes < b->capacity_bytes ? b->capacity_bytes - b->need.high_bytes : 0;
  if (free >= bytes) return;
  vf_check_size(have, free);
  vf_check_size(wanted, bytes);
  vf_finding *f =
      vf_checked_add(c, k, VF_RULE_EXPECTED, "min_headroom: %s GiB stay free on %s, not %s", have,
                     b->device.name, wanted);
  if (f != NULL) f->line = node->line, f->column = node->column;
}

static void expect_number(vf_check *c, vf_checked *k, const vf_node *node, const char *what,
                          uint64_t have) {
  uint64_t wanted = 0;
  const char *text = vf_node_text(node, NULL);
  if (text == NULL || vf_tokens_parse(&wanted, text, NULL) != VF_OK) {
    vf_checked_add(c, k, VF_RULE_INVALID, "%s: a number is expected", what);
    return;
  }
  if (have >= wanted) return;
  vf_finding *f =
      vf_checked_add(c, k, VF_RULE_EXPECTED, "%s: %" PRIu64 ", not %" PRIu64, what, have, wanted);
  if (f != NULL) f->line = node->line, f->column = node->column;
}

bool vf_expects_fit(const vf_node *expect) {
  const char *text = vf_node_text(expect, "fits");
  return text == NULL || strcmp(text, "false") != 0;
}

void vf_expect_all(vf_check *c, vf_checked *k, const vf_node *expect, const vf_limits *l) {
  vf_speed s;
  vf_estimate_speed(c->estimate, &s);
  if (!vf_node_is(expect, VF_NODE_MAP)) return;
  for (const vf_item *i = expect->items; i != NULL; i = i->next) {
    const char *key = i->key->text;
    if (strcmp(key, "fits") == 0) {
      bool fits = k->verdict == VF_FITS || k->verdict == VF_TIGHT;
      if (!vf_expects_fit(expect) && fits)
        vf_checked_add(c, k, VF_RULE_EXPECTED, "fits: false is expected, and it fits");
    } else if (strcmp(key, "max_utilization") == 0) {
      expect_share(c, k, i->value);
    } else if (strcmp(key, "min_headroom") == 0) {
      expect_headroom(c, k, i->value);
    } else if (strcmp(key, "min_seqs") == 0) {
      expect_number(c, k, i->value, key, l->max_seqs);
    } else if (strcmp(key, "min_ctx") == 0) {
      expect_number(c, k, i->value, key, l->max_ctx_tokens);
    } else if (strcmp(key, "min_decode") == 0) {
      if (s.decode_known) expect_number(c, k, i->value, key, s.decode.low / 1000);
      if (!s.decode_known)
        vf_checked_add(c, k, VF_RULE_EXPECTED, "min_decode: the speed is not known");
    } else {
      vf_checked_add(c, k, VF_RULE_INVALID, "expect: no expectation is called '%.60s'", key);
    }
  }
}
