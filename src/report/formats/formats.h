/* formats.h - the formats that documents are written in, one file each. */
#ifndef VF_REPORT_FORMATS_FORMATS_H
#define VF_REPORT_FORMATS_FORMATS_H

#include "report/document.h"

extern const vf_doc_format vf_format_json, vf_format_csv, vf_format_markdown;

/* Of vramfit check alone. */
extern const vf_doc_format vf_format_github, vf_format_junit, vf_format_sarif, vf_format_tap,
    vf_format_codequality, vf_format_baseline, vf_format_summary, vf_format_check_page;

/* One cell, quoted where it has to be; a text with nothing in it that is markup. */
void vf_csv_cell(vf_out *out, const char *s);
void vf_markdown_text(vf_out *out, const char *s);

/* A text without anything that a terminal or a log would act on: control characters and what is no
 * UTF-8 become U+FFFD. */
void vf_plain_text(vf_out *out, const char *s);

/* Two different hashes in 32 hex digits, for formats that want a finding to have a lasting name;
 * nth counts those of one rule in one deployment. */
void vf_fingerprint(char out[33], const char *file, const char *path, const char *rule, size_t nth);

/* How many of the same rule stand before finding i of the case. */
size_t vf_case_nth(const vf_doc_case *c, size_t i);

#endif
