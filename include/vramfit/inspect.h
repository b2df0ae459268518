/* inspect.h - what a file, the catalogs and this machine hold.
 *
 * SPDX-License-Identifier: MIT */
#ifndef VRAMFIT_INSPECT_H
#define VRAMFIT_INSPECT_H

#include "vramfit/vramfit.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Looking into a model --------------------------------------------------------------- */

/* What a model file, a folder of weights, a config or a catalog entry holds. */
typedef struct vf_inspection vf_inspection;

/* Tensors in one format. */
typedef struct vf_format_share {
  vf_format format;
  uint64_t tensors, elements, bytes;
} vf_format_share;

/* Layers that are alike. */
typedef struct vf_layer_group {
  uint32_t layers;
  char text[160]; /* "attention 32 heads, 8 for keys × 128; feed-forward 14336" */
} vf_layer_group;

/* What one sequence's cache takes in one format. */
typedef struct vf_cache_cost {
  vf_format format;
  uint64_t bytes_per_token;        /* of layers that keep every token */
  uint64_t window_bytes_per_token; /* of layers that keep the last tokens only */
} vf_cache_cost;

/* One tensor, or `count` equal ones. */
typedef struct vf_tensor_row {
  const char *name;
  uint64_t ne[4];
  uint64_t bytes; /* of one */
  uint32_t count;
  vf_format format;
} vf_tensor_row;

/* Strings and lists belong to the inspection; 0 and "": not known or not there. */
typedef struct vf_inspection_info {
  const char *ref;          /* as it was named */
  const char *kind;         /* "GGUF file", "checkpoint", "config", "catalog entry" */
  const char *name;         /* general.name, or the catalog's id */
  const char *architecture; /* as a GGUF file names it, else a config */
  const char *quant;
  uint64_t n_params, n_active_params;
  uint64_t n_tensors;    /* of files: as stored; else as derived */
  uint64_t data_bytes;   /* of all tensors */
  uint64_t file_bytes;   /* of all files as they are */
  uint64_t header_bytes; /* of GGUF files */
  uint64_t max_ctx_tokens;
  uint64_t state_bytes_per_seq; /* recurrent state */
  uint64_t window_tokens;       /* the longest window of any layer */
  uint32_t n_files, n_layers;
  const vf_format_share *formats;
  size_t n_formats;
  const vf_layer_group *layers;
  size_t n_layer_groups;
  const vf_cache_cost *caches;
  size_t n_caches;
  const vf_tensor_row *tensors; /* of files, in their order */
  const uint32_t *by_name;      /* their indices, sorted by name */
  size_t n_rows;
  const char *const *anomalies; /* what is wrong or unusual, a sentence each */
  size_t n_anomalies;
} vf_inspection_info;

/* Looks into what ref names, as for vf_model_open(); reads headers alone.  Files cut short, unknown
 * names, unknown architectures and figures that disagree are anomalies; what cannot be read at all
 * is an error: VF_UNKNOWN, VF_IO, VF_MALFORMED, VF_UNSUPPORTED, VF_LIMIT. */
VF_API VF_MUST_USE vf_status vf_inspect(vf_inspection **out, const vf_context *ctx, const char *ref,
                                        vf_error *err);

/* What was found; it belongs to the inspection.  NULL for NULL. */
VF_API const vf_inspection_info *vf_inspection_info_get(const vf_inspection *inspection);
VF_API void vf_inspection_free(vf_inspection *inspection);

/* ---- What there is ---------------------------------------------------------------------- */

typedef enum vf_list_kind {
  VF_LIST_MODELS = 0,
  VF_LIST_GPUS = 1,
  VF_LIST_NODES = 2,
  VF_LIST_FORMATS = 3,
  VF_LIST_ENGINES = 4,
  VF_LIST_WORKLOADS = 5,
  VF_LIST_COUNT
} vf_list_kind;

/* What is wanted of it.  Bounds belong to the range, 0 is no bound. */
typedef struct vf_list_query {
  size_t struct_size; /* of the caller's struct, as vf_list_query_init() sets it */
  const char *text;   /* a name, or pieces of names; NULL: any */
  const char *family; /* models, workloads: the catalog file they stand in, "qwen" */
  const char *vendor; /* devices, nodes: "nvidia", "amd", "apple"… */
  uint64_t least_params, most_params;
  uint64_t least_bytes, most_bytes; /* devices, nodes, workloads: of memory */
} vf_list_query;

/* A query that asks for everything. */
static inline vf_list_query vf_list_query_init(void) {
  vf_list_query o;
  memset(&o, 0, sizeof o);
  o.struct_size = sizeof o;
  return o;
}

typedef struct vf_listing vf_listing;

/* Lists entries; query may be NULL: everything.  A text that can mean one entry only, and nothing
 * else in the query: that entry whole, with its sources.  VF_UNKNOWN if nothing matches. */
VF_API VF_MUST_USE vf_status vf_list(vf_listing **out, const vf_context *ctx, vf_list_kind kind,
                                     const vf_list_query *query, vf_error *err);

/* How many entries are in it. */
VF_API size_t vf_listing_size(const vf_listing *listing);
VF_API void vf_listing_free(vf_listing *listing);

/* Writes a new entry for the model of a config.json (or a folder that holds one) into
 * FOLDER/models/ID.json, with the facts that count; the path goes to out_path, which has `size`
 * bytes. The config is read as all files are; the entry is written to the file system.  Nothing is
 * written if the model cannot be built (as for vf_model_open()), id is no name or taken (VF_USAGE),
 * the file exists or cannot be written (VF_IO), or the path is too long (VF_LIMIT). */
VF_API VF_MUST_USE vf_status vf_catalog_add_model(char *out_path, size_t size,
                                                  const vf_context *ctx, const char *folder,
                                                  const char *config, const char *id,
                                                  vf_error *err);

/* ---- This machine ----------------------------------------------------------------------- */

/* Main memory.  Of what is not there, 0. */
typedef struct vf_host_memory {
  uint64_t total_bytes;                     /* MemTotal */
  uint64_t free_bytes;                      /* MemAvailable: to be had without swapping */
  uint64_t usable_bytes, usable_free_bytes; /* the same within the limits of a control group */
  uint64_t limit_bytes;                     /* of the control group; 0: none */
  uint64_t swap_bytes, swap_free_bytes;     /* in none of the above */
  uint64_t huge_pages_bytes, huge_pages_free_bytes; /* set aside for those who ask for them */
} vf_host_memory;

/* A device as its driver tells it now. */
typedef struct vf_machine_device {
  vf_device device; /* memory as the driver has it, everything else of the catalog entry; used_bytes
                       is what others hold now.  total - reserved - used is free. */
  uint32_t index;   /* what "auto:N" names */
  bool usable;      /* false: the note says why */
  bool in_catalog;  /* device.id is an entry's */
  bool used_known;  /* false: nobody says what others hold */
  bool integrated;  /* in the processor: "auto" leaves it out where there is another one */
  bool instance;    /* a part of a GPU (MIG) */
  char driver_name[96];            /* as the driver calls it; "": it does not */
  char source[16];                 /* "nvml", "amdgpu", "xe", "i915"… */
  char bus_id[32];                 /* PCI address; "": none */
  uint16_t pci_vendor, pci_device; /* 0: not known */
  uint32_t processes;              /* that compute on it, as far as this process may see them */
  uint64_t process_bytes;          /* what they hold, as far as it is told */
  char note[320];                  /* what is odd; "": nothing */
} vf_machine_device;

/* Strings and lists belong to the machine. */
typedef struct vf_machine_info {
  const vf_machine_device *devices;
  size_t n_devices;
  bool host_known;
  vf_host_memory host;
  const char *driver_version; /* NVIDIA's; "": not known */
  const char *const *notes;   /* what is missing or odd, a line each */
  size_t n_notes;
} vf_machine_info;

/* Where to look. */
typedef struct vf_machine_options {
  size_t struct_size; /* of the caller's struct, as vf_machine_options_init() sets it */
  const char *root;   /* a folder that stands for "/": its proc, sys, dev, etc and usr; NULL: "/" */
  const char *nvml_path; /* NVIDIA's library; NULL: under root, or as the system finds it */
} vf_machine_options;

/* Options to look at this machine. */
static inline vf_machine_options vf_machine_options_init(void) {
  vf_machine_options o;
  memset(&o, 0, sizeof o);
  o.struct_size = sizeof o;
  return o;
}

typedef struct vf_machine vf_machine;

/* Looks at this machine now.  What is missing (a driver, a GPU, a permission) is a note, not an
 * error.  Loads the NVIDIA driver's library for the time of the call, if there is one; reads the
 * kernel's own files, whatever the context's files are.  options may be NULL: this machine.
 * VF_UNSUPPORTED in a library that was built without it. */
VF_API VF_MUST_USE vf_status vf_machine_detect(vf_machine **out, const vf_context *ctx,
                                               const vf_machine_options *options, vf_error *err);

/* What was found; it belongs to the machine.  NULL for NULL. */
VF_API const vf_machine_info *vf_machine_info_get(const vf_machine *machine);
VF_API void vf_machine_free(vf_machine *machine);

/* The devices to estimate for: "auto" is all that one engine can use together, "auto:0,2" those of
 * these numbers, in out[0..*out_count), which has room for `capacity`.  With `empty`, as if nobody
 * held anything.  VF_UNKNOWN says what is missing, VF_USAGE what is no such list, VF_LIMIT that
 * there is no room. */
VF_API VF_MUST_USE vf_status vf_machine_select(vf_device *out, size_t capacity, size_t *out_count,
                                               const vf_machine *machine, const char *text,
                                               bool empty, vf_error *err);

#ifdef __cplusplus
}
#endif
#endif
