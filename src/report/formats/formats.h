/* formats.h - the formats that documents are written in, one file each. */
#ifndef VF_REPORT_FORMATS_FORMATS_H
#define VF_REPORT_FORMATS_FORMATS_H

#include "report/document.h"

extern const vf_doc_format vf_format_json, vf_format_csv, vf_format_markdown;

/* One cell, quoted where it has to be; a text with nothing in it that is markup. */
void vf_csv_cell(vf_out *out, const char *s);
void vf_markdown_text(vf_out *out, const char *s);

#endif
