/* graph.c - the operations that an engine's allocator is played with, for who looks for the one
 * that does not match. */
#include <inttypes.h>
#include <stdio.h>

#include "base/args.h"
#include "base/status.h"
#include "core/estimate.h"
#include "deploy/setup.h"
#include "engines/engine.h"
#include "look/listing.h"
#include "vramfit/deploy.h"

enum column {
  COLUMN_LAYER,
  COLUMN_NODE,
  COLUMN_KIND,
  COLUMN_WEIGHT,
  COLUMN_SOURCES,
  COLUMN_DEVICE,
  COLUMN_BYTES,
  COLUMN_OFFSET,
  COLUMN_PEAK,
  COLUMNS
};

static const vf_column columns[COLUMNS] = {
    [COLUMN_LAYER] = {"layer", "layer", VF_CELL_TEXT},
    [COLUMN_NODE] = {"node", "node", VF_CELL_NUMBER},
    [COLUMN_KIND] = {"memory", "memory", VF_CELL_TEXT},
    [COLUMN_WEIGHT] = {"weight", "weight", VF_CELL_TEXT},
    [COLUMN_SOURCES] = {"reads", "reads", VF_CELL_TEXT},
    [COLUMN_DEVICE] = {"device", "device", VF_CELL_NUMBER},
    [COLUMN_BYTES] = {"B", "bytes", VF_CELL_NUMBER},
    [COLUMN_OFFSET] = {"at", "offset_bytes", VF_CELL_NUMBER},
    [COLUMN_PEAK] = {"buffer so far", "buffer_bytes", VF_CELL_NUMBER},
};

static vf_cell number(uint64_t n) {
  return (vf_cell){.number = n, .known = true};
}

static void see(void *user, const vf_graph_event *e) {
  vf_listing *l = user;
  char text[VF_GRAPH_SOURCES * 12], layer[16] = "-";
  vf_text sources = vf_text_on(text, sizeof text);
  vf_cell *row = vf_listing_row(l);
  if (row == NULL) {
    l->failed = true;
    return;
  }
  text[0] = '\0';
  for (uint32_t i = 0; i < e->n_sources; i++)
    vf_text_printf(&sources, "%s%" PRIu32, i > 0 ? " " : "", e->sources[i]);
  if (e->made_in != UINT32_MAX) snprintf(layer, sizeof layer, "%" PRIu32, e->made_in);
  row[COLUMN_LAYER] = vf_listing_text(l, layer);
  row[COLUMN_NODE] = number(e->number);
  row[COLUMN_KIND] = vf_listing_text(l, e->kind);
  row[COLUMN_WEIGHT] = vf_listing_text(l, e->label);
  row[COLUMN_SOURCES] = vf_listing_text(l, text);
  row[COLUMN_DEVICE] = number(e->backend);
  row[COLUMN_BYTES] = number(e->bytes);
  row[COLUMN_OFFSET] = number(e->offset);
  row[COLUMN_PEAK] = number(e->peak_bytes);
}

static vf_status watch(vf_listing *l, const vf_context *ctx, const vf_setup *setup, vf_error *err) {
  const vf_graph_watch watcher = {see, l};
  vf_estimate *e;
  vf_status status = vf_estimate_new(&e, ctx, err);
  if (status != VF_OK) return status;
  e->watch = &watcher;
  status = vf_setup_estimate(e, setup, err);
  if (status == VF_OK && l->n_rows == 0 && !l->failed)
    status = vf_fail(err, VF_UNSUPPORTED,
                     "no graph is played for this model in %s: its memory is worked out otherwise",
                     e->engine->name);
  vf_estimate_free(e);
  return status;
}

vf_status vf_graph_list(vf_listing **out, const vf_context *ctx, const vf_deployment *deployment,
                        vf_error *err) {
  VF_NEED(err, out);
  VF_NEED(err, ctx);
  VF_NEED(err, deployment);
  vf_setup *setup;
  vf_listing *l;
  vf_status status = vf_setup_open(&setup, ctx, deployment, err);
  if (status != VF_OK) return status;
  status = vf_listing_new(&l, ctx, err);
  if (status == VF_OK) {
    l->what = "operations";
    l->one = "operation";
    l->columns = columns;
    l->n_columns = COLUMNS;
    l->note =
        "a node lies in its device's buffer at an offset; \"over\" takes an operand's memory. "
        "The last device is the host.";
    status = vf_listing_done(out, l, watch(l, ctx, setup, err), err);
  }
  vf_setup_free(setup);
  return status;
}
