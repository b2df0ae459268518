/* embed_topics.c - build-time tool: the topics under docs/explain/ as C.
 *
 * usage: vf_embed_topics OUT.c FILE.md...
 *
 * A topic is called as its file; its first line is its title ("# Title").  The text goes into the
 * program as it stands: what is told there is what the documentation's tests run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 1024 };

static void die(const char *file, const char *why) {
  fprintf(stderr, "vf_embed_topics: %s: %s\n", file, why);
  exit(2);
}

static void write_string(FILE *out, const char *s) {
  fputc('"', out);
  for (; *s != '\0'; s++) {
    unsigned char c = (unsigned char)*s;
    if (c == '"' || c == '\\')
      fprintf(out, "\\%c", c);
    else if (c < 0x20 || c >= 0x7F)
      fprintf(out, "\\%03o", c);
    else
      fputc(c, out);
  }
  fputc('"', out);
}

/* "docs/explain/moe.md" is "moe". */
static void write_name(FILE *out, const char *path) {
  const char *slash = strrchr(path, '/'), *base = slash != NULL ? slash + 1 : path;
  const char *dot = strrchr(base, '.');
  if (dot == NULL || strcmp(dot, ".md") != 0) die(path, "is not called NAME.md");
  fprintf(out, "  {\"%.*s\", ", (int)(dot - base), base);
}

static void write_topic(FILE *out, const char *path) {
  char line[LINE_BYTES];
  FILE *in = fopen(path, "r");
  if (in == NULL) die(path, "cannot be read");
  if (fgets(line, sizeof line, in) == NULL || strncmp(line, "# ", 2) != 0)
    die(path, "does not begin with its title");
  line[strcspn(line, "\n")] = '\0';
  write_name(out, path);
  write_string(out, line + 2);
  fputs(",\n", out);
  while (fgets(line, sizeof line, in) != NULL) {
    if (strchr(line, '\n') == NULL) die(path, "a line is too long");
    fputs("   ", out);
    write_string(out, line);
    fputs("\n", out);
  }
  fputs("   \"\"},\n", out);
  fclose(in);
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: vf_embed_topics OUT.c FILE.md...\n");
    return 2;
  }
  FILE *out = fopen(argv[1], "w");
  if (out == NULL) die(argv[1], "cannot be written");
  fputs("/* Made from docs/explain/ by vf_embed_topics: do not edit. */\n"
        "#include \"report/topic.h\"\n\nconst vf_topic vf_topics[] = {\n",
        out);
  for (int i = 2; i < argc; i++) write_topic(out, argv[i]);
  fprintf(out, "};\nconst size_t vf_n_topics = %d;\n", argc - 2);
  return fclose(out) == 0 ? 0 : 2;
}
