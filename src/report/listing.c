/* listing.c - a list of catalog entries; one entry whole. */
#include "look/listing.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/args.h"
#include "base/decimal.h"
#include "base/status.h"
#include "base/units.h"
#include "report/document.h"
#include "report/out.h"

enum { CELL_BYTES = 96, LABEL_WIDTH = 24, MAX_COLUMNS = 24 };

/* ---- Cells ------------------------------------------------------------------------------ */

static bool is_number(vf_cell_kind kind) {
  return kind != VF_CELL_TEXT && kind != VF_CELL_LIST;
}

/* "671 B", "8.03 B", "494 M" */
static void put_params(vf_text *t, uint64_t n) {
  static const struct {
    uint64_t unit;
    const char *name;
  } units[] = {{UINT64_C(1000000000000), "T"}, {1000000000, "B"}, {1000000, "M"}, {1000, "k"}};
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    if (n < units[i].unit) continue;
    double value = (double)n / (double)units[i].unit;
    int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    vf_text_printf(t, "%s %s", vf_fixed(value, decimals).text, units[i].name);
    return;
  }
  vf_text_printf(t, "%" PRIu64, n);
}

static void put_list(vf_text *t, const char *list) {
  for (const char *s = list; *s != '\0'; s += strlen(s) + 1) {
    if (s != list) vf_text_put(t, ", ");
    vf_text_escaped(t, s, strlen(s));
  }
}

static void put_cell(vf_text *t, vf_cell_kind kind, const vf_cell *c, vf_unit unit) {
  if (!c->known) return;
  switch (kind) {
  case VF_CELL_TEXT: vf_text_escaped(t, c->text, strlen(c->text)); break;
  case VF_CELL_LIST: put_list(t, c->text); break;
  case VF_CELL_NUMBER: vf_text_thousands(t, c->number); break;
  case VF_CELL_PARAMS: put_params(t, c->number); break;
  case VF_CELL_BYTES: vf_text_size(t, c->number, unit, 2); break;
  case VF_CELL_SPEED:
    vf_text_printf(t, "%" PRIu64 ".%" PRIu64, c->number / 1000, c->number % 1000 / 100);
    break;
  case VF_CELL_CENTI:
    vf_text_printf(t, "%" PRIu64 ".%02" PRIu64, c->number / 100, c->number % 100);
    break;
  }
}

/* ---- The table -------------------------------------------------------------------------- */

static void make_title(char out[CELL_BYTES], const vf_column *c, vf_unit unit) {
  snprintf(out, CELL_BYTES, "%s%s%s", c->title, c->kind == VF_CELL_BYTES ? " " : "",
           c->kind == VF_CELL_BYTES ? vf_unit_name(unit) : "");
}

static void make_cell(char out[CELL_BYTES], const vf_listing *l, size_t row, size_t column,
                      vf_unit unit) {
  vf_text t = vf_text_on(out, CELL_BYTES);
  out[0] = '\0';
  put_cell(&t, l->columns[column].kind, &l->cells[row * l->n_columns + column], unit);
}

static void measure(size_t widths[MAX_COLUMNS], const vf_listing *l, vf_unit unit) {
  char text[CELL_BYTES];
  for (size_t c = 0; c < l->n_columns; c++) {
    widths[c] = 0;
    if (l->columns[c].title == NULL) continue;
    make_title(text, &l->columns[c], unit);
    widths[c] = vf_text_columns(text);
    for (size_t r = 0; r < l->n_rows; r++) {
      make_cell(text, l, r, c, unit);
      if (vf_text_columns(text) > widths[c]) widths[c] = vf_text_columns(text);
    }
  }
}

/* The last column is not padded: no line ends in blanks. */
static void put_padded(vf_out *out, const char *text, size_t width, bool right, bool last) {
  size_t blanks = width - vf_text_columns(text);
  if (right) vf_out_printf(out, "%*s", (int)blanks, "");
  vf_out_put(out, text);
  if (!right && !last) vf_out_printf(out, "%*s", (int)blanks, "");
}

static size_t last_column(const vf_listing *l, size_t row) {
  size_t last = 0;
  for (size_t c = 0; c < l->n_columns; c++) {
    bool there = row == SIZE_MAX || l->cells[row * l->n_columns + c].known;
    if (l->columns[c].title != NULL && there) last = c;
  }
  return last;
}

/* row SIZE_MAX: the titles. */
static void put_row(vf_out *out, const vf_listing *l, size_t row, const size_t *widths,
                    vf_unit unit) {
  char text[CELL_BYTES];
  size_t last = last_column(l, row);
  for (size_t c = 0; c <= last; c++) {
    if (l->columns[c].title == NULL) continue;
    if (row == SIZE_MAX)
      make_title(text, &l->columns[c], unit);
    else
      make_cell(text, l, row, c, unit);
    vf_out_put(out, c == 0 ? "" : "  ");
    put_padded(out, text, widths[c], is_number(l->columns[c].kind), c == last);
  }
  vf_out_put(out, "\n");
}

static void write_table(vf_out *out, const vf_listing *l, vf_unit unit) {
  size_t widths[MAX_COLUMNS];
  measure(widths, l, unit);
  put_row(out, l, SIZE_MAX, widths, unit);
  for (size_t r = 0; r < l->n_rows; r++) put_row(out, l, r, widths, unit);
  if (l->note != NULL) vf_out_printf(out, "\n%s\n", l->note);
}

/* ---- One entry -------------------------------------------------------------------------- */

static void put_value(vf_text *t, const cJSON *value);

static void put_members(vf_text *t, const cJSON *value) {
  bool array = cJSON_IsArray(value);
  for (const cJSON *c = value->child; c != NULL; c = c->next) {
    if (!array) {
      vf_text_escaped(t, c->string, strlen(c->string));
      vf_text_put(t, " ");
    }
    put_value(t, c);
    if (c->next != NULL) vf_text_put(t, ", ");
  }
}

/* A value in a line of its own; the text is cut where the line ends. */
static void put_value(vf_text *t, const cJSON *value) {
  if (cJSON_IsString(value)) {
    vf_text_escaped(t, value->valuestring, strlen(value->valuestring));
  } else if (cJSON_IsNumber(value)) {
    bool whole = value->valuedouble >= 0 && value->valuedouble < 9e15 &&
                 value->valuedouble == (double)(uint64_t)value->valuedouble;
    if (whole)
      vf_text_thousands(t, (uint64_t)value->valuedouble);
    else
      vf_text_put(t, vf_general(value->valuedouble, 6).text);
  } else if (cJSON_IsBool(value)) {
    vf_text_put(t, cJSON_IsTrue(value) ? "yes" : "no");
  } else if (value->child != NULL && t->length < t->size) {
    put_members(t, value);
  }
}

/* A list of objects takes a line for each of them. */
static void put_line(vf_out *out, const char *label, const cJSON *value) {
  char buf[600];
  if (cJSON_IsArray(value) && cJSON_IsObject(value->child)) {
    for (const cJSON *c = value->child; c != NULL; c = c->next)
      put_line(out, c == value->child ? label : "", c);
    return;
  }
  vf_text t = vf_text_on(buf, sizeof buf);
  put_value(&t, value);
  vf_out_printf(out, "  %-*s ", LABEL_WIDTH, label);
  vf_out_text(out, &t);
  vf_out_put(out, t.length >= t.size ? "…\n" : "\n");
}

/* ---- Ways to run a workload ------------------------------------------------------------- */

enum { VARIANT_COLUMNS = 22, VARIANT_SIZE_COLUMNS = 16, FIGURE_COLUMNS = 10 };

static const char *string_of(const cJSON *object, const char *key) {
  const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
  return cJSON_IsString(value) ? value->valuestring : "";
}

static uint64_t mib_at(const cJSON *sizes, int i) {
  const cJSON *value = cJSON_GetArrayItem(sizes, i);
  return cJSON_IsNumber(value) && value->valuedouble > 0 ? (uint64_t)value->valuedouble * VF_MIB
                                                         : 0;
}

/* "bf16, 1024x1024, model CPU offload": everything but figures and where they are from. */
static void text_conditions(vf_text *t, const cJSON *variant) {
  static const char *const keys[] = {"dtype", "implementation", "resolution", "conditions"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    const char *value = string_of(variant, keys[i]);
    if (value[0] == '\0') continue;
    if (t->length > 0) vf_text_put(t, ", ");
    vf_text_escaped(t, value, strlen(value));
  }
}

static void put_variant(vf_out *out, const cJSON *variant, vf_unit unit) {
  char buf[400];
  const cJSON *sizes = cJSON_GetObjectItemCaseSensitive(variant, "memory_mib");
  vf_text t = vf_text_on(buf, sizeof buf);
  const char *id = string_of(variant, "id");
  vf_text_escaped(&t, id, strlen(id));
  vf_out_put(out, "  ");
  vf_out_left(out, buf, VARIANT_COLUMNS);
  t = vf_text_on(buf, sizeof buf);
  vf_text_interval(&t, (vf_interval){mib_at(sizes, 0), mib_at(sizes, 1), mib_at(sizes, 2)}, unit);
  vf_text_printf(&t, " %s", vf_unit_name(unit));
  vf_out_right(out, buf, VARIANT_SIZE_COLUMNS);
  vf_out_put(out, "  ");
  vf_out_left(out, string_of(variant, "quality"), FIGURE_COLUMNS);
  t = vf_text_on(buf, sizeof buf);
  text_conditions(&t, variant);
  vf_out_text(out, &t);
  vf_out_put(out, "\n");
}

static bool was_named(const cJSON *variants, const cJSON *before) {
  for (const cJSON *c = variants->child; c != before; c = c->next)
    if (strcmp(string_of(c, "source"), string_of(before, "source")) == 0) return true;
  return false;
}

/* A line for each, and below them where the figures are from. */
static void put_variants(vf_out *out, const cJSON *variants, vf_unit unit) {
  vf_out_put(out, "\n  variants, NAME:VARIANT for one of them\n");
  for (const cJSON *c = variants->child; c != NULL; c = c->next) put_variant(out, c, unit);
  vf_out_put(out, "\n  figures from\n");
  for (const cJSON *c = variants->child; c != NULL; c = c->next) {
    char buf[600];
    vf_text t = vf_text_on(buf, sizeof buf);
    const char *source = string_of(c, "source");
    if (source[0] == '\0' || was_named(variants, c)) continue;
    vf_text_escaped(&t, source, strlen(source));
    vf_out_put(out, "    ");
    vf_out_text(out, &t);
    vf_out_put(out, "\n");
  }
}

/* ---- One entry, whole ------------------------------------------------------------------- */

static void put_sources(vf_out *out, const cJSON *sources) {
  vf_out_put(out, "\n  sources\n");
  for (const cJSON *c = sources->child; c != NULL; c = c->next) {
    char buf[600];
    vf_text t = vf_text_on(buf, sizeof buf);
    put_value(&t, c);
    if (c->string != NULL) vf_out_printf(out, "    %s: ", c->string);
    if (c->string == NULL) vf_out_put(out, "    ");
    vf_out_text(out, &t);
    vf_out_put(out, "\n");
  }
}

static bool is_shown_elsewhere(const char *key) {
  static const char *const keys[] = {"id", "name", "sources", "task", "variants"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (strcmp(key, keys[i]) == 0) return true;
  return false;
}

/* What was worked out comes first, then the entry as it stands. */
static void write_entry(vf_out *out, const vf_listing *l, const cJSON *entry, vf_unit unit) {
  char text[CELL_BYTES];
  for (size_t c = 0; c < l->n_columns; c++) {
    if (l->columns[c].title == NULL || !l->cells[c].known) continue;
    make_cell(text, l, 0, c, unit);
    if (c == 0)
      vf_out_printf(out, "%s   %s\n\n", text, l->entry.file);
    else
      vf_out_printf(out, "  %-*s %s%s%s\n", LABEL_WIDTH, l->columns[c].title, text,
                    l->columns[c].kind == VF_CELL_BYTES ? " " : "",
                    l->columns[c].kind == VF_CELL_BYTES ? vf_unit_name(unit) : "");
  }
  vf_out_put(out, "\n");
  for (const cJSON *c = entry->child; c != NULL; c = c->next)
    if (!is_shown_elsewhere(c->string)) put_line(out, c->string, c);
  const cJSON *variants = cJSON_GetObjectItemCaseSensitive(entry, "variants");
  if (variants != NULL) put_variants(out, variants, unit);
  const cJSON *sources = cJSON_GetObjectItemCaseSensitive(entry, "sources");
  if (sources != NULL) put_sources(out, sources);
}

/* ---- JSON ------------------------------------------------------------------------------- */

static void json_cell(vf_doc *j, const vf_column *column, const vf_cell *c) {
  if (!c->known) return;
  if (column->kind == VF_CELL_TEXT) {
    vf_doc_string(j, column->key, c->text);
  } else if (column->kind == VF_CELL_LIST) {
    vf_doc_open(j, column->key, '[');
    for (const char *s = c->text; *s != '\0'; s += strlen(s) + 1) vf_doc_string(j, NULL, s);
    vf_doc_close(j, ']');
  } else {
    vf_doc_u64(j, column->key, c->number);
  }
}

static void json_row(vf_doc *j, const vf_listing *l, size_t row) {
  for (size_t c = 0; c < l->n_columns; c++)
    json_cell(j, &l->columns[c], &l->cells[row * l->n_columns + c]);
}

static void events(vf_doc *j, const void *result) {
  const vf_listing *l = result;
  vf_doc_open(j, NULL, '{');
  vf_doc_string(j, "format_version", VF_DOC_VERSION);
  if (l->entry.json != NULL) {
    vf_doc_open_row(j, l->one);
    json_row(j, l, 0);
    vf_doc_string(j, "file", l->entry.file);
    vf_doc_raw(j, "entry", l->entry.json, l->entry.length);
    vf_doc_close(j, '}');
  } else {
    vf_doc_open(j, l->what, '[');
    for (size_t r = 0; r < l->n_rows; r++) {
      vf_doc_open_row(j, NULL);
      json_row(j, l, r);
      vf_doc_close(j, '}');
    }
    vf_doc_close(j, ']');
  }
  vf_doc_close(j, '}');
}

/* ---- Writing ---------------------------------------------------------------------------- */

vf_status vf_listing_write(const vf_listing *listing, const vf_report_options *options,
                           vf_write_fn write, void *user, vf_error *err) {
  const vf_listing *l = listing;
  vf_out out;
  vf_report_options o;
  VF_NEED(err, listing);
  VF_NEED(err, write);
  vf_status status = vf_out_start(&out, &o, options, write, user, err);
  if (status != VF_OK) return status;
  const vf_doc_format *format = vf_doc_format_get(o.format);
  if (format != NULL) return vf_document_write(&out, format, events, l, err);
  if (l->entry.json != NULL) {
    cJSON *entry = cJSON_ParseWithLength(l->entry.json, l->entry.length);
    if (entry == NULL) return vf_fail_nomem(err);
    write_entry(&out, l, entry, o.unit);
    cJSON_Delete(entry);
  } else {
    write_table(&out, l, o.unit);
  }
  return vf_out_finish(&out, err);
}

size_t vf_listing_size(const vf_listing *l) {
  return l != NULL ? l->n_rows : 0;
}

void vf_listing_free(vf_listing *l) {
  if (l != NULL) vf_arena_free(l->arena);
}
