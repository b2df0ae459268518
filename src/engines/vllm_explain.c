/* vllm_explain.c - vLLM's formulas in words, with the numbers of one estimate. */
#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "core/format.h"
#include "engines/vllm.h"

static void put_bytes(vf_text *out, uint64_t bytes) {
  vf_text_thousands(out, bytes);
  vf_text_put(out, " B = ");
  vf_text_size(out, bytes, VF_UNIT_GIB, 2);
  vf_text_put(out, " GiB");
}

void vf_vllm_explain(const vf_estimate *e, const vf_line *line, vf_text *out) {
  vf_text_printf(out, "%s of %s: ", line->name, e->workload.engine);
  put_bytes(out, line->size.bytes);
}
