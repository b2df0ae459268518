/* grid.h - a table of many estimates.
 *
 * Cells lie with the last axis running fastest; it makes the columns, the axis before it the rows,
 * and every combination of those before that a table of its own. */
#ifndef VF_SOLVE_GRID_H
#define VF_SOLVE_GRID_H

#include "base/arena.h"
#include "vramfit/solve.h"

enum { VF_GRID_TEXTS = 64, VF_GRID_LABEL = 64 };

typedef struct vf_grid_value {
  const char *text;          /* as it was typed */
  char label[VF_GRID_LABEL]; /* for people: "Q4_K_M" for q4; "": not yet known */
  uint64_t number;           /* of axes that count something; else 0 */
} vf_grid_value;

typedef struct vf_grid_axis {
  vf_axis_kind kind;
  vf_grid_value *values;
  size_t count;
  size_t stride; /* cells from one value to the next */
} vf_grid_axis;

struct vf_grid {
  vf_arena *arena;
  vf_deployment base;
  vf_grid_axis axes[VF_AXIS_COUNT];
  size_t n_axes;
  vf_outcome *cells;
  size_t n_cells, n_done, n_refused, n_fitting;

  const char *reasons[VF_GRID_TEXTS]; /* for refusals, each once; beyond the last one dropped */
  uint32_t n_reasons;
  vf_assumption assumptions[VF_GRID_TEXTS]; /* of any cell */
  size_t in_cells[VF_GRID_TEXTS];           /* of how many */
  size_t n_assumptions;

  char model[128], quant[32],
      engine[32]; /* what has been estimated, where all cells are alike; else "" */
  char device[80];
  vf_status first_refusal;
  vf_error refusal;
};

#endif
