/* command_trainer.c - a command as readers of trainers' words fill it. */
#include "base/status.h"
#include "deploy/command_parts.h"

vf_deployment *vf_command_edit(vf_command *c) {
  return &c->d;
}

vf_arena *vf_command_arena(vf_command *c) {
  return c->arena;
}

const vf_context *vf_command_context(const vf_command *c) {
  return c->ctx;
}

vf_status vf_command_note_taken(vf_command *c, const char *word, vf_error *err) {
  const char *kept = vf_command_keep(c, "%.200s", word);
  if (kept == NULL) return vf_fail_nomem(err);
  if (c->n_taken < VF_MOST_PASSED) c->taken[c->n_taken++] = kept;
  return VF_OK;
}

vf_status vf_command_note_passed(vf_command *c, const char *word, vf_error *err) {
  const char *kept = vf_command_keep(c, "%.200s", word);
  return kept != NULL ? vf_command_pass_over(c, kept, err) : vf_fail_nomem(err);
}

vf_status vf_command_note(vf_command *c, const char *code, const char *text, vf_error *err) {
  return vf_command_remark(c, code, vf_command_keep(c, "%.400s", text), err);
}

vf_status vf_command_note_unread(vf_command *c, const char *who, const char *word,
                                 const char *value, bool known, vf_error *err) {
  const vf_dialect named = {.name = who};
  if (c->n_remarks + 1 >= VF_MOST_REMARKS) { /* one place is left to say that there are more */
    bool told = c->n_remarks == VF_MOST_REMARKS;
    return told ? VF_OK
                : vf_command_remark(c, "options-not-read",
                                    "more options than these are not read: they may move memory",
                                    err);
  }
  vf_reading r = {.c = c, .dialect = &named, .err = err};
  const char *kept = vf_command_keep(c, "%.80s", word), *text = vf_command_keep(c, "%.80s", value);
  if (kept == NULL || text == NULL) return vf_fail_nomem(err);
  return known ? vf_reading_tell_unread(&r, kept, text) : vf_reading_tell_unknown(&r, kept);
}
