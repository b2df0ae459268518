/* listing.h - rows and columns of a catalog, however they are to be written. */
#ifndef VF_LOOK_LISTING_H
#define VF_LOOK_LISTING_H

#include "base/arena.h"
#include "vramfit/inspect.h"

/* What a cell holds; numbers have their unit in the JSON key. */
typedef enum vf_cell_kind {
  VF_CELL_TEXT,
  VF_CELL_LIST,   /* strings, as one text with a NUL behind each, and one more at the end */
  VF_CELL_NUMBER, /* as it is, with separators */
  VF_CELL_PARAMS, /* "8.03 B" */
  VF_CELL_BYTES,  /* in GiB or GB */
  VF_CELL_SPEED,  /* 10^6 bytes per second, shown as GB/s */
  VF_CELL_CENTI,  /* hundredths */
} vf_cell_kind;

typedef struct vf_column {
  const char *title; /* NULL: in JSON alone */
  const char *key;   /* in JSON */
  vf_cell_kind kind;
} vf_column;

typedef struct vf_cell {
  const char *text; /* NULL: unknown */
  uint64_t number;
  bool known;
} vf_cell;

/* One entry whole: its own text, and what follows from it. */
typedef struct vf_listing_entry {
  const char *json; /* the entry as it is in the catalog */
  size_t length;
  const char *file;
} vf_listing_entry;

struct vf_listing {
  vf_arena *arena;
  const char *what; /* key of the list in JSON: "models" */
  const char *one;  /* and of one entry: "model" */
  const vf_column *columns;
  size_t n_columns;
  vf_cell *cells; /* row by row */
  size_t n_rows, row_room;
  vf_listing_entry entry; /* set where one was asked for by name */
  bool failed;            /* a cell did not get its memory */
  const char *note;       /* a line below the table; NULL: none */
};

/* An empty list, to be given columns and rows; done gives it to the caller, or frees it where
 * something failed. */
vf_status vf_listing_new(vf_listing **out, const vf_context *ctx, vf_error *err);
vf_status vf_listing_done(vf_listing **out, vf_listing *l, vf_status status, vf_error *err);

/* Room for one more row, or NULL; a cell with a copy of the text. */
vf_cell *vf_listing_row(vf_listing *l);
vf_cell vf_listing_text(vf_listing *l, const char *text);

#endif
