/* training.c - configurations of trainers: axolotl's, LLaMA-Factory's, torchtune's, TRL's,
 * NeMo's, mlx_lm's.
 *
 * DeepSpeed's and Accelerate's own files say how something is trained, and not what: they are
 * passed over, and read where another file names them. */
#include <string.h>

#include "base/status.h"
#include "deploy/manifests/manifests.h"
#include "deploy/trainer_words.h"

static bool is_training(const vf_manifest *m) {
  const vf_dialect *const *tables;
  return vf_trainer_of_tree(m->root, &tables) != NULL;
}

static vf_status read(vf_manifest *m, vf_error *err) {
  const vf_dialect *const *tables = NULL;
  const vf_trainer *t = vf_trainer_of_tree(m->root, &tables);
  vf_command *c = vf_command_in(m->arena, m->ctx);
  vf_error cause = {.status = VF_OK};
  const vf_words_at at = {.path = "training", .line = 1, .column = 1};
  if (c == NULL) return vf_fail_nomem(err);
  bool whole =
      tables != NULL && tables[0] != &vf_words_accelerate && tables[0] != &vf_words_deepspeed;
  if (!whole)
    return vf_manifest_pass(
        m, "training", 1, err,
        "it says how something is trained, and not what: a trainer's file names it");
  vf_deployment *d = vf_command_edit(c);
  d->training = true;
  d->request.engine = t->name;
  vf_trainer_network network = {.nodes = 0};
  const vf_trainer_reading r = {.c = c, .tables = tables, .folder = m->folder, .network = &network};
  vf_status status = vf_trainer_take_tree(&r, m->root, &cause);
  if (status == VF_OK) status = vf_trainer_network_close(&r, &cause);
  return vf_manifest_command(m, &at, c, status, &cause, err);
}

const vf_manifest_kind vf_kind_training = {"training", is_training, read};
