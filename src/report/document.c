/* document.c - events on their way to a format. */
#include "report/document.h"

#include <string.h>

#include "base/status.h"

void vf_doc_open(vf_doc *d, const char *key, char bracket) {
  d->format->open(d, key, bracket, false);
  d->depth++;
}

void vf_doc_open_row(vf_doc *d, const char *key) {
  d->rows++;
  d->format->open(d, key, '{', true);
  d->depth++;
}

void vf_doc_close(vf_doc *d, char bracket) {
  d->depth--;
  d->format->close(d, bracket);
}

static void send(vf_doc *d, const char *key, vf_doc_value v) {
  d->format->value(d, key, &v);
}

void vf_doc_string(vf_doc *d, const char *key, const char *value) {
  send(d, key, (vf_doc_value){VF_DOC_STRING, .text = value, .length = strlen(value)});
}

void vf_doc_u64(vf_doc *d, const char *key, uint64_t value) {
  send(d, key, (vf_doc_value){VF_DOC_U64, .number = value});
}

void vf_doc_i64(vf_doc *d, const char *key, int64_t value) {
  send(d, key, (vf_doc_value){VF_DOC_I64, .signed_number = value});
}

void vf_doc_bool(vf_doc *d, const char *key, bool value) {
  send(d, key, (vf_doc_value){VF_DOC_BOOL, .number = value});
}

void vf_doc_null(vf_doc *d, const char *key) {
  send(d, key, (vf_doc_value){VF_DOC_NULL});
}

void vf_doc_raw(vf_doc *d, const char *key, const char *text, size_t length) {
  send(d, key, (vf_doc_value){VF_DOC_RAW, .text = text, .length = length});
}

void vf_doc_hundredths(vf_doc *d, const char *key, uint64_t hundredths) {
  send(d, key, (vf_doc_value){VF_DOC_HUNDREDTHS, .number = hundredths});
}

vf_status vf_document_write(vf_out *out, const vf_doc_format *format, vf_doc_events events,
                            const void *result, vf_error *err) {
  union {
    max_align_t align;
    unsigned char bytes[VF_DOC_STATE];
  } state;
  if (format->gate != NULL)
    return vf_fail(err, VF_USAGE, "%s is what vramfit check writes, and nothing else",
                   format->name);
  memset(&state, 0, sizeof state);
  vf_doc d = {.out = out, .format = format, .state = &state};
  for (d.pass = 0; d.pass < (format->twice ? 2 : 1); d.pass++) {
    d.depth = 0;
    d.first = true;
    d.rows = 0;
    events(&d, result);
    if (format->twice && d.rows == 0)
      return vf_fail(err, VF_USAGE, "there is no list in this that could be written as %s",
                     format->name);
    if (format->end != NULL) format->end(&d);
    vf_status status = format->check != NULL ? format->check(&d, err) : VF_OK;
    if (status != VF_OK) return status;
  }
  return vf_out_finish(out, err);
}

vf_status vf_result_write(const vf_report_options *options, unsigned by_hand, vf_page_fn page,
                          vf_doc_events events, const void *result, vf_write_fn write, void *user,
                          vf_error *err) {
  vf_out out;
  vf_report_options o;
  vf_status status = vf_out_start(&out, &o, options, write, user, err);
  if (status != VF_OK) return status;
  const vf_doc_format *format = vf_doc_format_get(o.format);
  if (format != NULL && (by_hand >> o.format & 1) == 0)
    return vf_document_write(&out, format, events, result, err);
  page(&out, result, &o);
  return vf_out_finish(&out, err);
}
