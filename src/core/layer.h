/* layer.h - what one layer of a network is made of.
 *
 * A description, not a name: every architecture fills it, tensors and caches and the size of
 * activations follow from it, and nothing below asks which model the layer belongs to. */
#ifndef VF_CORE_LAYER_H
#define VF_CORE_LAYER_H

#include <stddef.h>
#include <stdint.h>

/* How a layer mixes the tokens of a sequence; a layer may do it in more than one way at once. */
enum vf_mixer {
  VF_MIX_ATTENTION = 1 << 0,
  VF_MIX_CROSS = 1 << 1,     /* attention over the states of an encoder or a tower */
  VF_MIX_MAMBA1 = 1 << 2,    /* selective state space, one state per channel */
  VF_MIX_MAMBA2 = 1 << 3,    /* the same in heads */
  VF_MIX_DELTA = 1 << 4,     /* gated delta net */
  VF_MIX_KDA = 1 << 5,       /* Kimi delta attention */
  VF_MIX_RWKV = 1 << 6,      /* time mixing of RWKV 7 */
  VF_MIX_SHORTCONV = 1 << 7, /* gated short convolution */
  VF_MIX_LINEAR = 1 << 8,    /* lightning attention: a state per head, no convolution */
  VF_MIX_RECURRENT = VF_MIX_MAMBA1 | VF_MIX_MAMBA2 | VF_MIX_DELTA | VF_MIX_KDA | VF_MIX_RWKV |
                     VF_MIX_SHORTCONV | VF_MIX_LINEAR,
};

#define VF_BIT(n) (UINT64_C(1) << (n))

/* Attention. */
#define VF_LAYER_QKV_FUSED         VF_BIT(0) /* one matrix makes Q, K and V */
#define VF_LAYER_QKV_BIAS          VF_BIT(1)
#define VF_LAYER_OUT_BIAS          VF_BIT(2) /* attention output projection */
#define VF_LAYER_QK_NORM           VF_BIT(3) /* Q and K are normalized per head */
#define VF_LAYER_QK_NORM_FULL      VF_BIT(4) /* over all heads at once */
#define VF_LAYER_NO_ROPE           VF_BIT(5)
#define VF_LAYER_Q_SCALED          VF_BIT(6)  /* Q is scaled by an operation of its own */
#define VF_LAYER_Q_GATED           VF_BIT(7)  /* the query matrix makes a gate of the result, too */
#define VF_LAYER_SINKS             VF_BIT(8)  /* a learned sink per head */
#define VF_LAYER_HEAD_GATE         VF_BIT(9)  /* a matrix makes one gate per head */
#define VF_LAYER_K_IS_V            VF_BIT(10) /* values are the keys: no matrix of their own */
#define VF_LAYER_KV_SHARED         VF_BIT(11) /* reads another layer's cache, makes no keys itself */
#define VF_LAYER_CHUNKED           VF_BIT(12) /* the window is a chunk, not a sliding one */
#define VF_LAYER_ENCODER           VF_BIT(13) /* sees all tokens at once and caches none */
#define VF_LAYER_QK_NORM_ALL_HEADS VF_BIT(14) /* per head, with weights of its own for each */
#define VF_LAYER_O_GATED           VF_BIT(15) /* a full matrix gates the result (d x heads*dim) */
#define VF_LAYER_K_UNBIASED        VF_BIT(23) /* of Q, K and V, K has no bias */
#define VF_LAYER_TWO_STATES        VF_BIT(46) /* Q, K and V read two states side by side */

/* Norms. */
#define VF_LAYER_NORM_BIAS  VF_BIT(16) /* layer norm with a bias */
#define VF_LAYER_NO_NORMS   VF_BIT(17) /* none before attention and feed-forward */
#define VF_LAYER_POST_NORMS VF_BIT(18)
#define VF_LAYER_ONE_NORM   VF_BIT(19) /* attention and feed-forward read the same one */
#define VF_LAYER_TWO_NORMS  VF_BIT(20) /* parallel, with a norm each */
#define VF_LAYER_OUT_SCALE  VF_BIT(21) /* the layer's result is scaled by one number */
#define VF_LAYER_SUB_NORMS  VF_BIT(22) /* inside attention and feed-forward */

/* Feed-forward and experts. */
#define VF_LAYER_FFN_FUSED      VF_BIT(24) /* one matrix makes gate and up */
#define VF_LAYER_FFN_BIAS       VF_BIT(25)
#define VF_LAYER_FFN_PLAIN      VF_BIT(26) /* up and down only: no gate */
#define VF_LAYER_PARALLEL       VF_BIT(27) /* attention and feed-forward read the same input */
#define VF_LAYER_RESIDUAL_FIRST VF_BIT(28) /* the sum takes the residual as its first operand */
#define VF_LAYER_ROUTER_BIAS    VF_BIT(29)
#define VF_LAYER_EXPERT_BIAS    VF_BIT(30)
#define VF_LAYER_PROBS_BIAS     VF_BIT(31) /* a correction per expert for the choice alone */
#define VF_LAYER_SHEXP_GATE     VF_BIT(32) /* the shared expert has a gate */
#define VF_LAYER_TOPK_NORM      VF_BIT(33) /* the chosen experts' weights are normalized */
#define VF_LAYER_TOPK_SCALE     VF_BIT(34) /* and scaled */
#define VF_LAYER_TOPK_SOFTMAX   VF_BIT(35) /* softmax over the chosen ones only */
#define VF_LAYER_LATENT_NORM    VF_BIT(36) /* experts that work in a smaller space have a norm */

/* Recurrent parts. */
#define VF_LAYER_SSM_NORM  VF_BIT(40) /* a norm before the output projection */
#define VF_LAYER_SSM_NORMS VF_BIT(41) /* norms of dt, B and C */
#define VF_LAYER_BA_FUSED  VF_BIT(42) /* beta and alpha come from one matrix */
#define VF_LAYER_SSM_BIAS  VF_BIT(43) /* projections with a bias */

/* The rest. */
#define VF_LAYER_MTP                 VF_BIT(48) /* predicts further tokens; not part of the network */
#define VF_LAYER_RESID_SCALED        VF_BIT(49) /* branches are scaled before they are added */
#define VF_LAYER_MTP_HEAD            VF_BIT(50) /* with an embedding and an output matrix of its own */
#define VF_LAYER_KV_UNCACHED         VF_BIT(52) /* has key matrices, but reads another layer's cache */
#define VF_LAYER_LAYER_NORM          VF_BIT(54) /* layer norm, also where it has no bias */
#define VF_LAYER_V_NORM              VF_BIT(55) /* values are normalized, without a weight */
#define VF_LAYER_QK_L2               VF_BIT(56) /* so are queries and keys, after the rotation */
#define VF_LAYER_Q_TEMP              VF_BIT(57) /* queries are scaled by position */
#define VF_LAYER_SIGMOID             VF_BIT(58) /* experts are chosen by a sigmoid */
#define VF_LAYER_WEIGHT_BEFORE       VF_BIT(59) /* their weights multiply the input, not the result */
#define VF_LAYER_ATTN_RESIDUAL_FIRST VF_BIT(60)
#define VF_LAYER_SPARSE_GATE         VF_BIT(61) /* all but the largest gates are cut off */
#define VF_LAYER_CROSS_GATES         VF_BIT(53) /* cross attention and what follows have a gate each */
#define VF_LAYER_PARALLEL_MIXERS     VF_BIT(51) /* attention and a recurrent part side by side */

/* Forms of operations, where neither tensors nor sizes show them (vf_layer.ops). */
#define VF_OPS_SUM_BRANCHES VF_BIT(0) /* attention and feed-forward first, then the input */
#define VF_OPS_ATTN_LEADS   VF_BIT(1) /* and attention is the first operand */
#define VF_OPS_NORM_AFTER   VF_BIT(2) /* norms stand behind each sum, not in its branches */
#define VF_OPS_ROUTER_FIRST VF_BIT(3) /* experts are chosen by what the layer reads */
#define VF_OPS_NORM_ROWS    VF_BIT(4) /* the norm behind attention is of all rows */
#define VF_OPS_BARE_NORMS   VF_BIT(5) /* norms before the branches, without weights */
#define VF_OPS_LAST_ROWS    VF_BIT(6) /* the last layer computes every row, and so does the output */
#define VF_OPS_BOTH_SUMMED  VF_BIT(7) /* dense part and experts read the same and are summed */
#define VF_OPS_SKIP         VF_BIT(8) /* adds the scaled embedding of the network's start */
#define VF_OPS_INPUT_EXPERTS                                                                       \
  VF_BIT(9)                          /* experts read the layer's input, the dense part its sum     \
                                      */
#define VF_OPS_OWN_SCORES VF_BIT(10) /* experts are chosen by other scores than they weigh */
#define VF_OPS_RWKV6      VF_BIT(14) /* time mixing of RWKV 6 */
#define VF_OPS_RWKV_GATED VF_BIT(15) /* as gated linear attention, with a feed-forward behind */
#define VF_OPS_UNKNOWN    VF_BIT(16) /* which operations a layer is made of is not known */
#define VF_OPS_OWN_CACHES                                                                          \
  VF_BIT(17) /* each sequence has a cache of its own, whatever is shared                           \
              */
#define VF_OPS_POSITION_BIAS VF_BIT(18) /* scores are biased by distance: no flash attention */
#define VF_OPS_MAMBA_HEADS                                                                         \
  VF_BIT(19) /* time steps per head, normalized, and B and C in front of them */
#define VF_OPS_ROTATED_NORM VF_BIT(20) /* the rotated part of latent keys is normalized */
#define VF_OPS_ATTN_SUMMED                                                                         \
  VF_BIT(21)                            /* of both branches, attention is added to the input first \
                                         */
#define VF_OPS_KDA_DIRECT    VF_BIT(13) /* decay and gate of a delta attention are one matrix each */
#define VF_OPS_EXPERTS_FUSED VF_BIT(12) /* one matrix makes the experts' gate and up */
#define VF_OPS_ROUTER_TABLE                                                                        \
  VF_BIT(22) /* a table says which experts a token has, instead of scores */
#define VF_OPS_RMS_BIAS                                                                            \
  VF_BIT(11) /* norms with a bias are of the root mean square all the same                         \
              */

/* All sizes are counts of numbers; 0: there is no such part. */
typedef struct vf_layer {
  uint64_t flags;
  uint64_t ops;
  uint32_t mixers;

  uint32_t n_heads, n_kv_heads;
  uint32_t k_dim, v_dim;    /* per head */
  uint32_t window;          /* tokens that attention looks back; 0: all */
  uint32_t rope_dim;        /* rotated part of a head of latent attention */
  uint32_t q_lora, kv_lora; /* latent attention: compressed width of Q, of K and V */
  uint32_t index_heads, index_dim;
  uint32_t index_block, index_kept; /* positions of a block that is chosen whole; how many are */

  uint32_t compress; /* tokens in one key of a second cache; 0: there is none */
  uint32_t streams;  /* of the hidden state, mixed by each layer; 0: one */
  uint32_t o_lora,
      o_groups; /* compressed width of what goes to the output, of each group of heads */

  uint32_t n_ff; /* of the dense part */
  uint32_t n_experts, n_experts_used;
  uint32_t expert_groups, expert_groups_used; /* 0 or 1: the choice is among all */
  uint32_t n_ff_expert, n_ff_shared;
  uint32_t n_ff_chunk, chunk_groups; /* experts that groups of experts have in common */
  uint32_t kv_expanded;              /* compressed width of K and V that are cached as heads */
  uint32_t expert_embd;              /* width that experts work in, if not the model's */

  uint32_t conv, inner, state, rank, groups; /* ssm_*: kernel, channels, state per channel… */

  uint32_t embd_per_layer; /* an input of its own, by token */
  uint32_t altup, laurel;  /* Gemma 3n: alternating updates, low-rank residual */
  uint32_t low_rank[4]; /* RWKV 7: decay, in-context rate, value mix, gate; RWKV 6: mixing, decay */
} vf_layer;

/* Layers are compared, and stirred into a fingerprint, byte by byte: there must be no byte that is
 * no field's.  An odd number of 32-bit fields needs one more. */
_Static_assert(sizeof(vf_layer) % sizeof(uint64_t) == 0 &&
                   offsetof(vf_layer, low_rank) + 4 * sizeof(uint32_t) == sizeof(vf_layer),
               "a layer has no padding");

#endif
