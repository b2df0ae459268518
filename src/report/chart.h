/* chart.h - what the pictures share: segments of a bar, round numbers for an axis. */
#ifndef VF_REPORT_CHART_H
#define VF_REPORT_CHART_H

#include "report/out.h"

/* Parts of a budget, and behind them the host's side of a unified pool, what the worst case has
 * more than is expected, and what may come with use. */
enum { VF_CHART_HOST = VF_PART_COUNT, VF_CHART_WORST, VF_CHART_GROWTH, VF_CHART_SEGMENTS };

typedef struct vf_segment_look {
  const char *name;
  const char *fill;    /* SVG colour */
  const char *ansi;    /* terminal colour */
  const char *unicode; /* a column of it */
  char ascii;
} vf_segment_look;

extern const vf_segment_look vf_segment_looks[VF_CHART_SEGMENTS];

/* Bytes of the segments of one budget, or of one point of a curve. */
void vf_chart_budget(uint64_t out[VF_CHART_SEGMENTS], const vf_device_budget *b);
void vf_chart_point(uint64_t out[VF_CHART_SEGMENTS], const vf_curve_point *p);

/* A round step (1, 2 or 5 times a power of ten of `unit`; of two where binary) that divides `most`
 * into at most `steps`. */
uint64_t vf_chart_step(uint64_t most, uint64_t unit, unsigned steps, bool binary);

/* "32k", "1M": tokens as people type them; exact otherwise. */
void vf_chart_tokens(vf_text *t, uint64_t tokens);

/* How many devices from i on have the same budget: one bar stands for all of them. */
size_t vf_chart_alike(const vf_device_budget *b, size_t n_devices, size_t i);

/* Devices that take part: those with anything on them, and no host beside others. */
bool vf_chart_shows(const vf_device_budget *b, size_t n_devices);

/* What SVG documents share: their beginning with a title, text, and bytes as pixels. */
void vf_svg_begin(vf_out *out, int width, int height, const char *title);
void vf_svg_escaped(vf_out *out, const char *s);
void vf_svg_text(vf_out *out, int x, int y, const char *anchor, const char *class_name,
                 const char *text);
int vf_svg_scale(uint64_t bytes, uint64_t all, int pixels);

void vf_chart_text(vf_out *out, const vf_estimate *e, const vf_curve *curve,
                   const vf_plot_options *options);
void vf_chart_svg(vf_out *out, const vf_estimate *e, const vf_curve *curve,
                  const vf_plot_options *options);

#endif
