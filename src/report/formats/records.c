/* records.c - the columns in a first pass, the rows in a second. */
#include "report/formats/records.h"

#include <inttypes.h>
#include <string.h>

#include "base/status.h"

enum { MOST_COLUMNS = 96, KEY_BYTES = 64, TEXT_BYTES = 7 << 10, MOST_DEPTH = 12 };

typedef struct records {
  char keys[MOST_COLUMNS][KEY_BYTES];
  size_t n_keys;
  uint32_t cells[MOST_COLUMNS]; /* where each begins in text; 0: empty */
  char text[TEXT_BYTES];        /* of the row, behind what all rows have */
  uint32_t used, shared;        /* shared: the end of what all rows have */
  uint32_t row;                 /* depth of the row's object, 0: outside of all rows */
  uint32_t silent;              /* depth of a list of objects within a row; 0: none */
  uint32_t list;                /* depth of a list of plain values; 0: none */
  size_t list_column;
  char path[KEY_BYTES]; /* "compute." within a row */
  uint32_t path_ends[MOST_DEPTH];
  bool headed;
  bool cut; /* a row had more columns or bytes than there is room for */
} records;
_Static_assert(sizeof(records) <= VF_DOC_STATE, "there is room for the state");

/* Both ends of a column's name; MOST_COLUMNS: there are too many. */
static size_t find_column(records *r, const char *path, const char *key) {
  char name[KEY_BYTES];
  vf_text t = vf_text_on(name, sizeof name);
  vf_text_put(&t, path);
  vf_text_put(&t, key);
  for (size_t i = 0; i < r->n_keys; i++)
    if (strcmp(r->keys[i], name) == 0) return i;
  if (r->n_keys == MOST_COLUMNS) {
    r->cut = true;
    return MOST_COLUMNS;
  }
  memcpy(r->keys[r->n_keys], name, sizeof name);
  return r->n_keys++;
}

static void put(records *r, const char *text, size_t length) {
  size_t room = sizeof r->text - 1 - r->used;
  if (length > room) {
    length = room;
    r->cut = true;
  }
  memcpy(r->text + r->used, text, length);
  r->used += (uint32_t)length;
  r->text[r->used] = '\0';
}

static void put_value(records *r, const vf_doc_value *v) {
  char number[32];
  vf_text t = vf_text_on(number, sizeof number);
  switch (v->kind) {
  case VF_DOC_STRING:
  case VF_DOC_RAW: put(r, v->text, v->length); return;
  case VF_DOC_U64: vf_text_printf(&t, "%" PRIu64, v->number); break;
  case VF_DOC_I64: vf_text_printf(&t, "%" PRId64, v->signed_number); break;
  case VF_DOC_HUNDREDTHS:
    vf_text_printf(&t, "%" PRIu64 ".%02" PRIu64, v->number / 100, v->number % 100);
    break;
  case VF_DOC_BOOL: vf_text_put(&t, v->number != 0 ? "true" : "false"); break;
  case VF_DOC_NULL: return;
  }
  put(r, number, strlen(number));
}

/* A cell begins behind the one before and its NUL; offset 0 is kept for "there is none". */
static void begin_cell(records *r, size_t column) {
  if (r->used + 1 < sizeof r->text)
    r->used++;
  else
    r->cut = true;
  r->text[r->used] = '\0';
  r->cells[column] = r->used;
}

static void leave_row(records *r) {
  for (size_t i = 0; i < r->n_keys; i++)
    if (r->cells[i] > r->shared) r->cells[i] = 0;
  r->used = r->shared;
  r->row = r->silent = r->list = 0;
}

void vf_records_open(vf_doc *d, const char *key, char bracket, bool row) {
  records *r = d->state;
  uint32_t depth = d->depth + 1; /* of what is opened */
  if (r->silent != 0 || r->list != 0) {
    if (r->silent == 0) r->silent = depth; /* a list of lists, or of objects */
    return;
  }
  if (row && r->row == 0) {
    r->row = depth;
    r->path[0] = '\0';
    return;
  }
  if (r->row == 0) return;
  if (key == NULL || row || depth - r->row >= MOST_DEPTH) {
    r->silent = depth;
  } else if (bracket == '[') {
    r->list = depth;
    r->list_column = MOST_COLUMNS;
    size_t n = strlen(r->path);
    vf_text t = vf_text_on(r->path + n, sizeof r->path - n);
    r->path_ends[depth - r->row] = (uint32_t)n;
    vf_text_put(&t, key);
  } else {
    size_t n = strlen(r->path);
    vf_text t = vf_text_on(r->path + n, sizeof r->path - n);
    r->path_ends[depth - r->row] = (uint32_t)n;
    vf_text_printf(&t, "%s.", key);
  }
}

void vf_records_close(vf_doc *d, char bracket, vf_records_line line) {
  records *r = d->state;
  uint32_t depth = d->depth + 1; /* of what is closed */
  const char *cells[MOST_COLUMNS];
  (void)bracket;
  if (r->silent != 0) {
    if (depth == r->silent) r->silent = 0;
    return;
  }
  if (r->row == 0 || depth < r->row) return;
  if (depth > r->row) {
    r->list = 0;
    r->path[r->path_ends[depth - r->row]] = '\0';
    return;
  }
  if (d->pass == 1) {
    for (size_t i = 0; i < r->n_keys; i++) cells[i] = r->keys[i];
    if (!r->headed) line(d->out, cells, r->n_keys, true);
    r->headed = true;
    for (size_t i = 0; i < r->n_keys; i++) cells[i] = r->cells[i] != 0 ? r->text + r->cells[i] : "";
    line(d->out, cells, r->n_keys, false);
  }
  leave_row(r);
}

/* What the document says of itself, as far as it is not about the format. */
static bool is_shared(const vf_doc *d, const records *r, const char *key) {
  return r->row == 0 && d->depth == 1 && key != NULL && strcmp(key, "format_version") != 0;
}

void vf_records_value(vf_doc *d, const char *key, const vf_doc_value *v) {
  records *r = d->state;
  bool shared = is_shared(d, r, key);
  bool plain = v->kind != VF_DOC_RAW || v->length == 0 || strchr("{[", v->text[0]) == NULL;
  if (!plain || r->silent != 0 || (r->row == 0 && !shared)) return;
  if (shared && d->rows > 0) return;
  if (r->list != 0) {
    if (r->list_column == MOST_COLUMNS) {
      r->list_column = find_column(r, r->path, "");
      if (r->list_column == MOST_COLUMNS) return;
      begin_cell(r, r->list_column);
    } else {
      put(r, " ", 1);
    }
    put_value(r, v);
    return;
  }
  if (key == NULL) return;
  size_t column = find_column(r, r->row != 0 ? r->path : "", key);
  if (column == MOST_COLUMNS) return;
  begin_cell(r, column);
  put_value(r, v);
  if (shared) r->shared = r->used;
}

vf_status vf_records_check(const vf_doc *d, vf_error *err) {
  const records *r = d->state;
  if (!r->cut) return VF_OK;
  return vf_fail(
      err, VF_LIMIT,
      "a row has more than %d columns or %d bytes, which %s cannot hold here: --json has "
      "all of it",
      MOST_COLUMNS, TEXT_BYTES, d->format->name);
}
