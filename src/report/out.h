/* out.h - pieces of text on their way to the caller's write function.
 *
 * Collected into larger pieces; after a failed write everything else is dropped, and the failure
 * is told once, at the end. */
#ifndef VF_REPORT_OUT_H
#define VF_REPORT_OUT_H

#include "base/printf.h"
#include "base/text.h"
#include "vramfit/report.h"

typedef struct vf_out {
  vf_write_fn write;
  void *user;
  bool failed;
  bool ascii;     /* characters beyond ASCII are written as what is like them */
  bool color;     /* vf_out_color() writes anything */
  bool verbatim;  /* lines that are to be copied: never wrapped */
  size_t columns; /* where lines are wrapped; 0: nowhere */
  char letter[4]; /* a character whose bytes are not all there yet */
  size_t n_letter;
  char line[1024]; /* that is wrapped once it is whole */
  size_t n_line;
  size_t used;
  char buf[4096];
} vf_out;

void vf_out_init(vf_out *out, vf_write_fn write, void *user);

/* How every report begins: the caller's options, which may be NULL or an older program's, go to
 * *own, and `out` is ready.  VF_USAGE for what there is not. */
vf_status vf_out_start(vf_out *out, vf_report_options *own, const vf_report_options *options,
                       vf_write_fn write, void *user, vf_error *err);

void vf_out_bytes(vf_out *out, const char *s, size_t length);
void vf_out_put(vf_out *out, const char *s);

/* Text that came from outside, on a page: see vf_text_escaped(). */
void vf_out_escaped(vf_out *out, const char *s);

void vf_out_text(vf_out *out, const vf_text *t);
void vf_out_printf(vf_out *out, const char *fmt, ...) VF_PRINTF(2, 3);

/* n blanks; none if n is negative. */
void vf_out_spaces(vf_out *out, int n);

/* Filled up with blanks to so many columns, behind the text or in front of it. */
void vf_out_left(vf_out *out, const char *s, int columns);
void vf_out_right(vf_out *out, const char *s, int columns);

#define VF_OUT_DIM   "\x1b[2m"
#define VF_OUT_RESET "\x1b[0m"

/* A sequence of ANSI; nothing where there is no colour. */
void vf_out_color(vf_out *out, const char *sequence);

/* Writes what is left; VF_IO if any write failed. */
vf_status vf_out_finish(vf_out *out, vf_error *err);

#endif
