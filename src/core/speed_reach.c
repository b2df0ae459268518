/* speed_reach.c - what kernels reach of a device's bandwidth and of its matrix units, by class.
 *
 * The fit of 2026-11-29 by tests/truth/fit_speed.py on half of the groups (source, model, format)
 * of speed.tsv and speed_runs.tsv; `n` is how many rows of a class it saw.  Shares on prompts are
 * medians of all groups.  Bands are ours, around the fifth to the 95th percentile of the groups
 * that the fit did not see, and wider where few are: docs/accuracy.md, speed, tells how they hold.
 */
#include "core/speed.h"

/* Devices and engines whose kernels reach alike shares. */
typedef enum reach_class {
  CLASS_CUDA,         /* GDDR: GeForce, RTX, A40, L40S */
  CLASS_CUDA_HBM,     /* V100, A100, H100: one sequence does not saturate them */
  CLASS_CUDA_UNIFIED, /* GB10 */
  CLASS_METAL,
  CLASS_METAL_ULTRA, /* two dies */
  CLASS_MLX,
  CLASS_ROCM,
  CLASS_ROCM_UNIFIED, /* Strix Halo; with Vulkan, too */
  CLASS_OTHER,
  CLASS_GRAPHS, /* engines that replay whole steps (CUDA graphs) */
  CLASS_GRAPHS_HBM,
  CLASS_GRAPHS_HBM_EXPERTS,
  CLASS_GRAPHS_UNIFIED,
  CLASS_GRAPHS_ROCM,
  CLASS_EXLLAMA,
  CLASS_COUNT
} reach_class;

/* Columns as in vf_reach: shares of the bandwidth, times per layer, shares of the rate in a batch,
 * bands of a step, shares of the rate on a prompt and their band. */
static const vf_reach rows[] = {
    /* n = 192; batches: llama-server on an RTX 3090 */
    [CLASS_CUDA] = {831,
                    899,
                    650,
                    400,
                    64700,
                    60000,
                    184,
                    100,
                    {750, 1330},
                    {650, 2500},
                    350,
                    500,
                    140,
                    {650, 2000},
                    VF_BASIS_MODELLED},
    /* n = 44, none of a batch */
    [CLASS_CUDA_HBM] = {615,
                        573,
                        650,
                        400,
                        122000,
                        60000,
                        184,
                        100,
                        {700, 1500},
                        {600, 2400},
                        280,
                        300,
                        140,
                        {500, 2300},
                        VF_BASIS_MODELLED},
    /* n = 101 */
    [CLASS_CUDA_UNIFIED] = {846,
                            850,
                            650,
                            530,
                            60000,
                            29400,
                            300,
                            100,
                            {750, 1330},
                            {500, 1600},
                            360,
                            400,
                            280,
                            {600, 1500},
                            VF_BASIS_MODELLED},
    /* n = 24, no batch; latent as on two dies */
    [CLASS_METAL] = {663,
                     850,
                     519,
                     78,
                     67100,
                     122000,
                     226,
                     193,
                     {700, 1600},
                     {600, 2000},
                     580,
                     730,
                     650,
                     {700, 1500},
                     VF_BASIS_MODELLED},
    /* n = 83 */
    [CLASS_METAL_ULTRA] = {715,
                           819,
                           650,
                           78,
                           114000,
                           60000,
                           226,
                           193,
                           {750, 1450},
                           {680, 1750},
                           850,
                           780,
                           720,
                           {700, 1700},
                           VF_BASIS_MODELLED},
    /* n = 22, no batch; latent as llama.cpp's */
    [CLASS_MLX] = {879,
                   850,
                   491,
                   78,
                   63500,
                   60000,
                   226,
                   193,
                   {720, 1650},
                   {600, 2000},
                   950,
                   1000,
                   920,
                   {750, 1450},
                   VF_BASIS_MODELLED},
    /* by hand, 12 rows in view, seven of two MI50 */
    [CLASS_ROCM] = {673,
                    730,
                    610,
                    500,
                    200000,
                    87900,
                    200,
                    100,
                    {550, 2200},
                    {500, 2600},
                    360,
                    320,
                    250,
                    {500, 2100},
                    VF_BASIS_ASSUMED},
    /* n = 47, no batch */
    [CLASS_ROCM_UNIFIED] = {800,
                            850,
                            799,
                            400,
                            60000,
                            60000,
                            200,
                            100,
                            {720, 1400},
                            {550, 2000},
                            190,
                            200,
                            130,
                            {520, 2300},
                            VF_BASIS_MODELLED},
    /* by hand, one row in view */
    [CLASS_OTHER] = {700,
                     800,
                     600,
                     300,
                     80000,
                     60000,
                     200,
                     100,
                     {600, 2200},
                     {500, 2600},
                     300,
                     300,
                     100,
                     {400, 2500},
                     VF_BASIS_ASSUMED},
    /* n = 64; a bandwidth's share above its nominal is taken as that; prompts: 5 */
    [CLASS_GRAPHS] = {1000,
                      934,
                      650,
                      400,
                      109000,
                      27300,
                      231,
                      100,
                      {620, 1600},
                      {650, 2000},
                      250,
                      400,
                      200,
                      {600, 1800},
                      VF_BASIS_MODELLED},
    /* 24 rows, all in view; prompts: 18 in 16 bits */
    [CLASS_GRAPHS_HBM] = {742,
                          630,
                          690,
                          400,
                          60000,
                          60000,
                          222,
                          100,
                          {720, 1350},
                          {620, 2000},
                          800,
                          850,
                          350,
                          {700, 1500},
                          VF_BASIS_MODELLED},
    /* n = 28; no prompts */
    [CLASS_GRAPHS_HBM_EXPERTS] = {600,
                                  600,
                                  650,
                                  400,
                                  60000,
                                  61100,
                                  300,
                                  120,
                                  {580, 2100},
                                  {600, 2500},
                                  500,
                                  500,
                                  300,
                                  {400, 2500},
                                  VF_BASIS_ASSUMED},
    /* n = 110 */
    [CLASS_GRAPHS_UNIFIED] = {862,
                              745,
                              603,
                              400,
                              64700,
                              60000,
                              300,
                              100,
                              {750, 1850},
                              {600, 2300},
                              720,
                              730,
                              500,
                              {580, 2000},
                              VF_BASIS_MODELLED},
    /* by hand, 23 rows in view; prompts: 6 */
    [CLASS_GRAPHS_ROCM] = {676,
                           774,
                           500,
                           400,
                           116000,
                           145000,
                           300,
                           49,
                           {600, 1900},
                           {600, 1900},
                           250,
                           250,
                           100,
                           {300, 2600},
                           VF_BASIS_ASSUMED},
    /* by hand, 5 rows of one model on an RTX 3090 in view */
    [CLASS_EXLLAMA] = {338,
                       850,
                       650,
                       400,
                       60000,
                       60000,
                       300,
                       100,
                       {700, 1700},
                       {600, 2000},
                       270,
                       270,
                       100,
                       {600, 1800},
                       VF_BASIS_ASSUMED},
};
_Static_assert(sizeof rows / sizeof *rows == CLASS_COUNT, "every class has its row");

/* GPUs whose memory is HBM are the data centre's, whose compute capability ends in 0. */
static bool has_hbm(const vf_device *d) {
  uint32_t cc = d->compute_capability;
  return cc == 60 || cc == 70 || cc == 80 || cc == 90 || cc == 100 || cc == 103;
}

/* M1 to M3 Ultra have 800 GB/s and more, the largest single die 614 (M5 Max). */
enum { ULTRA_MB_PER_S = 700000 };

static reach_class class_of_graphs(const vf_model *m, const vf_device *d) {
  if (d->backend == VF_BACKEND_ROCM) return CLASS_GRAPHS_ROCM;
  if (d->kind == VF_DEVICE_UNIFIED) return CLASS_GRAPHS_UNIFIED;
  if (!has_hbm(d)) return CLASS_GRAPHS;
  return vf_model_has_experts(m) ? CLASS_GRAPHS_HBM_EXPERTS : CLASS_GRAPHS_HBM;
}

static reach_class class_of(const vf_estimate *e, const vf_device *d) {
  bool unified = d->kind == VF_DEVICE_UNIFIED;
  if (e->decodes == VF_DECODES_GRAPHS) return class_of_graphs(e->model, d);
  if (e->decodes == VF_DECODES_EXLLAMA) return CLASS_EXLLAMA;
  if (e->decodes == VF_DECODES_MLX) return CLASS_MLX;
  switch (d->backend) {
  case VF_BACKEND_CUDA:
    if (unified) return CLASS_CUDA_UNIFIED;
    return has_hbm(d) ? CLASS_CUDA_HBM : CLASS_CUDA;
  case VF_BACKEND_ROCM: return unified ? CLASS_ROCM_UNIFIED : CLASS_ROCM;
  case VF_BACKEND_METAL:
    return d->bandwidth_mb_per_s > ULTRA_MB_PER_S ? CLASS_METAL_ULTRA : CLASS_METAL;
  case VF_BACKEND_CPU:
  case VF_BACKEND_SYCL:
  case VF_BACKEND_OTHER:
  case VF_BACKEND_VULKAN:
  case VF_BACKEND_COUNT: break;
  }
  return CLASS_OTHER;
}

const vf_reach *vf_reach_of(const vf_estimate *e, const vf_device *d) {
  return &rows[class_of(e, d)];
}

/* Where the catalog has no rate: by compute unit, in 10^9 operations per second.  Blackwell as the
 * RTX 5090 (419 TFLOPS over 170 SMs), Pascal without half precision in single (P40: 12 TFLOPS over
 * 30), Apple's cores 128 lanes × 2 × 1.28 to 1.58 GHz. */
static double rate_of_units(const vf_device *d) {
  enum { BLACKWELL = 2500, PASCAL = 400, APPLE_CORE = 360 };
  uint32_t each = 0;
  if (d->backend == VF_BACKEND_METAL) each = APPLE_CORE;
  if (d->compute_capability == 61) each = PASCAL;
  if (d->compute_capability == 120 || d->compute_capability == 121) each = BLACKWELL;
  return (double)d->compute_units * each;
}

/* The tables give GeForce cards the rate with sums in 32 bits, half of what the same chip has on a
 * workstation card; engines add up in 16 where that is faster.  An SM of 8.6 to 12.0 does 1,800 and
 * more, GeForce's 700 to 1,300. */
static bool is_half_rate(const vf_device *d) {
  enum { WHOLE_SM_GFLOPS = 1350 };
  bool tensor = d->compute_capability >= 75 && !has_hbm(d);
  return tensor && d->compute_units != 0 && d->fp16_gflops / d->compute_units < WHOLE_SM_GFLOPS;
}

double vf_full_rate(const vf_device *d) {
  double gflops = d->fp16_gflops;
  if (gflops != 0 && is_half_rate(d)) gflops *= 2;
  return gflops != 0 ? gflops : rate_of_units(d);
}

/* Latency by the wires: over PCIe without direct copies 50 to 130 µs more a layer were measured
 * (2 and 4 RTX 3090).  A bridge between pairs of cards may be there or not: it makes the fast end.
 */
enum {
  LINK_NS = 8000,
  BRIDGE_NS = 15000,
  PCIE_NS = 50000,
  SWITCHED_MB_PER_S = 200000,
  PCIE_DEFAULT_MB_PER_S = 16000,
  LINK_PERMILLE = 750,
};

vf_span vf_exchange(const vf_device *d, double bytes) {
  const vf_band wires = {400, 2000}, unsure = {300, 2600};
  double pcie = d->pcie_mb_per_s != 0 ? d->pcie_mb_per_s : PCIE_DEFAULT_MB_PER_S;
  vf_span span = {0, 0, 0};
  if (d->link_mb_per_s >= SWITCHED_MB_PER_S) {
    vf_span_add(&span, LINK_NS + vf_ns_for(bytes, d->link_mb_per_s / 2.0, LINK_PERMILLE), wires);
    return span;
  }
  vf_span_add(&span, PCIE_NS + vf_ns_for(bytes, pcie, LINK_PERMILLE), unsure);
  if (d->link_mb_per_s != 0) span.fast = BRIDGE_NS + vf_ns_for(bytes, d->link_mb_per_s / 2.0, 1000);
  return span;
}
