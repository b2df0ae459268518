/* embed.c - build-time tool: the catalogs under data/ as C.
 *
 * usage: vf_embed OUT.c DATA_DIR FILE...      (FILE: models/x.json, gpus/x.json…, below DATA_DIR)
 *
 * Each file is an object whose "models", "gpus", "nodes" or "classes" array holds entries.  They
 * are checked by the same strict scan as users' files; ids and aliases are normalized and must be
 * unique, over devices and nodes together, as --gpu takes both.  The text of an entry goes into the
 * program as it stands, without the white space; that of a device or a node once more without what
 * a lookup has no use for (names, notes, sources), which is most of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "base/status.h"
#include "readers/config.h"
#include "readers/file.h"
#include "readers/json_scan.h"

enum { MAX_ENTRIES = 10000, MAX_NAMES = 100000, CATALOGS = 4 };

typedef struct name {
  char text[VF_NAME_SIZE];
  size_t entry;
} name;

typedef struct entry {
  char *id, *file, *json;
  size_t length;
  char *figures; /* NULL: json itself */
  size_t figures_length;
} entry;

typedef struct catalog {
  const char *array;  /* key in the files */
  const char *symbol; /* name in C */
  bool wordy;         /* its entries are kept without words, too */
  entry *entries;
  size_t n_entries;
  name *names;
  size_t n_names;
} catalog;

static catalog catalogs[CATALOGS] = {
    {.array = "models", .symbol = "models"},
    {.array = "gpus", .symbol = "gpus", .wordy = true},
    {.array = "classes", .symbol = "gpu_classes", .wordy = true},
    {.array = "nodes", .symbol = "nodes", .wordy = true},
};

/* Places in catalogs[] of the two that share one space of names. */
enum { GPUS = 1, NODES = 3 };

static vf_arena *arena;

static void die(const vf_error *err) {
  char line[640];
  vf_error_line(err, line, sizeof line);
  fprintf(stderr, "vf_embed: %s\n", line);
  exit(2);
}

static void *must(void *p) {
  if (p != NULL) return p;
  fprintf(stderr, "vf_embed: out of memory\n");
  exit(2);
}

/* ---- Reading ---------------------------------------------------------------------------- */

/* Copies JSON without white space between tokens. */
static char *minified(const char *text, size_t length, size_t *out_length) {
  char *out = must(vf_arena_alloc(arena, length + 1, 1));
  size_t n = 0;
  bool in_string = false;
  for (size_t i = 0; i < length; i++) {
    if (!in_string && strchr(" \t\r\n", text[i]) != NULL) continue;
    if (text[i] == '"') in_string = !in_string;
    out[n++] = text[i];
    if (in_string && text[i] == '\\') out[n++] = text[++i];
  }
  *out_length = n;
  return out;
}

/* Other names (they are in the index), and what is for people alone. */
static bool is_for_people(const char *key, size_t length) {
  static const char *const keys[] = {"notes",   "sources", "source",
                                     "aliases", "pci_ids", "precisions"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (strlen(keys[i]) == length && memcmp(keys[i], key, length) == 0) return true;
  return false;
}

/* Copies minified JSON without the members that no estimate asks for.  A first member stays. */
static char *figures_of(const char *json, size_t length, size_t *out_length) {
  char *out = must(vf_arena_alloc(arena, length + 1, 1));
  vf_json_scan s = vf_json_scan_over(json, length);
  size_t n = 0, copied = 0;
  vf_json_token t;
  vf_error err;
  do {
    if (vf_json_next(&s, &t, &err) != VF_OK) die(&err);
    if (t != VF_JSON_KEY || !is_for_people(json + s.start, s.end - s.start)) continue;
    size_t comma = s.start - 2; /* before the opening quote */
    if (json[comma] != ',') continue;
    memcpy(out + n, json + copied, comma - copied);
    n += comma - copied;
    if (vf_json_next(&s, &t, &err) != VF_OK || vf_json_skip(&s, t, &err) != VF_OK) die(&err);
    copied = s.at;
  } while (t != VF_JSON_END);
  memcpy(out + n, json + copied, length - copied);
  *out_length = n + length - copied;
  return out;
}

static void add_name(catalog *c, const char *text, size_t e) {
  name *n = &c->names[c->n_names++];
  if (c->n_names > MAX_NAMES || !vf_name_normalize(n->text, text)) {
    fprintf(stderr, "vf_embed: name '%s' is too long\n", text);
    exit(2);
  }
  n->entry = e;
}

static void add_entry(catalog *c, const char *file, const char *text, size_t length) {
  vf_error err;
  vf_facts facts = vf_facts_in(arena, file);
  if (vf_config_parse(&facts, text, length, &err) != VF_OK) die(&err);
  const char *id = vf_facts_string(&facts, "id", NULL);
  if (id == NULL || c->n_entries == MAX_ENTRIES) {
    vf_fail_at(&err, VF_MALFORMED, file, "/id", "entry %zu has no id", c->n_entries);
    die(&err);
  }
  entry *e = &c->entries[c->n_entries];
  e->id = must(vf_arena_copy(arena, id, strlen(id)));
  e->file = must(vf_arena_copy(arena, file, strlen(file)));
  e->json = minified(text, length, &e->length);
  if (c->wordy) e->figures = figures_of(e->json, e->length, &e->figures_length);
  add_name(c, id, c->n_entries);
  const vf_fact *aliases = vf_facts_find(&facts, "aliases");
  for (size_t i = 0; aliases != NULL && i < aliases->as.array.count; i++)
    add_name(c, aliases->as.array.items[i].as.string, c->n_entries);
  const char *repo = vf_facts_string(&facts, "hf_repo", NULL);
  if (repo != NULL) add_name(c, repo, c->n_entries);
  c->n_entries++;
}

static catalog *catalog_for(const char *key, size_t length) {
  for (size_t i = 0; i < CATALOGS; i++)
    if (strlen(catalogs[i].array) == length && memcmp(catalogs[i].array, key, length) == 0)
      return &catalogs[i];
  return NULL;
}

static vf_json_token next(vf_json_scan *s, const char *file) {
  vf_error err;
  vf_json_token token;
  if (vf_json_next(s, &token, &err) == VF_OK) return token;
  vf_error_set_source(&err, file);
  die(&err);
  return VF_JSON_END;
}

/* The entries of one array; `s` stands just behind the opening bracket. */
static void read_array(vf_json_scan *s, catalog *c, const char *file) {
  for (vf_json_token t = next(s, file); t != VF_JSON_ARRAY_END; t = next(s, file)) {
    size_t from = s->start;
    vf_error err;
    if (vf_json_skip(s, t, &err) != VF_OK) die(&err);
    if (c != NULL) add_entry(c, file, s->text + from, s->end - from);
  }
}

static void read_file(const char *dir, const char *file) {
  char path[4096], *text;
  size_t length;
  vf_error err;
  snprintf(path, sizeof path, "%s/%s", dir, file);
  if (vf_file_read(&text, &length, path, VF_JSON_FILE_BYTES, arena, &err) != VF_OK) die(&err);
  vf_json_scan s = vf_json_scan_over(text, length);
  next(&s, file);
  while (next(&s, file) == VF_JSON_KEY) {
    catalog *c = catalog_for(text + s.start, s.end - s.start);
    vf_json_token value = next(&s, file);
    if (value == VF_JSON_ARRAY)
      read_array(&s, c, file);
    else if (vf_json_skip(&s, value, &err) != VF_OK)
      die(&err);
  }
}

/* ---- Checking --------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b) {
  return strcmp(((const name *)a)->text, ((const name *)b)->text);
}

/* Sorts the names; one that stands for two entries is an error, one that repeats is dropped. */
static void sort_names(catalog *c) {
  size_t kept = 0;
  qsort(c->names, c->n_names, sizeof *c->names, compare_names);
  for (size_t i = 0; i < c->n_names; i++) {
    bool repeats = kept > 0 && strcmp(c->names[kept - 1].text, c->names[i].text) == 0;
    if (!repeats) {
      c->names[kept++] = c->names[i];
      continue;
    }
    if (c->names[kept - 1].entry == c->names[i].entry) continue;
    fprintf(stderr, "vf_embed: '%s' names both %s and %s\n", c->names[i].text,
            c->entries[c->names[kept - 1].entry].id, c->entries[c->names[i].entry].id);
    exit(2);
  }
  c->n_names = kept;
}

/* No name may stand for a device and for a node; both lists are sorted. */
static void check_apart(const catalog *a, const catalog *b) {
  for (size_t i = 0, k = 0; i < a->n_names && k < b->n_names;) {
    int order = strcmp(a->names[i].text, b->names[k].text);
    if (order == 0) {
      fprintf(stderr, "vf_embed: '%s' names a device and a node\n", a->names[i].text);
      exit(2);
    }
    if (order < 0)
      i++;
    else
      k++;
  }
}

/* ---- Writing ---------------------------------------------------------------------------- */

/* One string of the catalog's text, with its terminator; returns where the next one starts. */
static size_t write_text(FILE *out, size_t at, const char *s, size_t length) {
  fputs("  \"", out);
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)s[i];
    if (i > 0 && i % 4000 == 0) fputs("\"\n  \"", out);
    if (c == '"' || c == '\\')
      fprintf(out, "\\%c", c);
    else if (c < 0x20 || c >= 0x7F)
      fprintf(out, "\\%03o", c);
    else
      fputc(c, out);
  }
  fputs("\\0\"\n", out);
  return at + length + 1;
}

/* Where the parts of an entry start in the text. */
typedef struct place {
  size_t id, file, json, figures;
} place;

/* The names lie together, apart from the entries, and so do the figures of the entries, apart from
 * the whole of them: a lookup touches few pages. */
static void write_entries(FILE *out, size_t at, const catalog *c, place *places) {
  for (size_t i = 0; i < c->n_entries; i++) {
    const entry *e = &c->entries[i];
    places[i].id = at;
    at = write_text(out, at, e->id, strlen(e->id));
    places[i].file = at;
    at = write_text(out, at, e->file, strlen(e->file));
    places[i].figures = at;
    if (e->figures != NULL) at = write_text(out, at, e->figures, e->figures_length);
  }
  for (size_t i = 0; i < c->n_entries; i++) {
    places[i].json = at;
    at = write_text(out, at, c->entries[i].json, c->entries[i].length);
  }
}

static void write_rows(FILE *out, const catalog *c, const place *places) {
  fprintf(out, "  ;\nstatic const vf_catalog_row %s_rows[] = {\n", c->symbol);
  for (size_t i = 0; i < c->n_entries; i++) {
    const entry *e = &c->entries[i];
    bool split = e->figures != NULL;
    fprintf(out, "  {%zu, %zu, %zu, %zu, %zu, %zu},\n", places[i].id, places[i].file,
            places[i].json, e->length, split ? places[i].figures : places[i].json,
            split ? e->figures_length : e->length);
  }
}

static void write_catalog(FILE *out, const catalog *c) {
  size_t at = 0, *starts = must(calloc(c->n_names + 1, sizeof *starts));
  place *places = must(calloc(c->n_entries + 1, sizeof *places));
  fprintf(out, "\nstatic const char %s_text[] =\n", c->symbol);
  for (size_t i = 0; i < c->n_names; i++) {
    starts[i] = at;
    at = write_text(out, at, c->names[i].text, strlen(c->names[i].text));
  }
  write_entries(out, at, c, places);
  write_rows(out, c, places);
  fprintf(out, "};\nstatic const vf_catalog_name %s_names[] = {\n", c->symbol);
  for (size_t i = 0; i < c->n_names; i++)
    fprintf(out, "  {%zu, %zu},\n", starts[i], c->names[i].entry);
  fprintf(out, "};\nconst vf_catalog vf_builtin_%s = {%s_text, %s_rows, %s_names, %zu, %zu};\n",
          c->symbol, c->symbol, c->symbol, c->symbol, c->n_entries, c->n_names);
  free(starts);
  free(places);
}

int main(int argc, char **argv) {
  if (argc < 4) {
    fprintf(stderr, "usage: vf_embed OUT.c DATA_DIR FILE...\n");
    return 2;
  }
  arena = must(vf_arena_new(&vf_default_allocator, (size_t)512 << 20));
  for (size_t i = 0; i < CATALOGS; i++) {
    catalogs[i].entries = must(calloc(MAX_ENTRIES, sizeof(entry)));
    catalogs[i].names = must(calloc(MAX_NAMES + 1, sizeof(name)));
  }
  for (int i = 3; i < argc; i++) read_file(argv[2], argv[i]);
  FILE *out = must(fopen(argv[1], "w"));
  fputs("/* Made from data/ by vf_embed: do not edit. */\n#include \"readers/catalog.h\"\n", out);
  for (size_t i = 0; i < CATALOGS; i++) sort_names(&catalogs[i]);
  check_apart(&catalogs[GPUS], &catalogs[NODES]);
  for (size_t i = 0; i < CATALOGS; i++) {
    write_catalog(out, &catalogs[i]);
    free(catalogs[i].entries);
    free(catalogs[i].names);
  }
  vf_arena_free(arena);
  return fclose(out) == 0 ? 0 : 2;
}
