/* vramfit.h - does this model fit on this hardware, with how much headroom, and if not, what would?
 *
 * The whole public interface of libvramfit.  Handles are opaque and owned by the caller; numbers
 * travel in plain structs.  Every function that can fail returns a vf_status, leaves its outputs
 * untouched on failure and fills the caller's vf_error (which may be NULL).  The library never
 * prints, exits, aborts or opens the network; it keeps no mutable global state, so different
 * handles may be used from different threads at once.
 *
 * Units are in the names: _bytes are bytes (1 GiB = 2^30 bytes, 1 GB = 10^9), _tokens are tokens.
 *
 * SPDX-License-Identifier: MIT */
#ifndef VRAMFIT_H
#define VRAMFIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VF_VERSION "0.1.0"

#if defined(__GNUC__)
#define VF_API      __attribute__((visibility("default")))
#define VF_MUST_USE __attribute__((warn_unused_result))
#else
#define VF_API
#define VF_MUST_USE
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Status and errors ------------------------------------------------------------------ */

/* Every way to fail: name, value (pinned: part of the ABI), words. */
#define VF_STATUS_MAP(X)                                                                           \
  X(OK, 0, "no error")                                                                             \
  X(NOMEM, 1, "out of memory")                                                                     \
  X(USAGE, 2, "a value that makes no sense")                                                       \
  X(IO, 3, "a file cannot be read or written")                                                     \
  X(MALFORMED, 4, "a file is not what it says it is")                                              \
  X(UNKNOWN, 5, "a name that is not known")                                                        \
  X(UNSUPPORTED, 6, "a combination that the engine refuses or vramfit does not know")              \
  X(OVERFLOW, 7, "sizes beyond 64 bits")                                                           \
  X(LIMIT, 8, "a documented limit is exceeded")

typedef enum vf_status {
#define VF_STATUS_ENUM(name, value, text) VF_##name = value,
  VF_STATUS_MAP(VF_STATUS_ENUM)
#undef VF_STATUS_ENUM
} vf_status;

/* What went wrong, where and why.  Fixed size and caller-owned, so that running out of memory can
 * be told too.  Fields that do not apply are empty or 0. */
typedef struct vf_error {
  vf_status status;
  char message[320]; /* one sentence, with what to do about it */
  char source[160];  /* file, catalog entry or option that it came from */
  char path[128];    /* JSON pointer or key inside the source */
  uint32_t line;     /* 1-based line in the source; 0: does not apply */
  uint32_t column;   /* 1-based column, in bytes */
  uint64_t offset;   /* byte offset in a binary source; meaningful if line is 0 and offset is not */
} vf_error;

/* The words of VF_STATUS_MAP; never NULL. */
VF_API const char *vf_status_text(vf_status status);

/* Writes the error as one line without newline, "source: line 3, /path: message", with control
 * characters escaped; returns the length that it has, cut to size - 1. */
VF_API size_t vf_error_line(const vf_error *err, char *buf, size_t size);

/* ---- Context ---------------------------------------------------------------------------- */

/* Memory comes from here; both functions must be set.  alloc returns NULL when it has none.  JSON
 * trees alone come from cJSON, that is from malloc or what cJSON_InitHooks set. */
typedef struct vf_allocator {
  void *(*alloc)(void *user, size_t size);
  void (*free)(void *user, void *ptr);
  void *user;
} vf_allocator;

/* Catalogs and allocator.  Immutable once made: one context may serve many threads. */
typedef struct vf_context vf_context;

/* allocator may be NULL: malloc and free. */
VF_API vf_status vf_context_new(vf_context **out, const vf_allocator *allocator, vf_error *err);
VF_API void vf_context_free(vf_context *ctx);

/* Adds users' own entries: a folder with models/, gpus/, nodes/ and workloads/ in it, a folder of
 * files, or one file.  Of entries with the same name, those of the catalog that was added first
 * count, before the built-in ones.  Everything is checked; on failure nothing is added and the
 * context is as before. To be called before the context is shared by threads. */
VF_API vf_status vf_context_add_catalog(vf_context *ctx, const char *path, vf_error *err);

typedef enum vf_catalog_kind {
  VF_CATALOG_MODELS,
  VF_CATALOG_GPUS,
  VF_CATALOG_NODES,
  VF_CATALOG_WORKLOADS, /* programs with measured memory: speech, images, video, embeddings */
  VF_CATALOG_COUNT
} vf_catalog_kind;

/* Entries of a catalog, and the id of entry i (NULL beyond the end), in catalog order. */
VF_API size_t vf_catalog_size(const vf_context *ctx, vf_catalog_kind kind);
VF_API const char *vf_catalog_id(const vf_context *ctx, vf_catalog_kind kind, size_t i);

/* ---- Formats ---------------------------------------------------------------------------- */

/* How numbers are stored: the ggml types, the plain ones, those of a safetensors file, and what the
 * quantization methods of a checkpoint store their values in (their scales are counted with the
 * tensor).  Block sizes: vf_format_info. */
typedef enum vf_format {
  VF_FORMAT_NONE,
  VF_FORMAT_F32,
  VF_FORMAT_F16,
  VF_FORMAT_BF16,
  VF_FORMAT_Q4_0,
  VF_FORMAT_Q4_1,
  VF_FORMAT_Q5_0,
  VF_FORMAT_Q5_1,
  VF_FORMAT_Q8_0,
  VF_FORMAT_Q2_K,
  VF_FORMAT_Q3_K,
  VF_FORMAT_Q4_K,
  VF_FORMAT_Q5_K,
  VF_FORMAT_Q6_K,
  VF_FORMAT_IQ1_S,
  VF_FORMAT_IQ1_M,
  VF_FORMAT_IQ2_XXS,
  VF_FORMAT_IQ2_XS,
  VF_FORMAT_IQ2_S,
  VF_FORMAT_IQ3_XXS,
  VF_FORMAT_IQ3_S,
  VF_FORMAT_IQ4_NL,
  VF_FORMAT_IQ4_XS,
  VF_FORMAT_TQ1_0,
  VF_FORMAT_TQ2_0,
  VF_FORMAT_MXFP4,
  VF_FORMAT_NVFP4,
  VF_FORMAT_Q1_0,
  VF_FORMAT_Q8_1,
  VF_FORMAT_Q8_K,
  VF_FORMAT_F64,
  VF_FORMAT_I8,
  VF_FORMAT_I16,
  VF_FORMAT_I32,
  VF_FORMAT_I64,
  VF_FORMAT_U8,
  VF_FORMAT_U16,
  VF_FORMAT_U32,
  VF_FORMAT_U64,
  VF_FORMAT_BOOL,
  VF_FORMAT_F8_E4M3,
  VF_FORMAT_F8_E5M2,
  VF_FORMAT_F8_E8M0,
  VF_FORMAT_F6_E2M3,
  VF_FORMAT_F6_E3M2,
  VF_FORMAT_F4,
  VF_FORMAT_INT8,
  VF_FORMAT_INT6,
  VF_FORMAT_INT5,
  VF_FORMAT_INT4,
  VF_FORMAT_INT3,
  VF_FORMAT_INT2,
  VF_FORMAT_NF4,
  VF_FORMAT_COUNT
} vf_format;

/* A format's arithmetic: bits per element = 8 * block_bytes / block_elements, never a float. */
typedef struct vf_format_info {
  const char *name;        /* as ggml spells it, "q4_K" */
  uint32_t block_elements; /* elements stored together along a row */
  uint32_t block_bytes;
  int32_t gguf_type; /* tensor type id in a GGUF file; -1: none */
  bool quantized;
} vf_format_info;

/* NULL for VF_FORMAT_NONE and out of range. */
VF_API const vf_format_info *vf_format_get(vf_format format);

/* By name, case does not matter; VF_UNKNOWN suggests the nearest. */
VF_API vf_status vf_format_find(vf_format *out, const char *name, vf_error *err);

/* The same for a cache, in the engines' own words too: "fp8", "bfloat16"; "auto" is
 * VF_FORMAT_NONE. */
VF_API vf_status vf_kv_format_find(vf_format *out, const char *name, vf_error *err);

/* ---- Reading what people type ----------------------------------------------------------- */

/* Tokens: "32768", "32k", "1M"; k and M are 1024-based.  0, signs and fractions are errors. */
VF_API vf_status vf_tokens_parse(uint64_t *out_tokens, const char *text, vf_error *err);

/* A size: "24GiB", "24GB", "1.5TiB", "512MiB", "123" (bytes).  GiB is 2^30 bytes, GB is 10^9. */
VF_API vf_status vf_size_parse(uint64_t *out_bytes, const char *text, vf_error *err);

/* The name in names (NULL-terminated list) that is nearest to word, or NULL if none is near. */
VF_API const char *vf_nearest_name(const char *word, const char *const *names);

/* ---- Models ----------------------------------------------------------------------------- */

/* A model as two lists, tensors and cache layers, in one storage format.  Immutable. */
typedef struct vf_model vf_model;

/* What there is to know about a model; strings belong to the model. */
typedef struct vf_model_info {
  const char *id;           /* catalog id, or the path it was read from */
  const char *architecture; /* "llama", "qwen3"…, as a GGUF file names it */
  const char *source;       /* "catalog" or the file's path */
  const char *quant;        /* the recipe its formats come from, "Q4_K_M" */
  uint64_t n_params;        /* every parameter once; tied embeddings are one */
  uint64_t n_active_params; /* read for one token */
  uint64_t weights_bytes;   /* sum over all tensors as stored, before any padding */
  uint64_t max_ctx_tokens;  /* the model's own limit; 0: none is stated */
  uint32_t n_layers;
  uint32_t n_tensors;
  uint64_t n_tower_params; /* of networks for images or sound; part of n_params */
} vf_model_info;

/* Opens a model by catalog id or alias, config.json, or the folder that holds one.
 * quant: "q4_k_m", "q8_0", "bf16", or an engine's short name such as "q4"; NULL: the model's own.
 * engine: as in vf_request. */
VF_API vf_status vf_model_open(vf_model **out, const vf_context *ctx, const char *ref,
                               const char *quant, const char *engine, vf_error *err);

/* The same model in another format. */
VF_API vf_status vf_model_requantize(vf_model **out, const vf_model *model, const char *quant,
                                     const char *engine, vf_error *err);

/* A file of weights that goes beside a model. */
typedef enum vf_part_file {
  VF_FILE_MMPROJ, /* a tower for images or sound, general.type "mmproj" */
  VF_FILE_LORA    /* an adapter, general.type "adapter" */
} vf_part_file;

/* Bytes of the tensors in a GGUF file of that kind (an adapter may be a checkpoint, too); another
 * kind of file is VF_USAGE. */
VF_API vf_status vf_part_file_bytes(uint64_t *out_bytes, const vf_context *ctx, vf_part_file kind,
                                    const char *path, vf_error *err);

VF_API void vf_model_info_get(const vf_model *model, vf_model_info *out);
VF_API void vf_model_free(vf_model *model);

/* ---- Devices ---------------------------------------------------------------------------- */

typedef enum vf_device_kind {
  VF_DEVICE_DISCRETE, /* its own memory */
  VF_DEVICE_UNIFIED,  /* one pool for the operating system, the CPU and the GPU */
  VF_DEVICE_HOST,     /* main memory */
  VF_DEVICE_KIND_COUNT
} vf_device_kind;

/* What runs the kernels: it decides alignments and what a process costs before any model. */
typedef enum vf_backend {
  VF_BACKEND_CPU,
  VF_BACKEND_CUDA,
  VF_BACKEND_ROCM,
  VF_BACKEND_METAL,
  VF_BACKEND_SYCL,  /* Intel GPUs */
  VF_BACKEND_OTHER, /* accelerators that only their vendors' engines drive */
  VF_BACKEND_COUNT
} vf_backend;

/* A size that is known only so well; low <= bytes <= high. */
typedef struct vf_interval {
  uint64_t low_bytes;
  uint64_t bytes; /* the expected value */
  uint64_t high_bytes;
} vf_interval;

/* One device.  capacity = total - reserved - used.  Change the fields at will before estimating. */
typedef struct vf_device {
  char id[48];
  char name[64];
  vf_device_kind kind;
  vf_backend backend;
  bool total_known;            /* false: only the need can be told, no verdict */
  uint64_t total_bytes;        /* what the driver reports; unified: MemTotal */
  uint64_t reserved_bytes;     /* the driver's share; unified: the operating system's */
  uint64_t used_bytes;         /* held by others */
  bool used_is_live;           /* used_bytes was read from the driver: it moves */
  uint64_t headroom_bytes;     /* must stay free for FITS, unless headroom_permille is set */
  uint32_t headroom_permille;  /* same, as a share of the capacity; 0: headroom_bytes counts */
  vf_interval context;         /* what one process costs before it loads anything */
  uint32_t compute_capability; /* CUDA: 89 for 8.9; 0: does not apply */
  uint32_t bandwidth_mb_per_s; /* memory bandwidth in 10^6 bytes per second; 0: unknown */
  /* Of what follows 0 is unknown, or none. */
  uint32_t fp16_gflops; /* dense, 10^9 operations per second; bf16 where there is bf16 */
  uint32_t fp8_gflops, fp4_gflops, int8_gops;
  uint32_t compute_units;     /* SMs, CUs, Xe cores, GPU cores */
  uint32_t link_mb_per_s;     /* NVLink, xGMI… to its peers, both directions together */
  uint32_t pcie_mb_per_s;     /* one direction */
  uint32_t host;              /* which machine it is in, from 0: nodes have their own */
  uint64_t host_memory_bytes; /* main memory of that host */
} vf_device;

/* Parses "h100", "h100x8", "rtx-4090+rtx-3090", "cpu", a MIG instance "h200:1g.18gb", or a node
 * "dgx-h100", "p5.48xlarge" (which stands for its devices) into out[0..*out_count); capacity
 * entries at most. */
VF_API vf_status vf_devices_parse(vf_device *out, size_t capacity, size_t *out_count,
                                  const vf_context *ctx, const char *text, vf_error *err);

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

/* Where to look; {0} is this machine. */
typedef struct vf_machine_options {
  const char *root; /* a folder that stands for "/": its proc, sys, dev, etc and usr; NULL: "/" */
  const char *nvml_path; /* NVIDIA's library; NULL: under root, or as the system finds it */
} vf_machine_options;

typedef struct vf_machine vf_machine;

/* Looks at this machine now.  What is missing (a driver, a GPU, a permission) is a note, not an
 * error.  Loads the NVIDIA driver's library for the time of the call, if there is one. */
VF_API vf_status vf_machine_detect(vf_machine **out, const vf_context *ctx,
                                   const vf_machine_options *options, vf_error *err);
VF_API const vf_machine_info *vf_machine_info_get(const vf_machine *machine);
VF_API void vf_machine_free(vf_machine *machine);

/* The devices to estimate for: "auto" is all that one engine can use together, "auto:0,2" those of
 * these numbers.  With `empty`, as if nobody held anything.  VF_UNKNOWN says what is missing. */
VF_API vf_status vf_machine_select(vf_device *out, size_t capacity, size_t *out_count,
                                   const vf_machine *machine, const char *text, bool empty,
                                   vf_error *err);

/* ---- Requests --------------------------------------------------------------------------- */

typedef enum vf_switch { VF_AUTO, VF_OFF, VF_ON } vf_switch;

/* How several devices share one model. */
typedef enum vf_split {
  VF_SPLIT_LAYER,  /* whole layers on each device (llama.cpp's default) */
  VF_SPLIT_NONE,   /* everything on one device, main_gpu */
  VF_SPLIT_ROW,    /* rows of every matrix: no longer in llama.cpp's CUDA backend */
  VF_SPLIT_TENSOR, /* matrices by rows or columns, caches by heads */
  VF_SPLIT_COUNT
} vf_split;

enum {
  VF_MAX_DEVICES = 128, /* in one estimate, without the host */
  VF_MAX_SEQS = 65536,
};

/* llama.cpp's --override-tensor: tensors whose name has the pattern lie in that buffer. */
typedef struct vf_override {
  const char *pattern; /* a regular expression: "blk\\.[0-9]+\\.ffn_.*_exps" */
  int32_t device;      /* index of a GPU; -1: main memory */
} vf_override;

enum { VF_MAX_OVERRIDES = 16 };

/* What to estimate.  Start from VF_REQUEST_INIT: every default is the engine's own. */
typedef struct vf_request {
  const char *engine;     /* "llama.cpp", "llama.cpp@v0.5.0"; NULL: by the model's format */
  uint64_t ctx_tokens;    /* per sequence; kv_unified: the shared pool; 0: engine's default */
  uint32_t seqs;          /* sequences that must fit at full context; 0: 1 */
  vf_format kv_k, kv_v;   /* VF_FORMAT_NONE: engine's default */
  uint32_t ubatch_tokens; /* llama.cpp's n_ubatch; 0: engine's default */
  uint32_t output_rows;   /* rows of logits reserved; 0: as the engine's server does */
  vf_switch flash_attn;   /* VF_AUTO: where the device can */
  bool kv_unified;        /* one pool of ctx_tokens for all sequences */
  bool swa_full;          /* sliding-window layers keep the whole context */
  bool no_kv_offload;     /* the KV cache stays in host memory */
  int32_t gpu_layers;     /* last N of layers + 1 on the GPU; -1: all */
  bool no_mmap;           /* weights on the host are read into memory, not mapped from the file */
  vf_split split;
  uint32_t main_gpu;            /* of VF_SPLIT_NONE: index of the device; the others do not count */
  const uint32_t *tensor_split; /* proportions per device; NULL: by free memory */
  size_t tensor_split_count;
  uint64_t host_memory_bytes;   /* main memory for what stays on the host; 0: the first device's
                                   host_memory_bytes */
  int64_t prompt_cache_bytes;   /* llama-server's --cache-ram; -1: its default; 0: off */
  uint32_t cpu_moe_layers;      /* experts of the first N layers stay in host memory */
  const vf_override *overrides; /* the first that matches counts */
  size_t override_count;
  bool mtp;              /* the model's own layers propose further tokens */
  uint64_t mmproj_bytes; /* a tower for images or sound, loaded on the first device */
  uint64_t lora_bytes;   /* adapters, beside the matrices that they change */
  const vf_model *draft; /* a model that proposes tokens; NULL: none */

  uint32_t host_bandwidth_mb_per_s; /* of main memory, for the speed of what it holds; 0: unknown */

  /* Serving engines.  0 is the engine's own default everywhere. */
  uint32_t tp, pp, dp, ep;      /* ranks that share a layer, stages, replicas; ep: any but 0 and 1
                                   spreads whole experts over the ranks */
  uint32_t memory_fraction_ppm; /* the share of memory that the engine takes, in millionths */
  uint32_t max_num_seqs;        /* requests that its scheduler runs at once */
  uint32_t max_num_batched_tokens;   /* tokens in one forward pass */
  uint32_t block_size;               /* tokens in a block of the cache */
  uint32_t num_gpu_blocks;           /* blocks in the pool, whatever the memory */
  uint64_t kv_cache_memory_bytes;    /* the pool's size, whatever the share */
  uint64_t cpu_offload_bytes;        /* weights of each rank that stay in host memory */
  uint32_t spec_tokens;              /* tokens that are proposed by the model's own extra layers */
  uint32_t max_loras, max_lora_rank; /* slots for adapters */
  uint32_t dcp; /* ranks of a tensor parallel group that share the cache's tokens */
  vf_switch prefix_caching;
  bool text_only;     /* towers for images and sound are not loaded */
  bool enforce_eager; /* no CUDA graphs */
} vf_request;

#define VF_REQUEST_INIT ((vf_request){.gpu_layers = -1, .prompt_cache_bytes = -1})

/* ---- Estimates -------------------------------------------------------------------------- */

typedef enum vf_verdict { VF_FITS, VF_TIGHT, VF_NO_FIT, VF_VERDICT_COUNT } vf_verdict;

/* How a figure was obtained. */
typedef enum vf_basis {
  VF_BASIS_EXACT,    /* the engine's own arithmetic */
  VF_BASIS_MODELLED, /* a fit or a bound; the interval says how good */
  VF_BASIS_ASSUMED,  /* a default that the user can override */
  VF_BASIS_COUNT
} vf_basis;

/* What memory is for; the totals of a device are kept by part. */
typedef enum vf_part {
  VF_PART_WEIGHTS,
  VF_PART_KV_CACHE, /* attention caches of every kind */
  VF_PART_STATE,    /* recurrent state */
  VF_PART_COMPUTE,  /* activations, workspace, graphs */
  VF_PART_OUTPUT,   /* logits and embeddings */
  VF_PART_RUNTIME,  /* context, libraries, communication */
  VF_PART_COUNT
} vf_part;

/* One line of a budget. */
typedef struct vf_line {
  uint32_t device; /* index into vf_estimate_devices */
  vf_part part;
  const char *name; /* stable, machine-readable: "weights", "kv_cache"… */
  vf_interval size;
  vf_basis basis;
  const char *note; /* a few words for people; may be "" */
  bool outside;     /* beside the budget: in the share that the engine leaves alone; in no sum */
} vf_line;

/* One device's budget. */
typedef struct vf_device_budget {
  vf_device device;
  uint64_t capacity_bytes; /* meaningful if device.total_known */
  uint64_t headroom_target_bytes;
  uint64_t part_bytes[VF_PART_COUNT];
  uint64_t shared_host_bytes; /* unified: what the host's lines take from this same pool */
  vf_interval need;           /* sum of the lines, with shared_host_bytes */
  int64_t headroom_bytes;     /* capacity - need.high_bytes */
  bool pooled;                /* this host's memory is counted in a unified device's pool */
  bool has_pool;              /* the engine fills what is left with one pool for all requests */
  vf_interval pool;           /* its size */
  uint64_t pool_tokens;       /* as the engine logs it; with several ranks, what all of them hold */
  vf_verdict verdict;         /* meaningful if device.total_known */
} vf_device_budget;

/* Something taken for granted, with a stable code. */
typedef struct vf_assumption {
  const char *code;
  const char *text;
} vf_assumption;

/* What the engine made of the request. */
typedef struct vf_workload {
  const char *engine;         /* "llama.cpp" */
  const char *engine_version; /* whose rules were used */
  uint64_t ctx_tokens;        /* per sequence, as the engine rounds it; kv_unified: the pool */
  uint64_t requested_ctx_tokens;
  uint32_t seqs;
  uint32_t ubatch_tokens;
  uint32_t output_rows;
  vf_format kv_k, kv_v;
  bool flash_attn;
  bool kv_unified;
  bool swa_full;
  bool no_kv_offload;
  uint32_t gpu_layers; /* slots on a GPU: layers + 1 when everything is */

  /* Serving engines; 0 where it does not apply. */
  uint32_t tp, pp, dp, ep;
  uint32_t memory_fraction_ppm, max_num_seqs, max_num_batched_tokens, block_size;
  uint64_t max_concurrency_x100;  /* requests of ctx_tokens that the pool holds, in hundredths */
  uint64_t most_concurrency_x100; /* the same at the upper end of what is left for the pool */
  bool starts;                    /* whether the engine would start at all */
} vf_workload;

/* A reusable result: nothing is allocated while estimating once it is large enough. */
typedef struct vf_estimate vf_estimate;

VF_API vf_status vf_estimate_new(vf_estimate **out, const vf_context *ctx, vf_error *err);
VF_API void vf_estimate_free(vf_estimate *estimate);

/* Estimates the request; model must outlive the use of the result, devices are copied. */
VF_API vf_status vf_estimate_run(vf_estimate *estimate, const vf_model *model,
                                 const vf_request *request, const vf_device *devices,
                                 size_t device_count, vf_error *err);

VF_API vf_verdict vf_estimate_verdict(const vf_estimate *estimate);
VF_API const vf_device_budget *vf_estimate_devices(const vf_estimate *estimate, size_t *count);
VF_API const vf_line *vf_estimate_lines(const vf_estimate *estimate, size_t *count);
VF_API const vf_assumption *vf_estimate_assumptions(const vf_estimate *estimate, size_t *count);
VF_API const vf_workload *vf_estimate_workload(const vf_estimate *estimate);
VF_API const vf_model *vf_estimate_model(const vf_estimate *estimate);

/* How line i came about: the formula with its numbers and its source.  Returns the length. */
VF_API size_t vf_estimate_explain(const vf_estimate *estimate, size_t line, char *buf, size_t size);

/* ---- Speed ------------------------------------------------------------------------------ */

/* What most of the time goes into. */
typedef enum vf_bound {
  VF_BOUND_MEMORY,      /* reading a device's memory */
  VF_BOUND_HOST_MEMORY, /* reading main memory */
  VF_BOUND_LINK,        /* what devices tell one another, or fetch from the host */
  VF_BOUND_COMPUTE,
  VF_BOUND_LAUNCHES, /* starting kernels: the fixed part of every layer */
  VF_BOUND_COUNT
} vf_bound;

/* Thousandths of a token per second: no speed needs a floating-point number. */
typedef struct vf_rate {
  uint64_t low, expected, high;
} vf_rate;

/* At the request's full context, for all its sequences together, as if it fitted. */
typedef struct vf_speed {
  bool decode_known, prefill_known;
  vf_rate decode, prefill;
  vf_bound bound;                 /* of decoding */
  uint32_t bound_mb_per_s;        /* the bandwidth that it is bound by; 0: does not apply */
  vf_basis basis;                 /* modelled: fitted on such devices; assumed: carried over */
  uint32_t seqs;                  /* decoded at once */
  uint64_t packed_bytes;          /* read for one step: weights in quantized formats, */
  uint64_t plain_bytes;           /* other weights, */
  uint64_t kv_cache_bytes;        /* caches at full context, */
  uint64_t latent_cache_bytes;    /* those of latent attention, */
  uint64_t state_bytes;           /* recurrent states, read and written; on devices */
  uint64_t host_bytes;            /* and all that is read in main memory */
  uint32_t layers, expert_layers; /* on devices */
  const char *unknown;            /* why decode is not known; "" if it is */
} vf_speed;

VF_API void vf_estimate_speed(const vf_estimate *estimate, vf_speed *out);

/* How decode came about, with its numbers and their source.  Returns the length. */
VF_API size_t vf_speed_explain(const vf_estimate *estimate, char *buf, size_t size);

/* ---- Limits ----------------------------------------------------------------------------- */

/* What else would fit, everything else unchanged ("fits" as the verdict FITS). */
typedef struct vf_limits {
  uint64_t max_concurrency_x100; /* serving engines: as in vf_workload; 0: does not apply */
  bool starts;                   /* serving engines: the engine starts with the request as it is */
  bool kv_fp8;                   /* a cache in 8 bits would be enough */
  uint32_t memory_fraction_ppm;  /* another share of the memory that would be enough; 0: none */
  uint32_t max_num_seqs;         /* a smaller --max-num-seqs that would be enough; 0: none */
  uint64_t max_ctx_tokens;       /* largest context; 0: not even the smallest */
  bool ctx_is_model_limit;       /* the model, not the memory, ends it there */
  uint32_t max_seqs;             /* most sequences at the request's context; 0: none */
  bool seqs_is_engine_limit;
  char quant[24];            /* the widest weight format that fits; "": none */
  uint32_t devices;          /* fewest devices of the first one's kind; 0: not up to 16 */
  int32_t gpu_layers;        /* most layers on the GPU, the rest in host memory, where the request
                                does not fit as it is; -1: it does, or none helps */
  vf_rate gpu_layers_decode; /* its speed; 0: not known */
} vf_limits;

/* Solves them by repeated estimates with estimate as scratch (its last result is overwritten). */
VF_API vf_status vf_limits_solve(vf_limits *out, vf_estimate *estimate, const vf_model *model,
                                 const vf_request *request, const vf_device *devices,
                                 size_t device_count, vf_error *err);

/* Changes the request as llama.cpp's own --fit would, so that every device keeps 1024 MiB free: a
 * context that is not given, then layers or experts in main memory.  VF_USAGE if the request fixes
 * these already. */
VF_API vf_status vf_llama_fit(vf_request *inout, vf_estimate *scratch, const vf_model *model,
                              const vf_device *devices, size_t device_count, vf_error *err);

/* ---- Launch lines ----------------------------------------------------------------------- */

/* How things were named by whoever asks; NULL: not at all. */
typedef struct vf_launch_names {
  const char *model, *quant, *mmproj, *lora, *draft;
} vf_launch_names;

/* What runs a plan: commands, and files that they read. */
typedef struct vf_launch_item {
  const char *kind; /* "command" or "file" */
  const char *name; /* the program or the file */
  char text[1536];
} vf_launch_item;

typedef struct vf_launch {
  vf_launch_item items[3];
  size_t count;
  const char *note; /* what has to be put in its place; "": nothing */
} vf_launch;

/* In the engine's own words, from what the estimate made of the request.  VF_UNSUPPORTED for an
 * engine that no command line starts. */
VF_API vf_status vf_launch_make(vf_launch *out, const vf_estimate *estimate,
                                const vf_request *request, const vf_launch_names *names,
                                vf_error *err);

/* ---- Reports ---------------------------------------------------------------------------- */

typedef enum vf_report_format {
  VF_REPORT_TABLE,
  VF_REPORT_JSON,
  VF_REPORT_CSV,
  VF_REPORT_MARKDOWN,
  VF_REPORT_COUNT
} vf_report_format;
typedef enum vf_unit { VF_UNIT_GIB, VF_UNIT_GB } vf_unit;

typedef struct vf_report_options {
  vf_report_format format;
  vf_unit unit;            /* for people; JSON is always in bytes */
  bool color;              /* ANSI colours */
  bool bars;               /* proportional bars */
  bool explain;            /* the formula under every line (JSON always has it) */
  const vf_launch *launch; /* of an estimate: told at its end; NULL: not */
} vf_report_options;

/* Called with pieces of the report, in order; returns false to stop (a write error). */
typedef bool (*vf_write_fn)(void *user, const char *data, size_t size);

/* Writes the estimate; limits may be NULL. */
VF_API vf_status vf_report_write(const vf_estimate *estimate, const vf_limits *limits,
                                 const vf_report_options *options, vf_write_fn write, void *user,
                                 vf_error *err);

/* Writes what vf_machine_detect found. */
VF_API vf_status vf_machine_write(const vf_machine *machine, const vf_report_options *options,
                                  vf_write_fn write, void *user, vf_error *err);

/* ---- Pictures --------------------------------------------------------------------------- */

enum { VF_CURVE_POINTS = 49 };

/* Memory of one device at one context. */
typedef struct vf_curve_point {
  uint64_t ctx_tokens;
  uint64_t part_bytes[VF_PART_COUNT];
  uint64_t shared_host_bytes; /* unified: the host's side */
  vf_interval need;
} vf_curve_point;

/* Memory against context, of the device that is fullest. */
typedef struct vf_curve {
  vf_curve_point points[VF_CURVE_POINTS];
  size_t count;
  uint32_t device; /* index into vf_estimate_devices */
  uint64_t capacity_bytes;
  uint64_t last_ctx_tokens; /* the largest context whose need is within the capacity; 0: none */
  bool ends_above;          /* that is the end of the curve: it never leaves the capacity */
} vf_curve;

/* Solves it by repeated estimates with estimate as scratch (its last result is overwritten).
 * VF_UNSUPPORTED if no device's memory is known. */
VF_API vf_status vf_curve_solve(vf_curve *out, vf_estimate *estimate, const vf_model *model,
                                const vf_request *request, const vf_device *devices,
                                size_t device_count, vf_error *err);

typedef struct vf_plot_options {
  bool svg;     /* a self-contained SVG document; else text for a terminal */
  bool unicode; /* text: block characters; else ASCII */
  bool color;   /* text: ANSI colours */
  vf_unit unit;
} vf_plot_options;

/* Draws the budget as stacked bars, and the curve below them (NULL: bars alone). */
VF_API vf_status vf_plot_write(const vf_estimate *estimate, const vf_curve *curve,
                               const vf_plot_options *options, vf_write_fn write, void *user,
                               vf_error *err);

/* ---- Topics ----------------------------------------------------------------------------- */

/* Writes the text that teaches a topic ("kv-cache"), or the list of topics if name is NULL;
 * VF_UNKNOWN suggests the nearest. */
VF_API vf_status vf_topic_write(const char *name, const vf_report_options *options,
                                vf_write_fn write, void *user, vf_error *err);
/* ---- Deployments, and many at once ------------------------------------------------------ */

/* All that one estimate is made of, by name. */
typedef struct vf_deployment {
  const char *model, *gpu;   /* as people name them */
  const vf_machine *machine; /* that "auto" in gpu means; must outlive its use.  NULL: none */
  bool empty;                /* as if nobody held anything of it */
  const char *quant;         /* NULL: the model's own */
  uint32_t gpus;             /* so many of the one device that gpu names; 0: as gpu says */
  vf_request request;
  uint64_t memory_bytes; /* what the engine sees as the total of each device; 0: its own */
  uint64_t used_bytes;   /* held by others on each device */
  bool headroom_set;     /* what must stay free for FITS; false: the device's own target */
  uint64_t headroom_bytes;
  uint32_t headroom_permille; /* as a share of the capacity; 0: headroom_bytes counts */
} vf_deployment;

/* One of them: opens the model (for the caller to free, after the use of the result), estimates,
 * and, unless limits is NULL, solves for what else would fit. */
VF_API vf_status vf_deployment_estimate(vf_estimate *estimate, vf_model **out_model,
                                        vf_limits *limits, const vf_context *ctx,
                                        const vf_deployment *deployment, vf_error *err);

/* Several side by side.  Where estimate is NULL, refusal says why there is none. */
typedef struct vf_compared {
  const char *label; /* as it was asked for */
  const vf_estimate *estimate;
  const vf_limits *limits; /* may be NULL */
  const char *refusal;
} vf_compared;

enum { VF_MAX_COMPARED = 16 };

VF_API vf_status vf_comparison_write(const vf_compared *list, size_t count,
                                     const vf_report_options *options, vf_write_fn write,
                                     void *user, vf_error *err);

/* What may be varied, from what costs most to change to what costs least. */
typedef enum vf_axis_kind {
  VF_AXIS_MODEL,
  VF_AXIS_ENGINE,
  VF_AXIS_QUANT,
  VF_AXIS_GPU,
  VF_AXIS_GPUS, /* how many of them */
  VF_AXIS_KV,
  VF_AXIS_SEQS,
  VF_AXIS_CTX,
  VF_AXIS_COUNT
} vf_axis_kind;

/* Values of one of them: with commas between them, "8k,32k", or "any" for all that are usual. */
typedef struct vf_axis {
  vf_axis_kind kind;
  const char *values;
} vf_axis;

/* What became of one deployment. */
typedef struct vf_outcome {
  bool known;   /* it has been estimated: the rest is meaningful */
  bool refused; /* the engine takes no such thing: reason says why, and there are no figures */
  vf_verdict verdict;
  const char *engine;                   /* static; NULL if it was refused */
  uint64_t need_bytes, need_high_bytes; /* of all devices, main memory beside them left out */
  uint64_t capacity_bytes;
  int64_t headroom_bytes; /* of the device that is nearest to its target, or furthest below it */
  uint64_t target_bytes;
  uint32_t reason; /* 1 + index of vf_grid_reason; 0: there is none */
} vf_outcome;

/* What a cell of a table shows. */
typedef enum vf_cell_shows { VF_CELL_HEADROOM, VF_CELL_VERDICT, VF_CELL_NEED } vf_cell_shows;

/* Every combination of the axes' values; the last axis makes the columns, the one before it the
 * rows, those before that tables of their own. */
typedef struct vf_grid vf_grid;

enum { VF_GRID_CELLS = 1 << 23 }; /* at most */

/* The strings must outlive the grid; a draft model in the request, too. */
VF_API vf_status vf_grid_new(vf_grid **out, const vf_context *ctx, const vf_deployment *base,
                             const vf_axis *axes, size_t axis_count, vf_error *err);

/* Estimates `cells` more of them; *finished once there are none left.  In pieces, so that a caller
 * can show progress, or stop.  If the engine refuses every cell, that is a failure in the end. */
VF_API vf_status vf_grid_work(vf_grid *grid, size_t cells, bool *finished, vf_error *err);

VF_API size_t vf_grid_size(const vf_grid *grid);
VF_API size_t vf_grid_axis_size(const vf_grid *grid, size_t axis);
VF_API const char *vf_grid_axis_label(const vf_grid *grid, size_t axis, size_t value);

/* Cell i, the last axis running fastest; and the text of a reason. */
VF_API const vf_outcome *vf_grid_cell(const vf_grid *grid, size_t i);
VF_API const char *vf_grid_reason(const vf_grid *grid, uint32_t reason);

VF_API vf_status vf_grid_write(const vf_grid *grid, vf_cell_shows shows,
                               const vf_report_options *options, vf_write_fn write, void *user,
                               vf_error *err);
VF_API void vf_grid_free(vf_grid *grid);

/* ---- The most that fits ----------------------------------------------------------------- */

/* What is asked for.  "Fits" is the verdict FITS everywhere: every answer keeps the headroom. */
typedef enum vf_max_kind {
  VF_MOST_CTX,       /* most tokens per sequence */
  VF_MOST_SEQS,      /* most sequences at the deployment's context */
  VF_MOST_QUANT,     /* widest weight format */
  VF_MOST_KV,        /* widest cache format */
  VF_MOST_GPUS,      /* fewest devices of one kind, and how ranks share them */
  VF_MOST_NGL,       /* most layers on the GPU */
  VF_MOST_N_CPU_MOE, /* fewest layers whose experts stay in main memory */
  VF_MOST_GPU,       /* cheapest device: least memory, then least bandwidth */
  VF_MOST_COUNT
} vf_max_kind;

typedef struct vf_max_query {
  vf_max_kind kind;
  vf_deployment base;
  /* Of VF_AXIS_QUANT, VF_AXIS_KV and VF_AXIS_GPU: lists as in vf_axis.  That of what is asked for
   * is what to choose from (NULL: any); the others are free, from the widest and cheapest on. */
  const char *lists[VF_AXIS_COUNT];
  uint64_t min_ctx_tokens; /* 0: none.  The least that the answer must leave room for */
  uint32_t min_seqs;
} vf_max_query;

/* One value of what is asked for, and what became of it. */
typedef struct vf_choice {
  uint64_t number; /* tokens, sequences, devices, layers; of a device, its memory */
  char name[64];   /* format or device; "": it is a number */
  size_t place;    /* of a name: how many wider or cheaper ones there are */
  uint32_t tp, pp; /* of VF_MOST_GPUS; 0: the engine shares layer by layer */
  vf_outcome outcome;
  char refusal[320];
} vf_choice;

typedef struct vf_answer {
  vf_max_kind kind;
  bool found;
  vf_choice best;   /* if found: it fits */
  bool has_next;    /* false: there is nothing beyond, and end says why */
  vf_choice next;   /* one step beyond, which does not fit; if nothing is found: the last resort */
  const char *end;  /* "the model's limit"; static */
  uint64_t step;    /* of VF_MOST_CTX: tokens that the engine rounds up to */
  size_t estimates; /* that it took */
  char model[128], quant[24], kv[24], engine[24], gpu[64];
  uint64_t ctx_tokens;
  uint32_t seqs, gpus;
} vf_answer;

VF_API vf_status vf_max_solve(vf_answer *out, const vf_context *ctx, const vf_max_query *query,
                              vf_error *err);
VF_API vf_status vf_answer_write(const vf_answer *answer, const vf_report_options *options,
                                 vf_write_fn write, void *user, vf_error *err);

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

/* Reads headers alone.  Files cut short, unknown names and figures that disagree are anomalies;
 * what cannot be read at all is an error. */
VF_API vf_status vf_inspect(vf_inspection **out, const vf_context *ctx, const char *ref,
                            vf_error *err);
VF_API const vf_inspection_info *vf_inspection_info_get(const vf_inspection *inspection);
VF_API void vf_inspection_free(vf_inspection *inspection);

/* Writes it, with every tensor if `tensors`; with `other`, what is different between the two. */
VF_API vf_status vf_inspection_write(const vf_inspection *inspection, const vf_inspection *other,
                                     bool tensors, const vf_report_options *options,
                                     vf_write_fn write, void *user, vf_error *err);

/* ---- Workloads that share a box --------------------------------------------------------- */

/* What a file says about a box and what runs on it, worked out. */
typedef struct vf_place vf_place;

/* What counts more than the file; {0} leaves all to it. */
typedef struct vf_place_options {
  const char *gpu;          /* as for vf_devices_parse; a compose file does not say */
  const vf_device *devices; /* these, as they are; NULL: those that gpu or the file names */
  size_t device_count;
  const char *scenario;       /* this one alone; NULL: all */
  uint64_t memory_bytes;      /* of each device, as an engine sees it */
  uint64_t host_memory_bytes; /* main memory, where it is another pool */
  uint64_t used_bytes;        /* held by others on each device */
  bool has_headroom;
  uint64_t headroom_bytes;
  uint32_t headroom_permille;
} vf_place_options;

/* Reads our own form or what `docker compose config --format json` prints; options may be NULL. */
VF_API vf_status vf_place_open(vf_place **out, const vf_context *ctx, const char *path,
                               const vf_place_options *options, vf_error *err);
VF_API size_t vf_place_scenarios(const vf_place *place);

/* Of memory, in one scenario; beyond the last one the worst of all. */
VF_API vf_verdict vf_place_verdict(const vf_place *place, size_t scenario);
VF_API vf_status vf_place_write(const vf_place *place, const vf_report_options *options,
                                vf_write_fn write, void *user, vf_error *err);

/* The memory map of each scenario, as text or as an SVG image. */
VF_API vf_status vf_place_card(const vf_place *place, bool svg, const vf_report_options *options,
                               vf_write_fn write, void *user, vf_error *err);
VF_API void vf_place_free(vf_place *place);

/* ---- Ollama's Modelfiles ---------------------------------------------------------------- */

/* What a Modelfile says about memory; -1 and "": nothing. */
typedef struct vf_modelfile {
  char from[512];    /* FROM: a name, or a path relative to the Modelfile's folder */
  char adapter[512]; /* ADAPTER */
  int64_t num_ctx, num_gpu, num_batch;
} vf_modelfile;

VF_API vf_status vf_modelfile_read(vf_modelfile *out, const char *path, vf_error *err);

/* ---- What there is ---------------------------------------------------------------------- */

typedef enum vf_list_kind {
  VF_LIST_MODELS,
  VF_LIST_GPUS,
  VF_LIST_NODES,
  VF_LIST_FORMATS,
  VF_LIST_ENGINES,
  VF_LIST_WORKLOADS,
  VF_LIST_COUNT
} vf_list_kind;

/* What is wanted of it; {0} is everything.  Bounds belong to the range, 0 is no bound. */
typedef struct vf_list_query {
  const char *text;   /* a name, or pieces of names; NULL: any */
  const char *family; /* models, workloads: the catalog file they stand in, "qwen" */
  const char *vendor; /* devices, nodes: "nvidia", "amd", "apple"… */
  uint64_t least_params, most_params;
  uint64_t least_bytes, most_bytes; /* devices, nodes, workloads: of memory */
} vf_list_query;

typedef struct vf_listing vf_listing;

/* Lists entries.  A text that can mean one entry only, and nothing else in the query: that entry
 * whole, with its sources.  VF_UNKNOWN if nothing matches. */
VF_API vf_status vf_list(vf_listing **out, const vf_context *ctx, vf_list_kind kind,
                         const vf_list_query *query, vf_error *err);
VF_API size_t vf_listing_size(const vf_listing *listing);
VF_API vf_status vf_listing_write(const vf_listing *listing, const vf_report_options *options,
                                  vf_write_fn write, void *user, vf_error *err);
VF_API void vf_listing_free(vf_listing *listing);

/* Writes a new entry for the model of a config.json (or a folder that holds one) into
 * FOLDER/models/ID.json, with the facts that count; the path goes to out_path.  Nothing is written
 * if the model cannot be built, the name is taken there, or the file exists. */
VF_API vf_status vf_catalog_add_model(char *out_path, size_t size, const vf_context *ctx,
                                      const char *folder, const char *config, const char *id,
                                      vf_error *err);

#ifdef __cplusplus
}
#endif
#endif
