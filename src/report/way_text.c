/* way_text.c - a way out as options. */
#include "report/way_text.h"

#include <inttypes.h>
#include <string.h>

#include "core/training_params.h"

static void put(vf_text *t, const char *option, uint64_t value) {
  vf_text_printf(t, "%s%s %" PRIu64, t->length > 0 ? " " : "", option, value);
}

static void put_word(vf_text *t, const char *option, const char *value) {
  vf_text_printf(t, "%s%s %s", t->length > 0 ? " " : "", option, value);
}

static void put_devices(vf_text *t, const vf_way *w, const char *gpu) {
  vf_text_printf(t, "%s--gpu %sx%" PRIu32, t->length > 0 ? " " : "", gpu, w->gpus);
  if (w->pp > 1) vf_text_printf(t, " --tp %" PRIu32 " --pp %" PRIu32, w->tp, w->pp);
}

void vf_way_text(vf_text *t, const vf_way *w, const char *gpu) {
  if (w->quant[0] != '\0') put_word(t, "--quant", w->quant);
  if (w->ctx_tokens != 0) put(t, "--ctx", w->ctx_tokens);
  if (w->seqs != 0) put(t, "--seqs", w->seqs);
  if (w->kv[0] != '\0') put_word(t, "--kv", w->kv);
  if (w->cpu_moe_layers != 0) put(t, "--n-cpu-moe", w->cpu_moe_layers);
  if (w->gpu_layers >= 0) put(t, "--ngl", (uint64_t)w->gpu_layers);
  if (w->max_num_seqs != 0) put(t, "--max-num-seqs", w->max_num_seqs);
  if (w->memory_fraction_ppm != 0)
    vf_text_printf(t, "%s--gpu-memory-utilization 0.%02" PRIu32, t->length > 0 ? " " : "",
                   w->memory_fraction_ppm / 10000);
  if (w->ep != 0) put(t, "--ep", w->ep);
  if (w->gpus != 0) put_devices(t, w, gpu);
  if (w->cache_ram_off) put_word(t, "--cache-ram", "0");
}

void vf_train_way_text(vf_text *t, const vf_train_way *w, const vf_train_request *was,
                       const char *gpu) {
  if (w->gpus != 0) vf_text_printf(t, "--gpu %sx%" PRIu32, gpu, w->gpus);
  vf_train_words_text(t, &w->request, was);
}
