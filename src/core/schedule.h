/* schedule.h - a graph whose operations run on several backends.
 *
 * Source of the rules: ggml 0.25.1, ggml-backend.cpp (ggml_backend_sched_split_graph): operations
 * with weights run where these lie, or on the first GPU if the weights lie on the host and there
 * are rows enough; the others run where their neighbours do, GPUs before the host.  Neighbours on
 * one backend make a split; what a split reads from elsewhere is copied at its start.
 *
 * The last backend of the graph is the host.  A graph is played twice: the first time teaches
 * where a split that spans many steps reads the graph's inputs, and when they are last read. */
#ifndef VF_CORE_SCHEDULE_H
#define VF_CORE_SCHEDULE_H

#include "core/graph.h"

enum {
  VF_SCHEDULE_SPLITS = 192, /* splits of two steps */
  VF_SCHEDULE_COPIES = 512, /* and what they copy */
};

typedef struct vf_stretch {
  uint32_t id; /* the step it began in, and its number there */
  uint32_t first_op, n_ops, first_copy, n_copies;
  uint32_t n_seen; /* copies that an operation has asked for so far */
  uint8_t backend;
  bool begun; /* its copies are made */
} vf_stretch;

typedef struct vf_stretch_copy {
  uint16_t original, copy;
  uint16_t place; /* among the split's copies; UINT16_MAX: the next free one */
  bool seen;
} vf_stretch_copy;

/* How a backend reads an input of the graph. */
typedef struct vf_input_reads {
  uint32_t split; /* that copies it; UINT32_MAX: none */
  uint32_t last_step;
  uint16_t place;
  bool known;
} vf_input_reads;

typedef struct vf_schedule {
  vf_graph *graph;
  bool learns;      /* the first of two runs */
  uint32_t sets;    /* of copies, to overlap batches: then none is ever freed */
  uint32_t step;    /* numbers may be left out */
  uint32_t begun;   /* splits of this step */
  uint8_t assigned; /* backend of the last operation that has one */
  uint32_t n_ops, n_assigned, n_splits, n_copies;
  uint16_t ops[VF_GRAPH_NODES];          /* that wait for their turn: each is a node of its own */
  vf_stretch splits[VF_SCHEDULE_SPLITS]; /* the last one is open */
  vf_stretch_copy copies[VF_SCHEDULE_COPIES];
  uint64_t fixed_bytes[VF_GRAPH_BACKENDS]; /* with several sets: all copies together */
  vf_input_reads reads[VF_GRAPH_INPUTS][VF_GRAPH_BACKENDS];
} vf_schedule;

/* Before the first run of a graph, and before each of them. */
void vf_schedule_init(vf_schedule *s, vf_graph *g, uint32_t sets);
void vf_schedule_begin(vf_schedule *s, bool learns);

/* Schedules what is in order and plays what is complete; then all that is left.  A graph in which
 * something did not fit is not played any further. */
void vf_schedule_step(vf_schedule *s, uint32_t step);
void vf_schedule_finish(vf_schedule *s, uint32_t step);

/* As vf_graph_save. */
void vf_schedule_save(const vf_schedule *s, vf_ref carried, vf_graph_state *out);

#endif
