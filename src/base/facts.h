/* facts.h - what a config or a file header says about a model: keys with typed values.
 *
 * Readers fill a vf_facts; architectures ask it.  Keys are paths ("rope_scaling.factor",
 * "block_configs.3.ffn.no_op"), arrays of plain values are kept in order.  Every question that
 * fails names the key, so that the reader can say in which line of its file it stands. */
#ifndef VF_BASE_FACTS_H
#define VF_BASE_FACTS_H

#include "base/arena.h"
#include "base/printf.h"

typedef enum vf_fact_type {
  VF_FACT_NULL,
  VF_FACT_BOOL,
  VF_FACT_INT,   /* a whole number within +-(2^53 - 1) */
  VF_FACT_FLOAT, /* any other number */
  VF_FACT_STRING,
  VF_FACT_ARRAY, /* of plain values */
} vf_fact_type;

typedef struct vf_fact {
  const char *key;
  vf_fact_type type;
  union {
    bool boolean;
    int64_t integer;
    double real;
    const char *string;
    struct {
      const struct vf_fact *items;
      size_t count;
    } array;
  } as;
} vf_fact;

typedef struct vf_facts {
  vf_arena *arena;    /* holds keys, strings and items */
  const char *source; /* for error messages */
  const char *prefix; /* put before every key that is asked for; the bare key is asked next */
  bool strict;        /* the bare key is not */
  bool dotted;        /* messages show keys as they are written, not as JSON pointers */
  vf_fact *items;
  size_t count, capacity;
  uint64_t marks[4]; /* a bit for each key: most of those that are asked for are not there */
} vf_facts;

/* An empty list in the given arena; source must outlive it. */
vf_facts vf_facts_in(vf_arena *arena, const char *source);

/* Appends a copy; the key and what the value points to must already lie in the arena. */
vf_status vf_facts_add(vf_facts *f, vf_fact fact, vf_error *err);

/* To call once all facts are in, before the first question: sorts them. */
void vf_facts_finish(vf_facts *f);

/* The same facts seen through a prefix ("text_config."), which must outlive the view. */
vf_facts vf_facts_view(const vf_facts *f, const char *prefix);

/* The fact with this key, NULL if there is none or it is null. */
const vf_fact *vf_facts_find(const vf_facts *f, const char *key);

/* True if the key is there and says null; through a prefix, of the key behind it alone. */
bool vf_facts_null(const vf_facts *f, const char *key);

/* True if there is any key that begins so. */
bool vf_facts_any(const vf_facts *f, const char *beginning);

/* Element i of the array at key; a plain value stands for every element.  NULL if there is none. */
const vf_fact *vf_facts_at(const vf_facts *f, const char *key, size_t i);

/* Elements of the array at key, 0 if it is none. */
size_t vf_facts_length(const vf_facts *f, const char *key);

/* A string, or fallback if it is absent or not a string. */
const char *vf_facts_string(const vf_facts *f, const char *key, const char *fallback);

/* A flag, or fallback if it is absent; VF_MALFORMED if it is something else. */
vf_status vf_facts_bool(bool *out, const vf_facts *f, const char *key, bool fallback,
                        vf_error *err);

/* The fact itself as a whole number within [least, most]; key is for the message. */
vf_status vf_fact_number(uint64_t *out, const vf_fact *fact, const vf_facts *f, const char *key,
                         const char *what, uint64_t least, uint64_t most, vf_error *err);

/* A whole number within [least, most]; of an array element i.  Absent: *out keeps its value and
 * *found is false. */
vf_status vf_facts_number(uint64_t *out, bool *found, const vf_facts *f, const char *key, size_t i,
                          const char *what, uint64_t least, uint64_t most, vf_error *err);

/* Fails at a key: "source: /key: message" (the reader adds the line). */
vf_status vf_facts_fail(const vf_facts *f, const char *key, vf_status status, vf_error *err,
                        const char *fmt, ...) VF_PRINTF(5, 6);
#ifdef __clang_analyzer__ /* base/status.h */
#define vf_facts_fail(f, key, status, ...)                                                         \
  ((void)vf_facts_fail(f, key, status, __VA_ARGS__), (status))
#endif

#endif
