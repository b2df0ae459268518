/* grid.h - a table of many estimates, in each of its forms. */
#ifndef VF_REPORT_GRID_H
#define VF_REPORT_GRID_H

#include "report/out.h"
#include "solve/grid.h"

vf_status vf_grid_write_table(vf_out *out, const vf_grid *g, vf_cell_shows shows,
                              const vf_report_options *options, vf_error *err);
vf_status vf_grid_write_markdown(vf_out *out, const vf_grid *g, vf_cell_shows shows,
                                 const vf_report_options *options, vf_error *err);
void vf_grid_write_csv(vf_out *out, const vf_grid *g, vf_cell_shows shows,
                       const vf_report_options *options);

#endif
