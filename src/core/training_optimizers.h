/* training_optimizers.h - what optimizers keep of a parameter, one row each.
 *
 * X(id, word, what of a matrix, moments of matrices in layers, of everything else, bytes, copy,
 *   paged, rank, source)
 *   moments  as large as what they are of, in the parameters' type
 *   bytes    in thousandths for all moments of a parameter, whatever its type; 0: by its type
 *   copy     its step holds one more copy of all parameters (PyTorch's foreach)
 *   paged    its states lie in managed memory, which leaves the device when that is full
 *   rank     of what is projected, where nobody says another */
#ifndef VF_CORE_TRAINING_OPTIMIZERS_H
#define VF_CORE_TRAINING_OPTIMIZERS_H

#include <stdbool.h>
#include <stdint.h>

#define VF_OPTIMIZERS(X)                                                                           \
  X(ADAMW, "adamw", WHOLE, 2, 2, 0, true, false, 0,                                                \
    "torch/optim/adam.py: exp_avg, exp_avg_sq; _multi_tensor_adam: exp_avg_sq_sqrt")               \
  X(ADAMW_FUSED, "adamw-fused", WHOLE, 2, 2, 0, false, false, 0,                                   \
    "torch/optim/adam.py: _fused_adam")                                                            \
  X(ADAMW_8BIT, "adamw-8bit", WHOLE, 2, 2, 2031, false, false, 0,                                  \
    "bitsandbytes optim/optimizer.py:524,691: 1 B, and 4 B for 256 of each moment")                \
  X(ADAMW_4BIT, "adamw-4bit", WHOLE, 2, 2, 1063, false, false, 0,                                  \
    "torchao/optim/subclass_4bit.py: half a byte, and 4 B for 128 of each moment")                 \
  X(ADAMW_PAGED, "adamw-paged", WHOLE, 2, 2, 0, false, true, 0,                                    \
    "bitsandbytes optim/optimizer.py: get_paged")                                                  \
  X(ADAMW_PAGED_8BIT, "adamw-paged-8bit", WHOLE, 2, 2, 2031, false, true, 0,                       \
    "bitsandbytes optim/optimizer.py:524,691; get_paged")                                          \
  X(SGD, "sgd", WHOLE, 0, 0, 0, false, false, 0, "torch/optim/sgd.py")                             \
  X(MOMENTUM, "momentum", WHOLE, 1, 1, 0, false, false, 0, "torch/optim/sgd.py: momentum_buffer")  \
  X(ADAFACTOR, "adafactor", FACTORS, 0, 0, 0, false, false, 0,                                     \
    "transformers/optimization.py: exp_avg_sq_row, exp_avg_sq_col in fp32; arXiv 1804.04235")      \
  X(LION, "lion", WHOLE, 1, 1, 0, false, false, 0, "arXiv 2302.06675; bitsandbytes optim/lion.py") \
  X(LION_8BIT, "lion-8bit", WHOLE, 1, 1, 1016, false, false, 0, "bitsandbytes optim/lion.py")      \
  X(MUON, "muon", WHOLE, 1, 2, 0, false, false, 0,                                                 \
    "torch/optim/_muon.py: momentum_buffer; AdamW for what is no matrix of a layer")               \
  X(GALORE, "galore", PROJECTED, 2, 2, 0, false, false, 128,                                       \
    "GaLore galore_torch/adamw.py:97-109, galore_projector.py; rank: transformers "                \
    "trainer_optimizer.py:357")                                                                    \
  X(GALORE_8BIT, "galore-8bit", PROJECTED, 2, 2, 2031, false, false, 128,                          \
    "GaLore galore_torch/adamw8bit.py, galore_projector.py")                                       \
  X(APOLLO, "apollo", SKETCHED, 2, 2, 0, false, false, 128,                                        \
    "APOLLO apollo_torch/apollo.py:133-142: moments of the projected gradient, the projector a "   \
    "seed; arXiv 2412.05270")                                                                      \
  X(APOLLO_MINI, "apollo-mini", SKETCHED, 2, 2, 0, false, false, 1, "arXiv 2412.05270: rank 1")    \
  X(SOAP, "soap", SQUARES, 2, 2, 0, false, false, 10000,                                           \
    "SOAP soap.py: exp_avg, exp_avg_sq, GG and Q in fp32 for sides to max_precond_dim")            \
  X(SHAMPOO, "shampoo", BLOCKS, 1, 1, 0, false, false, 1024,                                       \
    "facebookresearch/optimizers distributed_shampoo.py:365,370; "                                 \
    "shampoo_types.py:186, shampoo_preconditioner_list.py: factor and root in fp32 for blocks of " \
    "max_preconditioner_dim, packed as triangles")

typedef enum vf_optimizer {
#define VF_OPTIMIZER_ID(id, word, states, moments, others, bytes, copy, paged, rank, source)       \
  VF_##id,
  VF_OPTIMIZERS(VF_OPTIMIZER_ID)
#undef VF_OPTIMIZER_ID
      VF_OPTIMIZER_COUNT
} vf_optimizer;

/* What is kept of a matrix of m x n. */
typedef enum vf_states {
  VF_STATES_WHOLE,     /* its moments */
  VF_STATES_FACTORS,   /* in place of moments a row and a column in fp32: 4 (m + n) */
  VF_STATES_PROJECTED, /* moments of r along its longer side, and the projector, r by the shorter */
  VF_STATES_SKETCHED,  /* those moments alone */
  VF_STATES_SQUARES,   /* two squares in fp32 of each side that is not too long */
  VF_STATES_BLOCKS     /* the same of blocks with sides that are not too long, as triangles */
} vf_states;

typedef struct vf_train_optimizer {
  const char *word;
  vf_states states;
  uint32_t moments, other_moments; /* of matrices in layers; of all else */
  uint32_t permille;               /* bytes of all moments, by the optimizer's own type; 0: by that
                                      of the parameters */
  bool copies, paged;
  uint32_t rank; /* or the longest side that has a square */
  const char *source;
} vf_train_optimizer;

extern const vf_train_optimizer vf_optimizers[VF_OPTIMIZER_COUNT];

/* Words of all, NULL-terminated. */
extern const char *const vf_optimizer_words[VF_OPTIMIZER_COUNT + 1];

/* Whether a rank says something about it. */
bool vf_optimizer_has_rank(vf_optimizer o);

/* Bytes in thousandths of the states of `count` matrices of m x n whose moments are `width` bytes
 * wide; vectors have n = 1.  `layers`: they are matrices of layers.  rank 0: the optimizer's own.
 * Sets *overflow where that fits nothing. */
uint64_t vf_optimizer_states(vf_optimizer o, uint64_t rank, uint64_t width, bool layers, uint64_t m,
                             uint64_t n, uint64_t count, bool *overflow);

#endif
