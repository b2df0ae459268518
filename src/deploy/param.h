/* param.h - the parameters of a deployment as a table: reading, printing and comparing one by its
 * kind.  params.def has them all. */
#ifndef VF_DEPLOY_PARAM_H
#define VF_DEPLOY_PARAM_H

#include "base/facts.h"
#include "base/names.h"
#include "base/text.h"
#include "engines/spelling.h"
#include "vramfit/deploy.h"

/* What a field holds, and with that how it is written in text and in JSON. */
typedef enum vf_kind {
  VF_KIND_TEXT,
  VF_KIND_TOKENS,   /* 64 bits, "32k" */
  VF_KIND_CONTEXT,  /* the same; "max" and "full" are the model's own limit */
  VF_KIND_TOKENS32, /* the same in 32 bits */
  VF_KIND_LENGTHS,  /* a mean, "8k", or what half and 19 of 20 have at most: "4k,20k" */
  VF_KIND_COUNT,    /* from 1 */
  VF_KIND_INDEX,    /* from 0 */
  VF_KIND_RANKS,    /* from 1, or "all" */
  VF_KIND_LAYERS,   /* from 0, or "all": -1 */
  VF_KIND_CPU_MOE,  /* layers, or "all" */
  VF_KIND_SIZE,     /* "24GiB" */
  VF_KIND_GIB,      /* the same; a bare number is one of GiB */
  VF_KIND_CACHE,    /* the same; a bare number is one of MiB, 0 is off, and unset is -1 */
  VF_KIND_SHARE,    /* "0.9", in millionths */
  VF_KIND_RATIO,    /* the same, also above 1 */
  VF_KIND_BANDWIDTH,
  VF_KIND_FLAG,
  VF_KIND_SWITCH, /* "on", "off", "auto" */
  VF_KIND_FORMAT, /* of keys, or of values */
  VF_KIND_TYPE,   /* of plain numbers: "bf16", "f16", "f32" */
  VF_KIND_KV,     /* of both */
  VF_KIND_SPLIT,
  VF_KIND_SPEC, /* a method of drafting; request.mtp follows from it */
  VF_KIND_PROPORTIONS,
  VF_KIND_OVERRIDES,
  VF_KIND_HEADROOM,
} vf_kind;

typedef enum vf_param_id {
#define SECTION(title)
#define PARAM(id, letter, name, argument, kind, field, scope, key, help) VF_PARAM_##id,
#include "deploy/params.def"
#undef SECTION
#undef PARAM
  VF_PARAM_COUNT
} vf_param_id;

/* Which engines have it; in those that do not, only what takes memory alone counts. */
typedef enum vf_option_scope { VF_OPTION_ANY, VF_OPTION_ENGINE, VF_OPTION_ADDS } vf_option_scope;

typedef struct vf_param {
  vf_param_info info; /* what --help says of it */
  vf_kind kind;
  size_t offset; /* in vf_deployment */
  vf_option_scope scope;
} vf_param;

extern const vf_param vf_params[VF_PARAM_COUNT];

/* By our option's name, without dashes, or by the key in files ("flash_attn"); NULL: none. */
const vf_param *vf_param_find(const char *name, size_t length);

/* Reads a value; `text` must outlive the deployment where it is kept.  Lists add up: clear them
 * first where they should not. */
vf_status vf_param_parse(const vf_param *p, vf_deployment *d, const char *text, vf_measure measure,
                         vf_error *err);

/* The same from a file's value: numbers, flags and texts, as they read best in JSON. */
vf_status vf_param_take(const vf_param *p, vf_deployment *d, const vf_fact *fact, vf_error *err);

/* As if nothing had been said. */
void vf_param_clear(const vf_param *p, vf_deployment *d);

/* Whether something is said; whether two deployments say the same. */
bool vf_param_is_set(const vf_param *p, const vf_deployment *d);

/* The same for whoever asks of all of them: `nothing` is what vf_deployment_init() gives. */
bool vf_param_differs(const vf_param *p, const vf_deployment *d, const vf_deployment *nothing);
bool vf_param_equal(const vf_param *p, const vf_deployment *a, const vf_deployment *b);

/* The value as vf_param_parse reads it back. */
void vf_param_print(const vf_param *p, const vf_deployment *d, vf_measure measure, vf_text *out);

/* Length of the first value of a list with commas. */
size_t vf_axis_part_length(vf_axis_kind axis, const char *text);

/* Whether the value is a list for a table, "8k,16k" or "any", of a parameter that has an axis. */
bool vf_param_is_list(const vf_param *p, const char *text);
bool vf_param_axis(const vf_param *p, vf_axis_kind *out);

/* The format that a model's name states, as --quant takes it.  False: none. */
bool vf_param_format_in(char out[VF_NAME_SIZE], const char *model);

/* The first parameter that an engine's line states, and that `now` has another value of: what runs
 * is the line.  stated: those that it names, besides those that have a value; NULL.  but: one that
 * is not looked at; NULL.  NULL: there is none. */
const vf_param *vf_param_disputed(const vf_deployment *line, const bool *stated,
                                  const vf_deployment *now, const vf_param *but);

/* VF_USAGE, with what the line has. */
vf_status vf_param_dispute(const vf_param *p, const vf_deployment *line, vf_error *err);

/* What proposes tokens, by the engines' words for it. */
typedef enum vf_spec_role {
  VF_SPEC_UNKNOWN,
  VF_SPEC_NONE,  /* no model does: what was said before is looked up */
  VF_SPEC_OWN,   /* layers of the model's own */
  VF_SPEC_DRAFT, /* another model */
} vf_spec_role;

/* Whether one of the words is such a way: "draft-mtp,ngram-mod" has two. */
bool vf_spec_has(const char *method, vf_spec_role role);

#endif
