/* embed.c - build-time tool: the catalogs under data/ as C.
 *
 * usage: vf_embed OUT.c DATA_DIR FILE...      (FILE: models/x.json or gpus/x.json, below DATA_DIR)
 *
 * The files are checked by the same strict scan as users' files; ids and aliases must be unique.
 * The text of an entry goes into the program as it stands, without the white space; with them the
 * keys that an entry may have, from the schemas. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "readers/catalog_build.h"
#include "readers/config.h"
#include "readers/files.h"
#include "readers/json/json_scan.h"

static vf_arena *arena;

static void die(const vf_error *err) {
  char line[640];
  vf_error_line(err, line, sizeof line);
  fprintf(stderr, "vf_embed: %s\n", line);
  exit(2);
}

static void *must(void *p) {
  if (p != NULL) return p;
  fprintf(stderr, "vf_embed: out of memory, or a file cannot be written\n");
  exit(2);
}

static char *read_text(const char *dir, const char *file, size_t *length) {
  char path[4096], *text;
  vf_error err;
  snprintf(path, sizeof path, "%s/%s", dir, file);
  if (vf_files_read(&text, length, vf_file_system(), path, VF_JSON_FILE_BYTES, arena, &err) !=
      VF_OK)
    die(&err);
  return text;
}

/* ---- Writing ---------------------------------------------------------------------------- */

static void write_text(FILE *out, const char *s, size_t length) {
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
  fputs("\"\n", out);
}

/* Length of the text: behind the last string. */
static size_t text_length(const vf_catalog *c) {
  if (c->n_rows == 0) return 1;
  return (size_t)c->rows[c->n_rows - 1].json + c->rows[c->n_rows - 1].length + 1;
}

static void write_catalog(FILE *out, const vf_catalog *c, const char *symbol) {
  fprintf(out, "\nstatic const char %s_text[] =\n", symbol);
  write_text(out, c->text, text_length(c));
  fprintf(out, "  ;\nstatic const vf_catalog_row %s_rows[] = {\n", symbol);
  for (size_t i = 0; i < c->n_rows; i++)
    fprintf(out, "  {%u, %u, %u, %u},\n", c->rows[i].id, c->rows[i].file, c->rows[i].json,
            c->rows[i].length);
  if (c->n_rows == 0) fputs("  {0, 0, 0, 0},\n", out);
  fprintf(out, "};\nstatic const vf_catalog_name %s_names[] = {\n", symbol);
  for (size_t i = 0; i < c->n_names; i++)
    fprintf(out, "  {%u, %u},\n", c->names[i].name, c->names[i].row);
  if (c->n_names == 0) fputs("  {0, 0},\n", out);
  fprintf(out, "};\nstatic const vf_catalog_key %s_name_keys[] = {\n", symbol);
  for (size_t i = 0; i < c->n_keys; i++)
    fprintf(out, "  {%u, %u, %uU, %u},\n", c->keys[i].key, c->keys[i].row, c->keys[i].mask,
            c->keys[i].spare);
  if (c->n_keys == 0) fputs("  {0, 0, 0, 0},\n", out);
  fputs("};\n", out);
}

/* The keys of one definition of a schema: "$defs.model.properties.KEY.…". */
static void write_keys(FILE *out, const vf_facts *schema, const char *definition,
                       const char *symbol) {
  char prefix[80];
  const char *last = "";
  size_t last_length = 0;
  size_t n = (size_t)snprintf(prefix, sizeof prefix, "$defs.%s.properties.", definition);
  fprintf(out, "\nstatic const char *const %s_keys[] = {\n", symbol);
  for (size_t i = 0; i < schema->count; i++) {
    if (strncmp(schema->items[i].key, prefix, n) != 0) continue;
    const char *key = schema->items[i].key + n;
    size_t length = strcspn(key, ".");
    if (length == last_length && memcmp(key, last, length) == 0) continue;
    fprintf(out, "  \"%.*s\",\n", (int)length, key);
    last = key;
    last_length = length;
  }
  fputs("  0,\n};\n", out);
}

static void write_all(FILE *out, const vf_catalog catalogs[VF_CATALOG_KINDS], const char *dir) {
  char file[128];
  fputs("/* Made from data/ by vf_embed: do not edit. */\n#include \"readers/catalog.h\"\n", out);
  for (int i = 0; i < VF_CATALOG_KINDS; i++) {
    vf_error err;
    size_t length;
    const vf_catalog_words *words = &vf_catalog_kinds[i];
    write_catalog(out, &catalogs[i], words->array);
    snprintf(file, sizeof file, "schemas/%s.schema.json", words->folder);
    char *text = read_text(dir, file, &length);
    vf_facts schema = vf_facts_in(arena, file);
    if (vf_config_parse(&schema, text, length, &err) != VF_OK) die(&err);
    write_keys(out, &schema, words->entry, words->array);
  }
  fputs("\nconst vf_catalog vf_builtin_catalogs[VF_CATALOG_KINDS] = {\n", out);
  for (int i = 0; i < VF_CATALOG_KINDS; i++) {
    const char *a = vf_catalog_kinds[i].array;
    fprintf(out, "  {%s_text, %s_rows, %s_names, %s_name_keys, %u, %u, %u},\n", a, a, a, a,
            catalogs[i].n_rows, catalogs[i].n_names, catalogs[i].n_keys);
  }
  fputs("};\n\nconst char *const *const vf_catalog_keys[VF_CATALOG_KINDS] = {\n", out);
  for (int i = 0; i < VF_CATALOG_KINDS; i++)
    fprintf(out, "  %s_keys,\n", vf_catalog_kinds[i].array);
  fputs("};\n", out);
}

int main(int argc, char **argv) {
  if (argc < 4) {
    fprintf(stderr, "usage: vf_embed OUT.c DATA_DIR FILE...\n");
    return 2;
  }
  vf_error err;
  vf_catalog_build *build;
  vf_catalog catalogs[VF_CATALOG_KINDS];
  arena = must(vf_arena_new(&vf_default_allocator, (size_t)512 << 20));
  if (vf_catalog_build_new(&build, arena, &err) != VF_OK) die(&err);
  for (int i = 3; i < argc; i++) {
    size_t length;
    char *text = read_text(argv[2], argv[i], &length);
    if (vf_catalog_build_add(build, argv[i], text, length, &err) != VF_OK) die(&err);
  }
  if (vf_catalog_build_finish(build, catalogs, &err) != VF_OK) die(&err);
  FILE *out = must(fopen(argv[1], "w"));
  write_all(out, catalogs, argv[2]);
  vf_arena_free(arena);
  return fclose(out) == 0 ? 0 : 2;
}
