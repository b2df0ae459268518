/* topic.c - topics for people and for programs.
 *
 * The Markdown of docs/explain/ needs little on a terminal: fences and backticks go, examples are
 * set in, titles, commands and the word "Wrong:" stand out where there is colour. */
#include "report/topic.h"

#include <string.h>

#include "base/args.h"
#include "base/names.h"
#include "base/status.h"
#include "report/document.h"
#include "report/out.h"

#define BOLD "\x1b[1m"
#define RED  "\x1b[31m"

typedef struct page {
  vf_out *out;
  bool in_example;
} page;

/* Without backticks. */
static void put_prose(page *p, const char *s, size_t length) {
  static const char wrong[] = "Wrong";
  if (length >= sizeof wrong && memcmp(s, wrong, sizeof wrong - 1) == 0) {
    vf_out_color(p->out, RED);
    vf_out_bytes(p->out, s, sizeof wrong - 1);
    vf_out_color(p->out, VF_OUT_RESET);
    s += sizeof wrong - 1;
    length -= sizeof wrong - 1;
  }
  for (size_t i = 0; i < length; i++)
    if (s[i] != '`') vf_out_bytes(p->out, s + i, 1);
}

static void put_example(page *p, const char *s, size_t length) {
  bool command = length > 1 && s[0] == '$';
  if (length > 1) vf_out_put(p->out, "    ");
  if (command) vf_out_color(p->out, BOLD);
  vf_out_bytes(p->out, s, length);
  if (command) vf_out_color(p->out, VF_OUT_RESET);
}

static void put_line(page *p, const char *s, size_t length) {
  if (length >= 3 && memcmp(s, "```", 3) == 0)
    p->in_example = !p->in_example;
  else if (p->in_example)
    put_example(p, s, length);
  else
    put_prose(p, s, length);
}

static void put_topic(page *p, const vf_topic *topic) {
  vf_out_color(p->out, BOLD);
  vf_out_put(p->out, topic->title);
  vf_out_color(p->out, VF_OUT_RESET);
  vf_out_put(p->out, "\n");
  for (const char *s = topic->text; *s != '\0';) {
    size_t length = strcspn(s, "\n") + 1;
    put_line(p, s, length);
    s += length;
  }
}

static void put_list(page *p) {
  for (size_t i = 0; i < vf_n_topics; i++) {
    vf_out_printf(p->out, "  %-17s ", vf_topics[i].name);
    vf_out_put(p->out, vf_topics[i].title);
    vf_out_put(p->out, "\n");
  }
}

/* One topic, or all of them. */
static void events(vf_doc *j, const void *result) {
  const vf_topic *topic = result;
  vf_doc_open(j, NULL, '{');
  vf_doc_string(j, "format_version", VF_DOC_VERSION);
  vf_doc_open(j, "topics", '[');
  for (size_t i = 0; i < vf_n_topics; i++) {
    if (topic != NULL && topic != &vf_topics[i]) continue;
    vf_doc_open_row(j, NULL);
    vf_doc_string(j, "name", vf_topics[i].name);
    vf_doc_string(j, "title", vf_topics[i].title);
    if (topic != NULL) vf_doc_string(j, "markdown", vf_topics[i].text);
    vf_doc_close(j, '}');
  }
  vf_doc_close(j, ']');
  vf_doc_close(j, '}');
}

/* Other words for a topic. */
static const struct {
  const char *word, *topic;
} other_words[] = {
    {"kv", "kv-cache"},
    {"cache", "kv-cache"},
    {"context", "kv-cache"},
    {"prompt-cache", "verdict"},
    {"growth", "verdict"},
    {"fits", "verdict"},
    {"tight", "verdict"},
    {"risky", "verdict"},
    {"no-fit", "verdict"},
    {"exit-status", "verdict"},
    {"vram", "unified-memory"},
    {"metal", "unified-memory"},
    {"gib", "gib-gb"},
    {"gb", "gib-gb"},
    {"quant", "quantization"},
    {"formats", "quantization"},
    {"tp", "tensor-parallel"},
    {"experts", "moe"},
    {"ngl", "offload"},
    {"decode", "speed"},
    {"prefill", "speed"},
    {"tokens/s", "speed"},
    {"buffers", "compute-buffer"},
    {"swa", "sliding-window"},
};

static const char *topic_of_word(const char *name) {
  for (size_t i = 0; i < sizeof other_words / sizeof *other_words; i++)
    if (vf_name_equal(name, other_words[i].word)) return other_words[i].topic;
  return name;
}

static vf_status find_topic(const vf_topic **out, const char *word, vf_error *err) {
  const char *names[64] = {NULL}, *name = topic_of_word(word);
  for (size_t i = 0; i < vf_n_topics && i + 1 < sizeof names / sizeof *names; i++) {
    names[i] = vf_topics[i].name;
    *out = &vf_topics[i];
    if (vf_name_equal(name, vf_topics[i].name)) return VF_OK;
  }
  const char *nearest = vf_nearest_name(name, names);
  if (nearest == NULL)
    return vf_fail(err, VF_UNKNOWN, "no topic '%.60s' (vramfit explain lists %zu)", name,
                   vf_n_topics);
  return vf_fail(err, VF_UNKNOWN, "no topic '%.60s': did you mean %s?", name, nearest);
}

static void put_page(vf_out *out, const void *result, const vf_report_options *options) {
  page p = {.out = out};
  (void)options;
  if (result != NULL)
    put_topic(&p, result);
  else
    put_list(&p);
}

vf_status vf_topic_write(const char *name, const vf_report_options *options, vf_write_fn write,
                         void *user, vf_error *err) {
  const vf_topic *topic = NULL;
  VF_NEED(err, write);
  vf_status status = name != NULL ? find_topic(&topic, name, err) : VF_OK;
  if (status != VF_OK) return status;
  return vf_result_write(options, 0, put_page, events, topic, write, user, err);
}
