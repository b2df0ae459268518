/* estimate.h - a budget per device, its lines, and the verdict over them.
 *
 * Engines fill it through vf_estimate_add; the sums, capacities and verdicts are made here, in one
 * place, so that no two engines judge differently. */
#ifndef VF_CORE_ESTIMATE_H
#define VF_CORE_ESTIMATE_H

#include <string.h>

#include "base/printf.h"
#include "core/graph.h"
#include "core/model.h"

struct vf_engine;

enum { VF_ESTIMATE_WORDS = 2048 };
enum {
  VF_MAX_ASSUMPTIONS = 64,
  VF_LINES_PER_DEVICE = 24,
  VF_NOTES = 24,
  VF_VERSION_TEXT = 80,
  VF_NAMED_TEXT = 240
};

/* Room for an engine's plan: what it made of the request, kept for explanations. */
enum { VF_PLAN_BYTES = 4096 };
typedef union vf_plan_room {
  uint64_t number;
  void *pointer; /* both for alignment */
  unsigned char bytes[VF_PLAN_BYTES];
} vf_plan_room;

/* Figures that are costly to find and often asked for again, by a fingerprint of what they follow
 * from; a place for each, the last one stays. */
enum { VF_MEMO_PLACES = 256 };
typedef struct vf_memo {
  uint64_t key[VF_MEMO_PLACES]; /* 0: nothing there */
  uint64_t value[VF_MEMO_PLACES];
} vf_memo;

static inline bool vf_memo_has(const vf_memo *memo, uint64_t key, uint64_t *value) {
  size_t place = (size_t)(key >> 32) % VF_MEMO_PLACES;
  if (key == 0 || memo->key[place] != key) return false;
  *value = memo->value[place];
  return true;
}

static inline void vf_memo_keep(vf_memo *memo, uint64_t key, uint64_t value) {
  size_t place = (size_t)(key >> 32) % VF_MEMO_PLACES;
  memo->key[place] = key;
  memo->value[place] = value;
}

/* How an engine decodes, as far as its speed goes. */
typedef enum vf_decodes {
  VF_DECODES_UNKNOWN,  /* nobody measured it */
  VF_DECODES_LAUNCHED, /* kernel by kernel, as the engines of tests/truth/speed.tsv */
  VF_DECODES_GRAPHS,   /* whole steps are replayed */
  VF_DECODES_MLX,
  VF_DECODES_EXLLAMA
} vf_decodes;

struct vf_estimate {
  vf_allocator allocator;
  const struct vf_engine *engine;
  const vf_model *model;
  vf_request request; /* as it was asked: its strings and draft model are the caller's */
  vf_workload workload;

  vf_device_budget *devices;
  size_t n_devices, device_capacity;
  size_t n_idle; /* of the GPUs: the last ones before the host take no part while it is estimated */
  vf_line *lines;
  size_t n_lines, line_capacity;
  vf_assumption assumptions[VF_MAX_ASSUMPTIONS];
  size_t n_assumptions;
  char words[VF_ESTIMATE_WORDS]; /* of assumptions with numbers in them */
  size_t n_words;
  vf_verdict verdict;
  char version[VF_VERSION_TEXT]; /* of the engine, as asked for; "": none was named */
  uint64_t notes[VF_NOTES];      /* numbers that an engine keeps for its explanations */
  char named[VF_NAMED_TEXT];     /* room for an assumption that names something */
  vf_plan_room plan;             /* of the run, if has_plan */
  bool has_plan;
  vf_memo memo;         /* kept from one estimate to the next */
  bool refused;         /* the engine would not start, whatever the sums say: NO-FIT */
  const char *refusal;  /* why; NULL: nobody says it */
  const char *crowded;  /* it starts, and cannot do all that is asked at once; NULL: it can */
  bool inexact;         /* code that is not known runs it: no line is exact */
  bool overflow;        /* a sum left 64 bits: the estimate has failed */
  bool lost_assumption; /* there were too many to tell: it has failed, too */
  vf_decodes decodes;   /* of the engine */
  const vf_graph_watch *watch; /* of the graphs that are played for it; NULL: nobody */
};

/* The first device that takes part. */
static inline const vf_device_budget *vf_estimate_first(const vf_estimate *e) {
  return &e->devices[e->n_idle != 0 ? e->request.main_gpu : 0];
}

/* Empties the estimate and makes room for so many devices, which the caller fills in
 * (e->devices[i].device). */
vf_status vf_estimate_reset(vf_estimate *e, const vf_model *model, size_t device_count,
                            vf_error *err);

/* Empties it but for its devices. */
void vf_estimate_restart(vf_estimate *e, const vf_model *model);

/* Adds a line; lines of 0 bytes at every end are left out, those outside the budget listed only. */
void vf_estimate_add(vf_estimate *e, vf_line line);

/* Takes for granted; `text` must outlive the result.  With more than VF_MAX_ASSUMPTIONS the
 * estimate fails: none is ever left out. */
void vf_estimate_assume(vf_estimate *e, const char *code, const char *text);

/* The same with numbers in it; kept by the estimate until its next run. */
void vf_estimate_assume_that(vf_estimate *e, const char *code, const char *fmt, ...)
    VF_PRINTF(3, 4);

/* The same, of an engine that would not start; what was told first stays the reason. */
void vf_estimate_refuse(vf_estimate *e, const char *code, const char *fmt, ...) VF_PRINTF(3, 4);

/* The same, of one that starts, and lets a part of what is asked wait: once of each code, the first
 * is the reason.  Where it is refused as well, that is. */
void vf_estimate_crowd(vf_estimate *e, const char *code, const char *fmt, ...) VF_PRINTF(3, 4);

/* Sums up, computes capacities and headrooms, judges. */
vf_status vf_estimate_finish(vf_estimate *e, vf_error *err);

/* Takes the result away: an estimate that failed holds none, and fits nothing. */
void vf_estimate_clear(vf_estimate *e);

/* VF_USAGE if there is no result. */
vf_status vf_estimate_needed(const vf_estimate *e, vf_error *err);

/* Capacity, headroom and verdict of one device out of what it has, needs and may grow by: the same
 * rules for one engine and for programs that share a box.  need and growth must be below 2^62. */
void vf_budget_judge(vf_device_budget *b);

/* What a script may go on with: the upper end is within the capacity. */
static inline bool vf_verdict_fits(vf_verdict v) {
  return v == VF_FITS || v == VF_TIGHT;
}

/* An interval without width. */
static inline vf_interval vf_exactly(uint64_t bytes) {
  return (vf_interval){bytes, bytes, bytes};
}

/* What the engine can allocate; 0 if reserve and use exceed the total. */
uint64_t vf_device_capacity(const vf_device *d);

/* The worst case of what lies in main memory; 0: nothing does. */
uint64_t vf_estimate_host_bytes(const vf_estimate *e);

/* A slice of a GPU (MIG): a process sees one of them, and they do not reach each other. */
static inline bool vf_device_is_instance(const vf_device *d) {
  return strchr(d->id, ':') != NULL;
}

/* Whether layers in main memory free something of the device's: it is another memory, or the GPU
 * may take a part of the one that there is. */
bool vf_device_has_main_memory(const vf_device *d);

/* What is left beyond growth and the headroom target, of the tighter limit; below 0: what is
 * missing for FITS. */
int64_t vf_budget_over(const vf_device_budget *b);

/* Capacity less the upper end of the need, of the tighter limit. */
int64_t vf_budget_headroom(const vf_device_budget *b);

/* The device that is nearest to its target, or furthest below it; NULL: no memory is known. */
const vf_device_budget *vf_estimate_tightest(const vf_estimate *e);

#endif
