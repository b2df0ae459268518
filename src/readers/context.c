/* context.c - what everything else needs: memory, files and catalogs. */
#include "base/args.h"
#include "base/status.h"
#include "readers/catalog.h"

/* What the options leave unsaid is malloc and the file system. */
static vf_status take_options(vf_context *out, const vf_context_options *options, vf_error *err) {
  vf_context_options o = vf_context_options_init();
  vf_status status = vf_take_struct(&o, sizeof o, options, "vf_context_options", err);
  *out = (vf_context){.allocator = vf_default_allocator, .files = *vf_file_system(), .n_layers = 1};
  out->layers[0] = vf_builtin_catalogs;
  if (status == VF_OK && o.allocator != NULL) out->allocator = *o.allocator;
  if (status == VF_OK && o.files != NULL) out->files = vf_files_init();
  if (status == VF_OK && o.files != NULL)
    status = vf_take_struct(&out->files, sizeof out->files, o.files, "vf_files", err);
  if (status != VF_OK) return status;
  if (out->allocator.alloc == NULL || out->allocator.free == NULL)
    return vf_fail(err, VF_USAGE, "vf_allocator: alloc and free both have to be set");
  if (out->files.look == NULL || out->files.open == NULL || out->files.read == NULL)
    return vf_fail(err, VF_USAGE, "vf_files: look, open and read all have to be set");
  return VF_OK;
}

vf_status vf_context_new(vf_context **out, const vf_context_options *options, vf_error *err) {
  vf_context own;
  VF_NEED(err, out);
  vf_status status = take_options(&own, options, err);
  if (status != VF_OK) return status;
  vf_context *ctx = own.allocator.alloc(own.allocator.user, sizeof *ctx);
  if (ctx == NULL) return vf_fail_nomem(err);
  *ctx = own;
  *out = ctx;
  return VF_OK;
}

void vf_context_free(vf_context *ctx) {
  if (ctx == NULL) return;
  const vf_allocator allocator = ctx->allocator;
  for (size_t i = 0; i < ctx->n_layers; i++)
    if (ctx->arenas[i] != NULL) vf_arena_free(ctx->arenas[i]);
  allocator.free(allocator.user, ctx);
}
