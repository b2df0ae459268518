/* vramfit.h - does this model fit on this hardware, with how much headroom, and if not, what would?
 *
 * The first of the public headers, and all that a program needs for one question:
 *
 *   vf_context_new()    memory, files, catalogs
 *   vf_model_open()     a model, by its catalog name or from its files
 *   vf_devices_parse()  what it is to run on
 *   vf_request_init()   how: context, sequences, engine, everything that an engine can be told
 *   vf_estimate_run()   the budget of every device, and the verdict
 *   vf_limits_solve()   what else would fit
 *
 * deploy.h names all of that in words, and says it in the engines' own; solve.h asks for the most
 * that fits, and for tables; place.h is about programs that share a box; inspect.h looks into
 * files, catalogs and this machine; report.h writes results down; files.h is where bytes come from.
 * What holds for all functions stands at the head of base.h.
 *
 * SPDX-License-Identifier: MIT */
#ifndef VRAMFIT_H
#define VRAMFIT_H

#include "vramfit/base.h"
#include "vramfit/files.h"
#include "vramfit/format.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Context ---------------------------------------------------------------------------- */

/* Memory comes from here; both functions must be set, and be safe to call from all threads that use
 * the context.  alloc returns NULL when it has none, else memory aligned for any type; free takes
 * NULL.  JSON trees alone come from cJSON, that is from malloc or what cJSON_InitHooks set. */
typedef struct vf_allocator {
  void *(*alloc)(void *user, size_t size);
  void (*free)(void *user, void *ptr);
  void *user;
} vf_allocator;

/* How inputs are read: files.h. */
typedef struct vf_files vf_files;

/* What a context is made with; both are copied, and their `user` must outlive the context. */
typedef struct vf_context_options {
  size_t struct_size;            /* of the caller's struct, as vf_context_options_init() sets it */
  const vf_allocator *allocator; /* NULL: malloc and free */
  const vf_files *files;         /* NULL: the file system */
} vf_context_options;

/* Options in which nothing is said. */
static inline vf_context_options vf_context_options_init(void) {
  vf_context_options o;
  memset(&o, 0, sizeof o);
  o.struct_size = sizeof o;
  return o;
}

/* Memory, files and catalogs.  Immutable once made: one context may serve many threads.  It must
 * outlive everything that is made with it. */
typedef struct vf_context vf_context;

/* A context with the built-in catalogs.  options may be NULL: as vf_context_options_init() leaves
 * them.  VF_USAGE if a function that has to be set is not. */
VF_API VF_MUST_USE vf_status vf_context_new(vf_context **out, const vf_context_options *options,
                                            vf_error *err);
VF_API void vf_context_free(vf_context *ctx);

/* Adds users' own entries: a folder with models/, gpus/, nodes/ and workloads/ in it, a folder of
 * files, or one file.  Of entries with the same name, those of the catalog that was added first
 * count, before the built-in ones.  Everything is checked; on failure nothing is added and the
 * context is as before.  To be called before the context is shared by threads.  VF_IO, VF_MALFORMED
 * or VF_UNKNOWN with the file, its line and its key; VF_LIMIT beyond 7 catalogs or 1000 files. */
VF_API VF_MUST_USE vf_status vf_context_add_catalog(vf_context *ctx, const char *path,
                                                    vf_error *err);

typedef enum vf_catalog_kind {
  VF_CATALOG_MODELS = 0,
  VF_CATALOG_GPUS = 1,
  VF_CATALOG_NODES = 2,
  VF_CATALOG_WORKLOADS = 3, /* programs with measured memory: speech, images, video, embeddings */
  VF_CATALOG_COUNT
} vf_catalog_kind;

/* How many entries a catalog has, users' own included. */
VF_API size_t vf_catalog_size(const vf_context *ctx, vf_catalog_kind kind);

/* The id of entry i, in catalog order; NULL beyond the end.  It belongs to the context. */
VF_API const char *vf_catalog_id(const vf_context *ctx, vf_catalog_kind kind, size_t i);

/* ---- Reading what people type ----------------------------------------------------------- */

/* Tokens: "32768", "32k", "1M"; k and M are 1024-based.  0, signs and fractions are VF_USAGE, more
 * than 2^31 - 1 is VF_LIMIT. */
VF_API VF_MUST_USE vf_status vf_tokens_parse(uint64_t *out_tokens, const char *text, vf_error *err);

/* A size: "24GiB", "24GB", "1.5TiB", "512MiB", "123" (bytes).  GiB is 2^30 bytes, GB is 10^9.  Text
 * that is none is VF_USAGE, 8 PiB and more are VF_LIMIT. */
VF_API VF_MUST_USE vf_status vf_size_parse(uint64_t *out_bytes, const char *text, vf_error *err);

/* What sizes are shown in. */
typedef enum vf_unit { VF_UNIT_GIB = 0, VF_UNIT_GB = 1 } vf_unit;

/* The name in names (a list that ends with NULL) that is nearest to word, one of the pointers in
 * it; NULL if none is near. */
VF_API const char *vf_nearest_name(const char *word, const char *const *names);

/* ---- Models ----------------------------------------------------------------------------- */

/* A model as two lists, tensors and cache layers, in one storage format.  Immutable. */
typedef struct vf_model vf_model;

/* What there is to know about a model; strings belong to the model, and are never NULL. */
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

/* Opens a model by catalog id or alias, or from its files: config.json, GGUF, safetensors, PyTorch,
 * or the folder that holds them ("./name" is always a path).  quant: "q4_k_m", "q8_0", "bf16", or
 * an engine's short name such as "q4"; NULL: the model's own.  engine: as in vf_request. VF_UNKNOWN
 * with what is nearest for a name that nobody has; VF_IO and VF_MALFORMED with the file and the
 * place in it; VF_UNSUPPORTED for an architecture, or a format that the engine does not have;
 * VF_LIMIT for files beyond what is read here. */
VF_API VF_MUST_USE vf_status vf_model_open(vf_model **out, const vf_context *ctx, const char *ref,
                                           const char *quant, const char *engine, vf_error *err);

/* The same model in another format, as for vf_model_open(), which engine may be NULL for, too. */
VF_API VF_MUST_USE vf_status vf_model_requantize(vf_model **out, const vf_model *model,
                                                 const char *quant, const char *engine,
                                                 vf_error *err);

/* A file of weights that goes beside a model. */
typedef enum vf_part_file {
  VF_FILE_MMPROJ = 0, /* a tower for images or sound, general.type "mmproj" */
  VF_FILE_LORA = 1    /* an adapter, general.type "adapter" */
} vf_part_file;

/* Bytes of the tensors in a GGUF file of that kind (an adapter may be a checkpoint, too); another
 * kind is VF_USAGE, what llama.cpp refuses VF_MALFORMED, and else as for vf_model_open(). */
VF_API VF_MUST_USE vf_status vf_part_file_bytes(uint64_t *out_bytes, const vf_context *ctx,
                                                vf_part_file kind, const char *path, vf_error *err);

/* Fills *out; with zeros and empty strings if model is NULL. */
VF_API void vf_model_info_get(const vf_model *model, vf_model_info *out);
VF_API void vf_model_free(vf_model *model);

/* ---- Devices ---------------------------------------------------------------------------- */

typedef enum vf_device_kind {
  VF_DEVICE_DISCRETE = 0, /* its own memory */
  VF_DEVICE_UNIFIED = 1,  /* one pool for the operating system, the CPU and the GPU */
  VF_DEVICE_HOST = 2,     /* main memory */
  VF_DEVICE_KIND_COUNT
} vf_device_kind;

/* What runs the kernels: it decides alignments and what a process costs before any model. */
typedef enum vf_backend {
  VF_BACKEND_CPU = 0,
  VF_BACKEND_CUDA = 1,
  VF_BACKEND_ROCM = 2,
  VF_BACKEND_METAL = 3,
  VF_BACKEND_SYCL = 4,   /* Intel GPUs */
  VF_BACKEND_OTHER = 5,  /* accelerators that only their vendors' engines drive */
  VF_BACKEND_VULKAN = 6, /* any maker's GPU, where it is asked for */
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
  uint64_t whole_bytes; /* unified: what programs may take of the machine's memory, where the GPU
                           may take less of it; 0: there is one limit */
  bool several_sizes;   /* its name is sold with several sizes of memory: this is the smallest */
  uint32_t sold_gb;     /* the size that it is sold by; 0: not known, or another one was told */
  bool common;          /* many people have one, or rent it: lists show it first */
} vf_device;

/* Parses "h100", "h100x8", "rtx-4090+rtx-3090", "cpu", a MIG instance "h200:1g.18gb", or a node
 * "dgx-h100", "p5.48xlarge" (which stands for its devices) into out[0..*out_count), which has room
 * for `capacity`; VF_MAX_DEVICES is enough for any.  VF_UNKNOWN with what is nearest, VF_LIMIT for
 * more devices than there is room for; out's devices are then whatever was parsed before. */
VF_API VF_MUST_USE vf_status vf_devices_parse(vf_device *out, size_t capacity, size_t *out_count,
                                              const vf_context *ctx, const char *text,
                                              vf_error *err);

/* ---- Requests --------------------------------------------------------------------------- */

typedef enum vf_switch { VF_AUTO = 0, VF_OFF = 1, VF_ON = 2 } vf_switch;

/* How several devices share one model. */
typedef enum vf_split {
  VF_SPLIT_LAYER = 0,  /* whole layers on each device (llama.cpp's default) */
  VF_SPLIT_NONE = 1,   /* everything on one device, main_gpu */
  VF_SPLIT_ROW = 2,    /* rows of every matrix: no longer in llama.cpp's CUDA backend */
  VF_SPLIT_TENSOR = 3, /* matrices by rows or columns, caches by heads */
  VF_SPLIT_COUNT
} vf_split;

enum {
  VF_MAX_DEVICES = 128, /* in one estimate, without the host */
  VF_MAX_SEQS = 65536,
};

/* llama.cpp's --override-tensor: tensors whose name has the pattern lie in that buffer. */
typedef struct vf_override {
  const char *pattern; /* a regular expression: "blk\\.[0-9]+\\.ffn_.*_exps" */
  size_t length;       /* of the pattern, which need not end there */
  int32_t device;      /* index of a GPU; -1: main memory */
} vf_override;

enum { VF_MAX_OVERRIDES = 64 };

/* A request's context that is the model's own limit; "/ n": an n-th of it, up to VF_MAX_SEQS. */
#define VF_CTX_WHOLE            UINT64_MAX
#define VF_CTX_IS_WHOLE(tokens) ((tokens) >= (VF_CTX_WHOLE >> 20))

/* What to estimate.  Start from vf_request_init(): every default is the engine's own.  Strings and
 * the draft model belong to the caller and must outlive the use of the result. */
typedef struct vf_request {
  size_t struct_size;     /* of the caller's struct, as vf_request_init() sets it */
  const char *engine;     /* "llama.cpp", "llama.cpp@v0.5.0"; NULL: by the model's format */
  uint64_t ctx_tokens;    /* per sequence; kv_unified: the shared pool; 0: engine's default */
  uint32_t seqs;          /* sequences that must fit at full context; 0: 1 */
  vf_format kv_k, kv_v;   /* VF_FORMAT_NONE: engine's default */
  uint32_t batch_tokens;  /* llama.cpp's n_batch: no more are computed at once; 0: its default */
  uint32_t ubatch_tokens; /* llama.cpp's n_ubatch; 0: engine's default */
  uint32_t output_rows;   /* rows of logits reserved; 0: as the engine's server does */
  vf_switch flash_attn;   /* VF_AUTO: where the device can */
  bool kv_unified;        /* one pool of ctx_tokens for all sequences */
  bool swa_full;          /* sliding-window layers keep the whole context */
  bool no_kv_offload;     /* the KV cache stays in host memory */
  int32_t gpu_layers;     /* last N of layers + 1 on the GPU; -1: all */
  bool no_mmap;           /* weights on the host are read into memory, not mapped from the file */
  vf_split split;
  uint32_t main_gpu; /* of VF_SPLIT_NONE: index of the device; the others do not count */
  uint32_t tensor_split[VF_MAX_DEVICES]; /* proportions per device */
  size_t tensor_split_count;             /* 0: by free memory */
  uint64_t host_memory_bytes; /* main memory for what stays on the host; 0: the first device's
                                 host_memory_bytes */
  int64_t prompt_cache_bytes; /* llama-server's --cache-ram; -1: its default; 0: off */
  uint32_t cpu_moe_layers;    /* experts of the first N layers stay in host memory */
  vf_override overrides[VF_MAX_OVERRIDES]; /* the first that matches counts */
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

  uint64_t pool_tokens;      /* most tokens of the pool, whatever the memory */
  uint32_t graph_batch;      /* the largest batch that is captured in a graph */
  uint32_t window_share_ppm; /* tokens of layers with a window, of those of the others */
  uint32_t state_slots;      /* of recurrent states, of all requests */
  uint32_t state_ratio_ppm; /* memory of states over memory of tokens, where neither is asked for */
  vf_format state_format;   /* of recurrent states; VF_FORMAT_NONE: engine's default */
  uint32_t host_cache_ppm;  /* a cache in main memory, as a ratio to the pool */
  uint64_t host_cache_bytes; /* or of this size, for each rank */
  bool deepep;               /* experts exchange tokens by DeepEP's buffers */
  bool host_experts;         /* serving engines with KTransformers: experts stay in main memory */
  uint32_t gpu_experts;      /* but for so many of each layer */
  /* Tokens that requests really have, of ctx_tokens at most: half of them no more than the first,
   * 19 of 20 no more than the second; equal: a mean.  0: each has all of ctx_tokens. */
  uint64_t real_ctx_tokens[2];
  /* Images and videos that a request may hold, as engines that profile their tower ask; -1: the
   * engine's default; 0 and 0: the tower is not run. */
  int32_t mm_images, mm_videos;
  uint64_t mm_max_pixels; /* of an image; 0: as its processor says */
  bool skip_mm_profiling; /* the tower is not run before the cache is sized */
  bool ctx_fits;          /* without ctx_tokens: as much of the model's limit as the cache holds */

  /* llama.cpp */
  bool no_op_offload; /* products with weights of the host run there, however many rows */
  bool embeddings;    /* the whole batch is pooled: rows of logits as it has tokens */
  bool repack;        /* weights on the host in the CPU's own layout, beside the mapped file */
  bool no_host;       /* no pinned buffers on the host */

  /* Serving engines.  What their rules follow from beside memory. */
  vf_format dtype; /* of numbers that are not quantized: F16, BF16, F32; VF_FORMAT_NONE: auto */
  bool long_ctx;   /* a context beyond the model's own limit is let through, where one is refused */
  uint64_t ctx_limit_tokens; /* the model's own limit, where another one is said; 0: its config's */
  uint32_t rope_factor_ppm;  /* stretches that limit, in millionths; 0: as the config says */
  uint64_t rope_original_tokens; /* the limit before it is stretched; 0: as the config says */
} vf_request;

/* A request in which nothing is said. */
static inline vf_request vf_request_init(void) {
  vf_request r;
  memset(&r, 0, sizeof r);
  r.struct_size = sizeof r;
  r.gpu_layers = -1;
  r.prompt_cache_bytes = -1;
  r.mm_images = r.mm_videos = -1;
  return r;
}

/* ---- Estimates -------------------------------------------------------------------------- */

/* growth is what an option bounds and the engine takes only with use: vf_line.growth. */
typedef enum vf_verdict {
  VF_FITS = 0,   /* upper end + growth + headroom target <= capacity */
  VF_TIGHT = 1,  /* upper end <= capacity, but not with growth and headroom */
  VF_RISKY = 2,  /* expected need <= capacity, its upper end is not */
  VF_NO_FIT = 3, /* expected need > capacity, or the engine refuses to start */
  VF_VERDICT_COUNT
} vf_verdict;

/* How a figure was obtained. */
typedef enum vf_basis {
  VF_BASIS_EXACT = 0,    /* the engine's own arithmetic */
  VF_BASIS_MODELLED = 1, /* a fit or a bound; the interval says how good */
  VF_BASIS_ASSUMED = 2,  /* a default that the user can override */
  VF_BASIS_COUNT
} vf_basis;

/* What memory is for; the totals of a device are kept by part. */
typedef enum vf_part {
  VF_PART_WEIGHTS = 0,
  VF_PART_KV_CACHE = 1, /* attention caches of every kind */
  VF_PART_STATE = 2,    /* recurrent state */
  VF_PART_COMPUTE = 3,  /* activations, workspace, graphs */
  VF_PART_OUTPUT = 4,   /* logits and embeddings */
  VF_PART_RUNTIME = 5,  /* context, libraries, communication */
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
  bool growth; /* taken only with use, up to high_bytes, which an option bounds; in growth_bytes
                  alone */
} vf_line;

/* All the memory of a machine whose GPU may take a part of it alone (Metal's working set). */
typedef struct vf_whole {
  bool known;              /* there are two limits; else the rest is 0 */
  uint64_t capacity_bytes; /* less what the system keeps, and what others use */
  vf_interval need;        /* of the GPU and the host together */
  uint64_t growth_bytes;
  int64_t headroom_bytes;
  vf_verdict verdict;
} vf_whole;

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
  uint64_t pool_tokens;       /* as the engine logs it: what all ranks of a replica hold */
  vf_verdict verdict;         /* meaningful if device.total_known; of both limits the worse one */
  uint64_t growth_bytes;      /* most that is taken with use, on top of the need */
  vf_whole whole;             /* the second limit, where there are two */
  uint64_t pool_blocks;       /* that the pool is cut into; 0: it is not, or has no room */
  uint64_t state_pool_bytes;  /* of the pool, where recurrent states have a part of their own */
  uint64_t state_slots;       /* states that have room in that part */
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
  uint64_t real_ctx_tokens;       /* mean of what requests really have; 0: ctx_tokens */
  uint64_t real_concurrency_x100; /* requests of that length that the pool holds, in hundredths */
  uint32_t replicas; /* that have a pool each: requests above are those of all of them */
} vf_workload;

/* A reusable result: nothing is allocated while estimating once it is large enough. */
typedef struct vf_estimate vf_estimate;

/* An estimate without a result, whose verdict is VF_NO_FIT. */
VF_API VF_MUST_USE vf_status vf_estimate_new(vf_estimate **out, const vf_context *ctx,
                                             vf_error *err);
VF_API void vf_estimate_free(vf_estimate *estimate);

/* Estimates the request on devices[0..device_count), 1 to VF_MAX_DEVICES of them.  The request and
 * the devices are copied; the model, and strings and the draft model of the request, must outlive
 * the use of the result.  After a failure there is no result, and the verdict is VF_NO_FIT.
 * VF_UNKNOWN for an engine that nobody knows, VF_UNSUPPORTED for what the engine refuses (no such
 * format, heads that cannot be shared out…), VF_LIMIT for numbers beyond its own, VF_OVERFLOW for
 * sizes beyond 64 bits, VF_USAGE where a device's memory is not known. */
VF_API VF_MUST_USE vf_status vf_estimate_run(vf_estimate *estimate, const vf_model *model,
                                             const vf_request *request, const vf_device *devices,
                                             size_t device_count, vf_error *err);

/* The worst of its devices; VF_NO_FIT without a result, and for NULL. */
VF_API vf_verdict vf_estimate_verdict(const vf_estimate *estimate);

/* Lists of the result, with how many there are; count may be NULL.  They hold until the next run.
 */
VF_API const vf_device_budget *vf_estimate_devices(const vf_estimate *estimate, size_t *count);
VF_API const vf_line *vf_estimate_lines(const vf_estimate *estimate, size_t *count);
VF_API const vf_assumption *vf_estimate_assumptions(const vf_estimate *estimate, size_t *count);

/* What the engine made of the request; NULL for NULL.  It holds until the next run. */
VF_API const vf_workload *vf_estimate_workload(const vf_estimate *estimate);

/* The model of the last run; NULL before the first. */
VF_API const vf_model *vf_estimate_model(const vf_estimate *estimate);

/* How line i came about, as text: the formula with its numbers and its source.  Returns the length
 * that it has, cut to size - 1 in buf; 0 for a line that there is not.  buf may be NULL if size is
 * 0. */
VF_API size_t vf_estimate_explain(const vf_estimate *estimate, size_t line, char *buf, size_t size);

/* ---- Speed ------------------------------------------------------------------------------ */

/* What most of the time goes into. */
typedef enum vf_bound {
  VF_BOUND_MEMORY = 0,      /* reading a device's memory */
  VF_BOUND_HOST_MEMORY = 1, /* reading main memory */
  VF_BOUND_LINK = 2,        /* what devices tell one another, or fetch from the host */
  VF_BOUND_COMPUTE = 3,
  VF_BOUND_LAUNCHES = 4, /* starting kernels: the fixed part of every layer */
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
  vf_rate decode_start;           /* while the caches hold next to nothing */
  vf_rate first_token_ms;         /* of an answer to a prompt as long as the context, alone */
  vf_basis prefill_basis;
  uint64_t prompt_operations;     /* of one token of such a prompt, on average; over */
  uint32_t prompt_gflops;         /* the first device's full rate, of which */
  uint32_t prompt_share_permille; /* are reached; every weight is read once for each of */
  uint32_t prompt_chunks;
  vf_rate first_token_together_ms; /* the same, on average, where all `seqs` come at once */
} vf_speed;

/* Fills *out with the speed of the last run; nothing is known without a result. */
VF_API void vf_estimate_speed(const vf_estimate *estimate, vf_speed *out);

/* How decode came about, with its numbers and their source.  Returns the length, as
 * vf_estimate_explain() does. */
VF_API size_t vf_speed_explain(const vf_estimate *estimate, char *buf, size_t size);

/* ---- Limits ----------------------------------------------------------------------------- */

/* A way out: what to change, all of it together, so that the verdict is FITS.  0, "" and -1: as it
 * is. */
typedef struct vf_way {
  uint64_t ctx_tokens;
  uint32_t seqs;
  char quant[24], kv[12];
  uint32_t cpu_moe_layers; /* experts of so many layers in main memory */
  int32_t gpu_layers;      /* so many layers on the GPU */
  bool cache_ram_off;      /* --cache-ram 0 */
  uint32_t max_num_seqs, memory_fraction_ppm;
  uint32_t gpus, tp, pp; /* so many of the first device; tp and pp of engines that have ranks */
  uint64_t need_high_bytes;
  vf_rate decode;      /* 0: not known */
  uint64_t host_bytes; /* of main memory, where experts or layers go there; 0: none do */
  uint32_t ep;         /* experts dealt out whole to so many */
} vf_way;

enum { VF_MAX_WAYS = 3 };

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
  char quant[24];   /* the widest weight format that fits; "": none */
  uint32_t devices; /* fewest of the first one's kind; 0: not up to 64, or not asked */
  uint32_t devices_tp, devices_pp; /* how they share the model there; 0: layer by layer */
  int32_t gpu_layers;        /* most on the GPU, the rest on the host; -1: it fits, or none helps */
  vf_rate gpu_layers_decode; /* its speed; 0: not known */
  size_t estimates;          /* that it took, besides the one that it is about */
  vf_way ways[VF_MAX_WAYS];  /* where it does not fit as it is: best first, each one estimated */
  size_t n_ways;
  bool quant_is_less; /* it fits as it is, and `quant` has no more bits than that */
} vf_limits;

/* Solves them by repeated estimates with `scratch` (its last result is overwritten): what the
 * request of `estimate` leaves room for, on these devices.  Fails as vf_estimate_run() does; what
 * an engine refuses on the way is no failure.  VF_USAGE if `estimate` holds no finished estimate,
 * or if both are the same. */
VF_API VF_MUST_USE vf_status vf_limits_solve(vf_limits *out, const vf_estimate *estimate,
                                             vf_estimate *scratch, const vf_device *devices,
                                             size_t device_count, vf_error *err);

#ifdef __cplusplus
}
#endif
#endif
