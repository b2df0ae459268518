/* read_command.c - what one launch line says, as JSON: for the checks against real lines.
 *
 * usage: read_command <LINE      (the text on standard input)
 * Prints engine, parameters by their keys ("unset" for what a variable would say), words that were
 * passed over, remarks, or the error. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "deploy/command.h"

static void put_string(const char *s) {
  putchar('"');
  for (; *s != '\0'; s++) {
    if (*s == '\1') continue; /* the mark of what is not known */
    if (*s == '"' || *s == '\\') putchar('\\');
    if ((unsigned char)*s < ' ')
      printf("\\u%04x", (unsigned)*s);
    else
      putchar(*s);
  }
  putchar('"');
}

static void put_pair(const char *key, const char *value, bool first) {
  printf("%s", first ? "" : ", ");
  put_string(key);
  printf(": ");
  put_string(value);
}

static void put_parameters(const vf_command *c) {
  const vf_deployment *d = vf_command_so_far(c);
  size_t n;
  const vf_unstated *unset = vf_command_unstated(c, &n);
  bool first = true;
  printf("\"parameters\": {");
  for (size_t i = 0; i < VF_PARAM_COUNT; i++) {
    char text[8192];
    vf_text t = vf_text_on(text, sizeof text);
    if (!vf_param_is_set(&vf_params[i], d) && !vf_command_states(c, &vf_params[i])) continue;
    if (vf_params[i].kind == VF_KIND_TEXT && !vf_param_is_set(&vf_params[i], d)) continue;
    vf_param_print(&vf_params[i], d, VF_MEASURE_SUFFIX, &t);
    put_pair(vf_params[i].info.key, text, first);
    first = false;
  }
  printf("}, \"unset\": [");
  for (size_t i = 0; i < n; i++) {
    printf("%s{", i > 0 ? ", " : "");
    put_pair(unset[i].param != NULL ? unset[i].param->info.key : "", unset[i].word, true);
    printf("}");
  }
  printf("]");
}

static void put_lists(vf_command *c) {
  vf_deployment d;
  const char *const *passed = vf_command_passed(c);
  printf(", \"passed\": [");
  for (size_t i = 0; passed[i] != NULL; i++) {
    printf("%s", i > 0 ? ", " : "");
    put_string(passed[i]);
  }
  printf("], \"taken\": [");
  size_t n;
  const char *const *taken = vf_command_taken(c, &n);
  for (size_t i = 0; i < n; i++) {
    printf("%s", i > 0 ? ", " : "");
    put_string(taken[i]);
  }
  printf("], \"remarks\": [");
  n = vf_command_remarks(c, &d);
  for (size_t i = 0; i < n; i++) {
    printf("%s", i > 0 ? ", " : "");
    put_string(d.remarks[i].text);
  }
  printf("]");
}

int main(void) {
  static char line[1 << 20];
  vf_error err = {.status = VF_OK};
  vf_context *ctx;
  vf_command *c = NULL;
  size_t n = fread(line, 1, sizeof line - 1, stdin);
  line[n] = '\0';
  vf_status status = vf_context_new(&ctx, NULL, &err);
  if (status == VF_OK) status = vf_command_new(&c, ctx, &err);
  if (status == VF_OK) status = vf_command_read_text(c, line, NULL, NULL, &err);
  printf("{");
  if (status != VF_OK) {
    char text[800];
    vf_error_line(&err, text, sizeof text);
    put_pair("error", text, true);
  } else {
    put_pair("engine", vf_command_so_far(c)->request.engine, true);
    printf(", ");
    put_parameters(c);
    put_lists(c);
  }
  printf("}\n");
  vf_command_free(c);
  vf_context_free(ctx);
  return 0;
}
