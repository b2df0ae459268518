/* document.h - what a result says, as events that every format takes.
 *
 * A result sends itself once: objects, arrays, fields, verdicts and findings, in an order that
 * reads well.  A format (formats/, one file and one row of formats.c each) makes bytes of them:
 * JSON all of it, CSV and Markdown the rows, formats of pipelines the findings.  Formats that have
 * to know all columns before the first row are sent the same events twice. */
#ifndef VF_REPORT_DOCUMENT_H
#define VF_REPORT_DOCUMENT_H

#include "report/out.h"

#define VF_DOC_VERSION "2.0" /* of all JSON that is written: additions are minor */

typedef enum vf_doc_kind {
  VF_DOC_STRING,
  VF_DOC_U64,
  VF_DOC_I64,
  VF_DOC_HUNDREDTHS, /* a number with two decimals */
  VF_DOC_BOOL,
  VF_DOC_NULL,
  VF_DOC_RAW /* JSON already, of `length` bytes */
} vf_doc_kind;

typedef struct vf_doc_value {
  vf_doc_kind kind;
  const char *text;
  size_t length; /* of VF_DOC_RAW and VF_DOC_STRING */
  uint64_t number;
  int64_t signed_number;
} vf_doc_value;

typedef struct vf_doc vf_doc;

/* What a check finds, for formats that pipelines read. */
typedef struct vf_doc_finding {
  const char *rule, *message;
  const char *level; /* "error", "warning", "note": what it counts here */
  uint32_t line, column;
  const char *const *ways; /* that would help, each tried */
  size_t n_ways;
  bool fails, known; /* known: the baseline has it */
} vf_doc_finding;

/* One deployment. */
typedef struct vf_doc_case {
  const char *file, *path;
  uint32_t line, column;
  const char *subject; /* "vllm Qwen/Qwen3-8B on l4" */
  const char *verdict; /* "fits"; NULL: it is not judged */
  bool failed;
  uint64_t over_bytes; /* of its upper end, beyond what there is */
  const vf_doc_finding *findings;
  size_t n_findings;
} vf_doc_case;

/* A file, or something in it, that was not read. */
typedef struct vf_doc_trouble {
  const char *file, *path, *message;
  uint32_t line, column;
  bool is_error; /* else something was passed over */
} vf_doc_trouble;

typedef struct vf_doc_totals {
  size_t files, deployments, judged, failed, errors, passed;
} vf_doc_totals;

/* A format that takes these in place of objects and fields. */
typedef struct vf_doc_gate {
  void (*start)(vf_doc *d); /* NULL: nothing is to be done; so are the others */
  void (*cases)(vf_doc *d, const char *file, const vf_doc_case *cases, size_t n);
  void (*trouble)(vf_doc *d, const vf_doc_trouble *t);
  void (*end)(vf_doc *d, const vf_doc_totals *t);
} vf_doc_gate;

typedef struct vf_doc_format {
  const char *name; /* as --format takes it */
  bool twice;       /* the events come twice: d->pass is 0, then 1 */
  void (*open)(vf_doc *d, const char *key, char bracket, bool row);
  void (*close)(vf_doc *d, char bracket);
  void (*value)(vf_doc *d, const char *key, const vf_doc_value *v);
  void (*end)(vf_doc *d); /* of each pass; NULL: nothing is to be done */
  vf_status (*check)(const vf_doc *d,
                     vf_error *err); /* what it could not write; NULL: all it can */
  const vf_doc_gate *gate; /* then it has none of the above; NULL: it is made of objects */
} vf_doc_format;

enum { VF_DOC_STATE = 14 << 10 };

struct vf_doc {
  vf_out *out;
  const vf_doc_format *format;
  void *state; /* VF_DOC_STATE bytes of the format's own, cleared */
  uint32_t depth;
  int pass;
  bool color;
  bool first;  /* nothing written yet in the innermost container */
  size_t rows; /* sent so far, in this pass */
};

/* Sends the events of a result. */
typedef void (*vf_doc_events)(vf_doc *d, const void *result);

/* Writes a result in a format of the table; VF_USAGE for one that has no rows where the format is
 * made of them. */
vf_status vf_document_write(vf_out *out, const vf_doc_format *format, vf_doc_events events,
                            const void *result, vf_error *err);

/* The page of a result, set by hand for people. */
typedef void (*vf_page_fn)(vf_out *out, const void *result, const vf_report_options *options);

/* How every result is written: begun, as its page or as its events in the format that is asked
 * for, ended.  A format that `by_hand` names in its bits (1 << VF_REPORT_...) is the page's, too.
 */
vf_status vf_result_write(const vf_report_options *options, unsigned by_hand, vf_page_fn page,
                          vf_doc_events events, const void *result, vf_write_fn write, void *user,
                          vf_error *err);

/* The row of a format; NULL for the hand-set page, which has no events, and for what there is not.
 */
const vf_doc_format *vf_doc_format_get(vf_report_format format);

/* key is NULL inside an array and at the top.  A row is an object that is one line of a table. */
void vf_doc_open(vf_doc *d, const char *key, char bracket);
void vf_doc_open_row(vf_doc *d, const char *key);
void vf_doc_close(vf_doc *d, char bracket);

void vf_doc_string(vf_doc *d, const char *key, const char *value);
void vf_doc_u64(vf_doc *d, const char *key, uint64_t value);
void vf_doc_hundredths(vf_doc *d, const char *key, uint64_t hundredths);
void vf_doc_i64(vf_doc *d, const char *key, int64_t value);
void vf_doc_bool(vf_doc *d, const char *key, bool value);
void vf_doc_null(vf_doc *d, const char *key);

/* A value that is JSON already. */
void vf_doc_raw(vf_doc *d, const char *key, const char *text, size_t length);

#endif
