/* flash.h - which attention CUDA's flash attention computes. */
#ifndef VF_ENGINES_GGML_FLASH_H
#define VF_ENGINES_GGML_FLASH_H

#include "core/model.h"

/* True if a build's kernels take a layer's heads with keys and values in these formats; what they
 * do not take runs on the CPU. */
bool vf_ggml_flash_takes(uint32_t build, const vf_layer *l, vf_format k, vf_format v);

#endif
