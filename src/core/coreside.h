/* coreside.h - programs that share a box: where each goes, what fits together, what breaks it.
 *
 * Arithmetic over demands: an item is what one program takes, in each place where it can run; a
 * set of items is a mask.  Memory is judged by the rules of core/estimate.h.  Whose programs they
 * are and what they are called is not known here. */
#ifndef VF_CORE_CORESIDE_H
#define VF_CORE_CORESIDE_H

#include "core/estimate.h"

enum {
  VF_CORESIDE_ITEMS = 32, /* bits of a mask */
  VF_CORESIDE_DEVICES = 16,
  VF_CORESIDE_OPTIONS = VF_CORESIDE_DEVICES + 1, /* each device, and all together */
  VF_CORESIDE_EXACT = 12,                        /* items up to which every packing is tried */
  VF_CORESIDE_FOUND = 8,                         /* pairs and sets that are told */
};

/* A demand is cut to this, beyond any box: sums of all items stay below 2^63. */
#define VF_CORESIDE_MOST_BYTES (UINT64_C(1) << 57)

/* What an item takes in one place. */
typedef struct vf_demand {
  vf_interval devices[VF_CORESIDE_DEVICES];
  vf_interval host;                         /* main memory, where that is another pool */
  vf_verdict alone;                         /* by rules of its own: it is no better there */
  uint64_t growth[VF_CORESIDE_DEVICES + 1]; /* what it may take with use on top; last the host */
} vf_demand;

typedef enum vf_item_class {
  VF_ITEM_INFERENCE,
  VF_ITEM_TRAINING,
  VF_ITEM_CLASS_COUNT
} vf_item_class;

typedef struct vf_item {
  const vf_demand *options; /* places, in the order in which they are preferred */
  size_t n_options;
  vf_item_class class;
  uint32_t pipeline; /* stages of one pipeline compute in turn; 0: in none */
  bool leaves;       /* a stage that is unloaded after its turn: of those one is loaded at a time */
} vf_item;

/* The devices as they are without any item; host.total_known false: main memory is not judged. */
typedef struct vf_box {
  vf_device devices[VF_CORESIDE_DEVICES];
  size_t n_devices;
  vf_device host;
} vf_box;

typedef struct vf_plan {
  vf_verdict verdict;
  bool exact;                                        /* no other packing has a better verdict */
  uint8_t option[VF_CORESIDE_ITEMS];                 /* where each item of the set goes */
  vf_device_budget budgets[VF_CORESIDE_DEVICES + 1]; /* devices, then the host */
} vf_plan;

/* The best packing of the set. */
void vf_coreside_pack(vf_plan *out, const vf_box *box, const vf_item *items, uint32_t set);

/* What an item takes on all devices together, in the place that the plan gives it. */
vf_interval vf_coreside_need(const vf_item *item, const vf_plan *plan, size_t i, size_t n_devices);

/* ---- What breaks a set, and what to unload ---------------------------------------------- */

typedef struct vf_breaks {
  uint32_t alone;                    /* items that do not fit even alone */
  uint32_t pairs[VF_CORESIDE_FOUND]; /* that do not fit together, though each does alone */
  size_t n_pairs;
  uint32_t set; /* no pair breaks it: a set that does, and less does not; 0: none was found */
  uint32_t unload[VF_CORESIDE_FOUND]; /* without these the rest fits; all of the fewest items */
  size_t n_unload;
  bool unload_is_tight; /* the rest is TIGHT then */
} vf_breaks;

void vf_coreside_breaks(vf_breaks *out, const vf_box *box, const vf_item *items, uint32_t set);

/* ---- Compute ---------------------------------------------------------------------------- */

typedef enum vf_compute {
  VF_COMPUTE_OK,
  VF_COMPUTE_CAREFUL,
  VF_COMPUTE_NO,
  VF_COMPUTE_COUNT
} vf_compute;

typedef enum vf_compute_reason {
  VF_REASON_IDLE,
  VF_REASON_ONE,            /* one program computes */
  VF_REASON_IN_TURN,        /* stages of one pipeline */
  VF_REASON_TIME_SLICED,    /* several programs for inference at once */
  VF_REASON_TRAINING_ALONE, /* nothing beside it */
  VF_REASON_TRAININGS,
  VF_REASON_TRAINING_BESIDE, /* training and inference */
  VF_REASON_COUNT
} vf_compute_reason;

/* How far the items of the set can compute beside each other; the worst device decides. */
vf_compute vf_coreside_compute(vf_compute_reason *reason, const vf_box *box, const vf_item *items,
                               uint32_t set, const vf_plan *plan);

/* How many programs for inference can compute at once where item i of the set is, itself included;
 * 0: training is among them, and what it leaves to others is not known. */
unsigned vf_coreside_sharers(const vf_box *box, const vf_item *items, uint32_t set,
                             const vf_plan *plan, size_t i);

#endif
