/* baseline.c - what is known already: a finding that was there before, and is no worse, is no news.
 *
 * A deployment is known by its file and its path; of each the file has its verdict, what it needs
 * beyond what there is, and the rules that it broke. */
#include <stdio.h>
#include <string.h>

#include "base/args.h"
#include "base/status.h"
#include "core/words.h"
#include "readers/catalog.h"
#include "readers/files.h"
#include "solve/check.h"

typedef struct known {
  const char *file, *path, *rules; /* rules with a blank around each */
  uint64_t over_bytes;
  uint32_t hash;
} known;

struct vf_baseline {
  known *list;
  size_t count;
};

static uint32_t hash_of(const char *file, const char *path) {
  uint32_t h = 2166136261u;
  for (const char *c = file; *c != '\0'; c++) h = (h ^ (unsigned char)*c) * 16777619u;
  for (const char *c = path; *c != '\0'; c++) h = (h ^ (unsigned char)*c) * 16777619u;
  return h;
}

static vf_status take_rules(vf_check *c, known *k, const vf_node *rules, vf_error *err) {
  char text[512];
  vf_text t = vf_text_on(text, sizeof text);
  vf_text_put(&t, " ");
  for (const vf_item *i = vf_node_is(rules, VF_NODE_LIST) ? rules->items : NULL; i != NULL;
       i = i->next)
    vf_text_printf(&t, "%s ", i->value->text);
  k->rules = vf_arena_copy(c->kept, text, strlen(text));
  return k->rules != NULL ? VF_OK : vf_fail_nomem(err);
}

static vf_status take_list(vf_check *c, struct vf_baseline *b, const vf_node *list,
                           const char *path, vf_error *err) {
  if (!vf_node_is(list, VF_NODE_LIST)) {
    vf_fail(err, VF_MALFORMED, "it is no baseline: \"deployments\" is missing");
    if (err != NULL) snprintf(err->source, sizeof err->source, "%s", path);
    return VF_MALFORMED;
  }
  b->list = vf_arena_alloc(c->kept, list->count + 1, sizeof *b->list);
  if (b->list == NULL) return vf_fail_nomem(err);
  for (const vf_item *i = list->items; i != NULL; i = i->next) {
    const char *file = vf_node_text(i->value, "file"), *inner = vf_node_text(i->value, "path");
    const char *over = vf_node_text(i->value, "over_bytes");
    if (file == NULL || inner == NULL) continue;
    known *k = &b->list[b->count++];
    unsigned long long bytes = 0;
    if (over != NULL) (void)sscanf(over, "%20llu", &bytes);
    *k = (known){.file = file, .path = inner, .over_bytes = bytes, .hash = hash_of(file, inner)};
    vf_status status = take_rules(c, k, vf_node_get(i->value, "rules"), err);
    if (status != VF_OK) return status;
  }
  return VF_OK;
}

vf_status vf_check_baseline(vf_check *check, const char *path, vf_error *err) {
  VF_NEED(err, check);
  VF_NEED(err, path);
  vf_check *c = check;
  char *text;
  size_t length;
  const vf_node *documents;
  struct vf_baseline *b = vf_arena_alloc(c->kept, 1, sizeof *b);
  if (b == NULL) return vf_fail_nomem(err);
  vf_status status =
      vf_files_read(&text, &length, &c->ctx->files, path, VF_NODE_FILE_BYTES, c->kept, err);
  if (status == VF_OK) status = vf_node_read_json(&documents, text, length, c->kept, err);
  if (status != VF_OK && err != NULL && err->source[0] == '\0')
    snprintf(err->source, sizeof err->source, "%s", path);
  if (status == VF_OK)
    status = take_list(c, b, vf_node_get(vf_node_at(documents, 0), "deployments"), path, err);
  if (status == VF_OK) c->baseline = b;
  return status;
}

uint64_t vf_checked_over(const vf_checked *k) {
  uint64_t need = k->outcome.need_high_bytes, have = k->outcome.capacity_bytes;
  return k->judged && need > have ? need - have : 0;
}

static const known *find_known(const vf_check *c, const vf_checked *k) {
  const struct vf_baseline *b = c->baseline;
  uint32_t hash = hash_of(c->file, k->path);
  for (size_t i = 0; b != NULL && i < b->count; i++)
    if (b->list[i].hash == hash && strcmp(b->list[i].file, c->file) == 0 &&
        strcmp(b->list[i].path, k->path) == 0)
      return &b->list[i];
  return NULL;
}

/* Rounded as figures move a little from version to version: 1 % or 64 MiB. */
static bool is_no_worse(uint64_t now, uint64_t before) {
  uint64_t slack = before / 100 > (64 << 20) ? before / 100 : (64 << 20);
  return now <= before + slack;
}

void vf_baseline_apply(const vf_check *c, vf_checked *to) {
  const known *k = find_known(c, to);
  if (k == NULL) return;
  for (size_t i = 0; i < to->n_findings; i++) {
    vf_finding *f = &to->findings[i];
    char word[64];
    snprintf(word, sizeof word, " %s ", f->rule->id);
    bool memory = f->rule == &vf_rules[VF_RULE_NO_FIT] || f->rule == &vf_rules[VF_RULE_RISKY] ||
                  f->rule == &vf_rules[VF_RULE_TIGHT];
    bool was_worse = f->rule == &vf_rules[VF_RULE_TIGHT] && strstr(k->rules, " no-fit ") != NULL;
    f->known = (strstr(k->rules, word) != NULL || was_worse) &&
               (!memory || is_no_worse(vf_checked_over(to), k->over_bytes));
  }
}
