/* words.c - names of verdicts, bases, kinds and parts. */
#include "core/words.h"

#include <inttypes.h>

const vf_verdict_words vf_verdict_word[VF_VERDICT_COUNT] = {
    [VF_FITS] = {"fits", "FITS", "\x1b[1;32m"},
    [VF_TIGHT] = {"tight", "TIGHT", "\x1b[1;33m"},
    [VF_RISKY] = {"risky", "RISKY", "\x1b[1;35m"},
    [VF_NO_FIT] = {"no-fit", "NO-FIT", "\x1b[1;31m"},
};

const char *const vf_basis_word[VF_BASIS_COUNT] = {
    [VF_BASIS_EXACT] = "exact",
    [VF_BASIS_MODELLED] = "modelled",
    [VF_BASIS_ASSUMED] = "assumed",
};

const char *const vf_bound_word[VF_BOUND_COUNT] = {
    [VF_BOUND_MEMORY] = "memory",     [VF_BOUND_HOST_MEMORY] = "host-memory",
    [VF_BOUND_LINK] = "link",         [VF_BOUND_COMPUTE] = "compute",
    [VF_BOUND_LAUNCHES] = "launches",
};

const char *const vf_device_kind_word[VF_DEVICE_KIND_COUNT] = {
    [VF_DEVICE_DISCRETE] = "discrete",
    [VF_DEVICE_UNIFIED] = "unified",
    [VF_DEVICE_HOST] = "host",
};

const vf_part_words vf_part_word[VF_PART_COUNT] = {
    [VF_PART_WEIGHTS] = {"weights_bytes", "weights"},
    [VF_PART_KV_CACHE] = {"kv_cache_bytes", "KV cache"},
    [VF_PART_STATE] = {"state_bytes", "state"},
    [VF_PART_COMPUTE] = {"compute_bytes", "compute"},
    [VF_PART_OUTPUT] = {"output_bytes", "output"},
    [VF_PART_RUNTIME] = {"runtime_bytes", "runtime"},
};

const vf_axis_words vf_axis_word[VF_AXIS_COUNT] = {
    [VF_AXIS_MODEL] = {"model", "model"}, [VF_AXIS_ENGINE] = {"engine", "engine"},
    [VF_AXIS_QUANT] = {"quant", "quant"}, [VF_AXIS_GPU] = {"gpu", "gpu"},
    [VF_AXIS_GPUS] = {"gpus", "gpus"},    [VF_AXIS_KV] = {"kv", "kv"},
    [VF_AXIS_SEQS] = {"seqs", "seqs"},    [VF_AXIS_CTX] = {"ctx", "ctx_tokens"},
};

/* Three digits are more than is known. */
static void text_rate(vf_text *text, uint64_t milli) {
  uint64_t step = 100000;
  while (milli / step >= 100) step *= 10;
  if (milli >= 1000000)
    vf_text_thousands(text, (milli + step / 2) / step * (step / 1000));
  else if (milli >= 10000)
    vf_text_thousands(text, (milli + 500) / 1000);
  else if (milli >= 1000)
    vf_text_printf(text, "%" PRIu64 ".%" PRIu64, (milli + 50) / 1000, (milli + 50) % 1000 / 100);
  else
    vf_text_printf(text, "0.%02" PRIu64, (milli + 5) / 10);
}

void vf_text_rates(vf_text *text, vf_rate rate, uint64_t divisor) {
  text_rate(text, rate.low / divisor);
  vf_text_put(text, "–");
  text_rate(text, rate.high / divisor);
}
