/* tower.h - the networks in front of a model that turn images and sound into embeddings.
 *
 * A config nests one per sense; its kind and what leads from it to the model decide the tensors.
 * Kinds, groups of tensors and sizes are tables (tower_table.c, tower_parts.def,
 * tower_sizes.def).  A tower of a kind that has no row, or whose config leaves a size out, is said
 * to be unknown: nothing is assumed for it. */
#ifndef VF_MODELS_TOWER_H
#define VF_MODELS_TOWER_H

#include "base/facts.h"
#include "core/tensor.h"

enum { VF_TOWERS = 2, VF_TOWER_BLOCKS = 255, VF_TOWER_GROUPS = 6 };

/* ---- Sizes: what a config states, and what follows from it ------------------------------ */

typedef enum vf_tower_size {
#define X(id, ...) VF_TOWER_##id,
#include "models/tower_sizes.def"
#undef X
  VF_TOWER_STATED,
  VF_TOWER_TEXT = VF_TOWER_STATED, /* the model's hidden size */
  VF_TOWER_ONE,
  VF_TOWER_TWO,
  VF_TOWER_NINE,    /* values under a kernel of 3 x 3 */
  VF_TOWER_WIDTH_2, /* so many times the width */
  VF_TOWER_WIDTH_3,
  VF_TOWER_WIDTH_4,
  VF_TOWER_HEAD,           /* width of one head */
  VF_TOWER_PIXELS,         /* values of a patch */
  VF_TOWER_MODEL_PIXELS,   /* of a patch as the model sees it */
  VF_TOWER_PIXELS_IN_TIME, /* of a patch over several frames */
  VF_TOWER_PLACES,         /* patches of an image */
  VF_TOWER_PLACES_1,       /* and one for the class */
  VF_TOWER_MERGED,         /* width of several patches side by side */
  VF_TOWER_GRID,           /* positions along both sides */
  VF_TOWER_AXES,           /* one table per side */
  VF_TOWER_TILE_PLACES,    /* positions of all tiles, times the width */
  VF_TOWER_TILE_WIDTH,     /* tiles times the width */
  VF_TOWER_ASPECTS,        /* arrangements of tiles, and none */
  VF_TOWER_DEEPSTACK,      /* blocks that feed later layers of the model, too */
  VF_TOWER_FF_2,
  VF_TOWER_NEMO_OUT,
  VF_TOWER_BUCKETS,     /* distances back and forth */
  VF_TOWER_STACKED,     /* width of several frames side by side */
  VF_TOWER_MIDDLE_HALF, /* what a gate leaves of the projector's width */
  VF_TOWER_MEL_3,       /* channels under a kernel of 3 */
  VF_TOWER_CONV_0,
  VF_TOWER_CONV_1,
  VF_TOWER_CONV_0_KERNEL, /* channels under a kernel of 3 x 3 */
  VF_TOWER_CONV_OUT,
  VF_TOWER_DOWN_KERNEL,
  VF_TOWER_DOWN_OUT,
  VF_TOWER_SIZES
} vf_tower_size;

/* ---- The tables ------------------------------------------------------------------------- */

typedef enum vf_tower_group {
  VF_TOWER_GROUP_NONE,
#define GROUP(id, prefix) VF_TOWER_GROUP_##id,
#define PART(...)
#include "models/tower_parts.def"
#undef GROUP
#undef PART
  VF_TOWER_GROUP_COUNT
} vf_tower_group;

/* A group of tensors, so many times. */
typedef struct vf_tower_run {
  vf_tower_group group;
  vf_tower_size times;
} vf_tower_run;

typedef struct vf_tower_kind {
  const char *model_type; /* of the tower's own config */
  bool incomplete;        /* there is more to it than can be derived */
  vf_tower_run runs[VF_TOWER_GROUPS];
  /* Of the largest image where its size is free, and of the largest video that vLLM profiles: 14
   * frames of that, in pairs, for Qwen2-VL and 2.5 (qwen2_vl.py:115), 2 frames for later ones. */
  uint32_t patches, video_patches;
  uint32_t tokens; /* of that image; 0: by the factor that merges patches */
} vf_tower_kind;

/* A size that is known although the config leaves it out. */
typedef struct vf_tower_known {
  vf_tower_size size;
  uint32_t value;
} vf_tower_known;

typedef struct vf_tower_front {
  const char *model_type;      /* of the config around it */
  const char *place;           /* of the tower's keys */
  const char *kind;            /* if the tower's config names none */
  const char *prefix;          /* of its modules' names */
  vf_tower_group leads[2];     /* from the tower to the model; named from the top */
  const vf_tower_known *known; /* ends with a value of 0; may be NULL */
} vf_tower_front;

/* tower_table.c: row i of either table, NULL beyond the end. */
const vf_tower_kind *vf_tower_kind_get(size_t i);
const vf_tower_front *vf_tower_front_get(size_t i);

/* ---- Towers of one model ---------------------------------------------------------------- */

typedef struct vf_tower {
  const vf_tower_kind *kind;
  const vf_tower_front *front;
  uint8_t number; /* of the row of the front, from 1 */
  vf_facts facts; /* of the tower alone */
  vf_facts around;
  uint64_t sizes[VF_TOWER_SIZES];
} vf_tower;

typedef struct vf_towers {
  vf_tower list[VF_TOWERS];
  size_t n;
  bool any;       /* the config has one, known or not */
  bool unknown;   /* and one of them cannot be derived, or not wholly */
  size_t tensors; /* upper bound */
} vf_towers;

/* Finds the towers of a config and measures them. */
vf_status vf_towers_find(vf_towers *out, const vf_facts *facts, vf_error *err);

typedef struct vf_builder vf_builder;

/* Adds their tensors to the model under construction. */
void vf_towers_emit(vf_builder *b, vf_towers *towers);

/* The name of a tower's module, without the wrapper around it. */
void vf_tower_module_name(char *out, size_t size, const vf_tensor *t);

#endif
