/* records.h - a document's rows as lines of one table, for CSV and Markdown.
 *
 * Every row is a record.  Columns are what any row has, in the order in which they first come;
 * what stands in an object within it is named with a dot, a list of plain values is one cell, and
 * lists of objects are left to JSON.  What the document itself says before its rows is in all of
 * them. */
#ifndef VF_REPORT_FORMATS_RECORDS_H
#define VF_REPORT_FORMATS_RECORDS_H

#include "report/document.h"

/* Writes one line; cells[i] is "" where the row has no such column. */
typedef void (*vf_records_line)(vf_out *out, const char *const *cells, size_t count, bool heading);

void vf_records_open(vf_doc *d, const char *key, char bracket, bool row);
void vf_records_close(vf_doc *d, char bracket, vf_records_line line);
void vf_records_value(vf_doc *d, const char *key, const vf_doc_value *v);

/* VF_LIMIT if something did not fit a row. */
vf_status vf_records_check(const vf_doc *d, vf_error *err);

#endif
