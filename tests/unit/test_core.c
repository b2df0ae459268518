/* test_core.c - formats, buffers, the tape, its schedule, placement, verdicts, bisection. */
#include "support.h"

#include "base/checked.h"
#include "core/buffer.h"
#include "core/describe.h"
#include "core/estimate.h"
#include "core/placement.h"
#include "core/schedule.h"
#include "solve/largest.h"

/* ---- Formats and buffers ---------------------------------------------------------------- */

static void rows_are_whole_blocks(void **state) {
  (void)state;
  uint64_t n = 9;
  assert_true(vf_format_row(&n, VF_FORMAT_Q4_K, 4096));
  assert_u64(n, 4096 / 256 * 144);
  assert_true(vf_format_row(&n, VF_FORMAT_Q8_0, 64));
  assert_u64(n, 68);
  assert_false(vf_format_row(&n, VF_FORMAT_Q4_K, 128));
  assert_false(vf_format_row(&n, VF_FORMAT_F32, UINT64_MAX));
  assert_u64(n, 68);
}

/* ik_llama.cpp keeps a scale for each row beside its blocks, and rows in groups under other ids. */
static void rows_may_have_a_scale_of_their_own(void **state) {
  (void)state;
  uint64_t n = 0;
  assert_true(vf_format_row(&n, VF_FORMAT_IQ4_KS, 7168));
  assert_u64(n, 7168 / 256 * 136 + 4);
  assert_true(vf_format_matrix(&n, VF_FORMAT_IQ1_S_R4, 64, 8));
  assert_u64(n, (64 / 32 * 6 + 2) * 8);
  assert_int_equal(vf_format_of_gguf(344), VF_FORMAT_IQ4_KS);
  assert_int_equal(vf_format_of_gguf(212), VF_FORMAT_Q4_K);
  assert_int_equal(vf_format_of_gguf(219), VF_FORMAT_IQ1_S_R4);
  assert_false(vf_format_row(&n, VF_FORMAT_IQ4_KS, 100));
}

static void every_format_is_found_by_its_name(void **state) {
  (void)state;
  for (int f = VF_FORMAT_NONE + 1; f < VF_FORMAT_COUNT; f++) {
    const vf_format_info *info = vf_format_get((vf_format)f);
    vf_format found = VF_FORMAT_NONE;
    assert_non_null(info);
    assert_ok(vf_format_find(&found, info->name, err));
    assert_int_equal(found, f);
    assert_true(info->block_elements > 0 && info->block_bytes > 0);
  }
  assert_null(vf_format_get(VF_FORMAT_NONE));
  assert_null(vf_format_get(VF_FORMAT_COUNT));
}

/* Bits a number, of those that no file of GGUF has: a name that ends in its bits, or
 * the sum of sign, exponent and mantissa. */
static void formats_of_checkpoints_take_the_bits_of_their_names(void **state) {
  (void)state;
  static const struct {
    vf_format format;
    uint32_t bits;
  } rows[] = {{VF_FORMAT_U8, 8},      {VF_FORMAT_U16, 16},    {VF_FORMAT_U32, 32},
              {VF_FORMAT_U64, 64},    {VF_FORMAT_BOOL, 8},    {VF_FORMAT_F8_E4M3, 8},
              {VF_FORMAT_F8_E5M2, 8}, {VF_FORMAT_F8_E8M0, 8}, {VF_FORMAT_F6_E2M3, 6},
              {VF_FORMAT_F6_E3M2, 6}, {VF_FORMAT_F4, 4},      {VF_FORMAT_INT8, 8},
              {VF_FORMAT_INT6, 6},    {VF_FORMAT_INT5, 5},    {VF_FORMAT_INT4, 4},
              {VF_FORMAT_INT3, 3},    {VF_FORMAT_INT2, 2},    {VF_FORMAT_NF4, 4},
              {VF_FORMAT_I8, 8},      {VF_FORMAT_I16, 16},    {VF_FORMAT_I32, 32},
              {VF_FORMAT_I64, 64},    {VF_FORMAT_F64, 64},    {VF_FORMAT_F32, 32},
              {VF_FORMAT_F16, 16},    {VF_FORMAT_BF16, 16}};
  uint64_t n = 0;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_true(vf_format_row(&n, rows[i].format, 64));
    assert_u64(n, 8 * rows[i].bits);
    assert_true(vf_format_row(&n, rows[i].format, vf_formats[rows[i].format].block_elements));
  }
}

/* What is no plain number is quantized, and what has a number in GGUF is found by it. */
static void formats_are_plain_numbers_or_quantized(void **state) {
  (void)state;
  static const vf_format plain[] = {VF_FORMAT_F32, VF_FORMAT_F16, VF_FORMAT_BF16, VF_FORMAT_F64,
                                    VF_FORMAT_I8,  VF_FORMAT_I16, VF_FORMAT_I32,  VF_FORMAT_I64,
                                    VF_FORMAT_U8,  VF_FORMAT_U16, VF_FORMAT_U32,  VF_FORMAT_U64,
                                    VF_FORMAT_BOOL};
  for (int f = VF_FORMAT_NONE + 1; f < VF_FORMAT_COUNT; f++) {
    const vf_format_info *info = &vf_formats[f];
    bool is_plain = false;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) is_plain |= (int)plain[i] == f;
    if (info->quantized == is_plain) fail_msg("%s", info->name);
    if (info->gguf_type >= 0) assert_int_equal(vf_format_of_gguf((uint32_t)info->gguf_type), f);
  }
}

static void buffers_pad_size_and_last_row(void **state) {
  (void)state;
  const vf_buffer_rule cuda = {128, 512}, cpu = {32, 0};
  uint64_t n = 0;
  assert_true(vf_buffer_bytes(&n, &cuda, VF_FORMAT_F32, 3, 1));
  assert_u64(n, 128);
  assert_true(vf_buffer_bytes(&n, &cpu, VF_FORMAT_F32, 3, 1));
  assert_u64(n, 32);
  /* 896 = 512 + 384: 128 elements of padding in the last row, 4 blocks of 34 bytes */
  assert_true(vf_buffer_bytes(&n, &cuda, VF_FORMAT_Q8_0, 896, 10));
  assert_u64(n, (896 / 32 * 34 * 10 + 128 / 32 * 34 + 127) / 128 * 128);
  assert_true(vf_buffer_bytes(&n, &cpu, VF_FORMAT_Q8_0, 896, 10));
  assert_u64(n, (896 / 32 * 34 * 10 + 31) / 32 * 32);
  assert_false(vf_buffer_bytes(&n, &cuda, VF_FORMAT_F32, UINT64_C(1) << 40, UINT64_C(1) << 30));
}

static void shapes_beyond_64_bits_are_refused(void **state) {
  (void)state;
  static const uint64_t shapes[][4] = {{UINT64_C(1) << 32, UINT64_C(1) << 32, 1, 1},
                                       {UINT64_C(1) << 21, UINT64_C(1) << 21, UINT64_C(1) << 22, 1},
                                       {UINT64_C(1) << 32, UINT64_C(3) << 30, 1, 1},
                                       {UINT64_C(1) << 63, 1, 1, 1}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    vf_tensor t = {.role = VF_ROLE_ATTN_Q, .count = 1};
    memcpy(t.ne, shapes[i], sizeof t.ne);
    assert_fails(vf_tensor_store(&t, VF_FORMAT_F32, err), VF_OVERFLOW, "attn_q.weight");
    assert_u64(t.bytes, 0);
  }
}

static void rows_that_are_no_whole_blocks_are_refused(void **state) {
  (void)state;
  vf_tensor t = {.role = VF_ROLE_ATTN_Q, .count = 1, .ne = {100, 4, 1, 1}};
  assert_fails(vf_tensor_store(&t, VF_FORMAT_Q4_K, err), VF_UNSUPPORTED,
               "attn_q.weight: rows of 100 do not divide into q4_K blocks");
  assert_u64(t.bytes, 0);
}

/* As many bytes of two formats: in the order of the formats, whichever tensor comes first. */
static void formats_of_equal_shares_stand_in_their_own_order(void **state) {
  (void)state;
  vf_format_share shares[VF_FORMAT_COUNT];
  vf_tensor t[] = {{.format = VF_FORMAT_BF16, .count = 1, .ne = {64, 1, 1, 1}, .bytes = 128},
                   {.format = VF_FORMAT_F16, .count = 1, .ne = {64, 1, 1, 1}, .bytes = 128},
                   {.format = VF_FORMAT_F32, .count = 1, .ne = {64, 1, 1, 1}, .bytes = 256}};
  assert_u64(vf_describe_formats(shares, t, 3), 3);
  assert_int_equal(shares[0].format, VF_FORMAT_F32);
  assert_true(shares[1].format < shares[2].format);
}

/* ---- The graph -------------------------------------------------------------------------- */

static vf_graph graph;

static vf_ref make(vf_op_kind kind, uint64_t bytes, vf_ref a, vf_ref b) {
  const vf_ref sources[] = {a, b};
  return vf_graph_op(&graph, kind, bytes, sources, 2);
}

static void use(vf_ref a, vf_ref b) {
  vf_graph_expand(&graph, make(VF_OP_EXTERNAL, 0, a, b));
}

static void memory_is_used_again_after_the_last_use(void **state) {
  (void)state;
  vf_graph_init(&graph, 128);
  vf_ref a = make(VF_OP_NEW, 1000, 0, 0), b = make(VF_OP_NEW, 1000, a, 0);
  use(make(VF_OP_NEW, 1000, b, 0), 0);
  vf_graph_step(&graph);
  assert_u64(graph.pools[0].peak_bytes, 2048);
  assert_false(graph.overflow);
  assert_u64(graph.pools[0].n_blocks, 1);
  assert_u64(graph.n_free + 1, graph.n_nodes);
}

static void an_operation_may_overwrite_an_operand_without_later_use(void **state) {
  (void)state;
  vf_graph_init(&graph, 128);
  use(make(VF_OP_OVER, 1000, make(VF_OP_NEW, 1000, 0, 0), 0), 0);
  vf_graph_step(&graph);
  assert_u64(graph.pools[0].peak_bytes, 1024);
  /* with a second use of the operand it may not */
  vf_graph_init(&graph, 128);
  vf_ref a = make(VF_OP_NEW, 1000, 0, 0);
  use(make(VF_OP_OVER, 1000, a, 0), a);
  vf_graph_step(&graph);
  assert_u64(graph.pools[0].peak_bytes, 2048);
  /* nor if it reads it through a view */
  vf_graph_init(&graph, 128);
  use(make(VF_OP_OVER, 1000, vf_view(make(VF_OP_NEW, 1000, 0, 0)), 0), 0);
  vf_graph_step(&graph);
  assert_u64(graph.pools[0].peak_bytes, 2048);
}

/* Sources come before results, left to right, whatever was made first. */
static void order_is_that_of_need_not_of_making(void **state) {
  (void)state;
  vf_graph_init(&graph, 128);
  vf_ref late = make(VF_OP_NEW, 128, 0, 0), early = make(VF_OP_NEW, 256, 0, 0);
  vf_graph_expand(&graph, make(VF_OP_NEW, 512, early, late));
  assert_u64(graph.n_order, 3);
  assert_u64(graph.order[0], early);
  assert_u64(graph.order[1], late);
}

static void a_held_input_survives_its_step(void **state) {
  (void)state;
  vf_graph_init(&graph, 128);
  vf_ref mask = vf_graph_input(&graph, 500, 3);
  vf_graph_place(&graph, mask);
  use(mask, 0);
  vf_graph_step(&graph);
  use(make(VF_OP_NEW, 500, mask, 0), 0);
  vf_graph_release(&graph, mask);
  vf_graph_step(&graph);
  assert_u64(graph.pools[0].peak_bytes, 1024);
  assert_u64(graph.pools[0].n_blocks, 1);
  assert_u64(graph.n_inputs, 1);
  assert_u64(graph.input_order[0], 3);
}

static void what_is_kept_lives_until_another_result_is_there(void **state) {
  (void)state;
  vf_graph_init(&graph, 128);
  vf_ref a = make(VF_OP_NEW, 1000, 0, 0), b = make(VF_OP_NEW, 1000, a, 0);
  vf_ref c = make(VF_OP_NEW, 1000, b, 0);
  vf_graph_keep(&graph, c, a);
  use(c, 0);
  vf_graph_step(&graph);
  assert_u64(graph.pools[0].peak_bytes, 3072);
  assert_u64(graph.pools[0].n_blocks, 1);
}

static void the_smallest_block_that_fits_is_taken(void **state) {
  (void)state;
  vf_graph_init(&graph, 128);
  vf_ref big = make(VF_OP_NEW, 1280, 0, 0), keep1 = make(VF_OP_NEW, 128, 0, 0);
  vf_ref small = make(VF_OP_NEW, 256, 0, 0), keep2 = make(VF_OP_NEW, 128, 0, 0);
  const vf_ref all[] = {big, keep1, small, keep2};
  for (int i = 0; i < 4; i++) vf_graph_expand(&graph, all[i]);
  use(big, small);
  vf_ref a = make(VF_OP_NEW, 200, 0, 0);
  vf_graph_expand(&graph, a);
  use(keep1, keep2);
  vf_graph_step(&graph);
  assert_u64(graph.nodes[a].offset, 1280 + 128);
  assert_u64(graph.pools[0].peak_bytes, 1280 + 128 + 256 + 128);
}

/* Memory of 0 bytes goes through the allocator like any other. */
static void nothing_takes_a_place_too(void **state) {
  (void)state;
  vf_graph_init(&graph, 128);
  vf_ref none = vf_graph_input(&graph, 0, 0), a = vf_graph_input(&graph, 128, 1);
  vf_graph_place(&graph, none);
  vf_graph_place(&graph, a);
  vf_graph_release(&graph, none);
  use(none, 0);
  vf_graph_step(&graph);
  assert_u64(graph.pools[0].n_blocks, 2);
  assert_u64(graph.pools[0].blocks[0].size, 0);
}

static void sizes_and_numbers_beyond_the_limits_are_told(void **state) {
  (void)state;
  vf_graph_init(&graph, 128);
  vf_graph_expand(&graph, make(VF_OP_NEW, UINT64_MAX - 1, 0, 0));
  vf_graph_step(&graph);
  assert_true(graph.overflow);
  vf_graph_init(&graph, 128);
  for (int i = 0; i < 1000; i++) make(VF_OP_NEW, 1, 0, 0);
  assert_true(graph.overflow);
  vf_graph_init(&graph, 128);
  for (int i = 0; i < VF_GRAPH_ORDER; i++) vf_graph_expand(&graph, make(VF_OP_NEW, 1, 0, 0));
  assert_false(graph.overflow);
  vf_graph_expand(&graph, make(VF_OP_NEW, 1, 0, 0));
  assert_true(graph.overflow);
}

/* A free block between each two that are taken, until there is no room for another. */
static void holes_beyond_the_limit_are_told(void **state) {
  (void)state;
  static vf_pool pool;
  uint64_t offsets[2 * VF_POOL_BLOCKS];
  vf_pool_init(&pool, 128);
  for (size_t i = 0; i < 2 * VF_POOL_BLOCKS; i++) {
    assert_true(vf_pool_take(&pool, &offsets[i], 100));
    assert_u64(offsets[i], 128 * i);
  }
  for (size_t i = 0; i + 1 < VF_POOL_BLOCKS; i++)
    assert_true(vf_pool_give(&pool, offsets[2 * i], 100)); /* the open end is a block, too */
  assert_u64(pool.n_blocks, VF_POOL_BLOCKS);
  assert_false(vf_pool_give(&pool, offsets[2 * (VF_POOL_BLOCKS - 1)], 100));
  assert_true(vf_pool_give(&pool, offsets[1], 100)); /* joins two */
  assert_u64(pool.n_blocks, VF_POOL_BLOCKS - 1);
  assert_u64(pool.blocks[0].size, 3 * 128);
  assert_u64(pool.peak_bytes, 2 * VF_POOL_BLOCKS * 128);
  uint64_t again; /* of equal ones the last, and the open end only where nothing else is left */
  assert_true(vf_pool_take(&pool, &again, 128));
  assert_u64(again, offsets[2 * (VF_POOL_BLOCKS - 2)]);
  assert_true(vf_pool_take(&pool, &again, 3 * 128));
  assert_u64(again, 0);
  assert_true(vf_pool_take(&pool, &again, 129));
  assert_u64(again, 2 * VF_POOL_BLOCKS * 128);
  assert_false(vf_pool_take(&pool, &again, UINT64_MAX / 2));
}

/* ---- The schedule ----------------------------------------------------------------------- */

static vf_schedule schedule;

/* So many backends, the last of them the host. */
static void start_schedule(uint32_t backends, uint32_t sets) {
  vf_graph_init(&graph, 128);
  for (uint32_t i = 1; i < backends; i++) vf_graph_add_backend(&graph, 128);
  vf_schedule_init(&schedule, &graph, sets);
  vf_schedule_begin(&schedule, true);
}

static bool splits_have_room(uint32_t splits) {
  start_schedule(2, 1);
  for (uint32_t i = 0; i < splits; i++) {
    vf_ref op = make(VF_OP_NEW, 128, 0, 0);
    vf_graph_pin(&graph, op, i % 2);
    vf_graph_expand(&graph, op);
  }
  vf_schedule_step(&schedule, 0);
  return !graph.overflow;
}

static void more_splits_than_there_is_room_for_are_told(void **state) {
  (void)state;
  assert_true(splits_have_room(VF_SCHEDULE_SPLITS));
  assert_false(splits_have_room(VF_SCHEDULE_SPLITS + 1));
}

/* Of 64 results of the host each of so many GPUs copies as many as it reads. */
static bool copies_have_room(uint32_t copies) {
  enum { RESULTS = 64 };
  vf_ref of_host[RESULTS];
  start_schedule(10, 1);
  for (uint32_t i = 0; i < RESULTS; i++)
    of_host[i] = vf_graph_outside(&graph, VF_OUTSIDE_CACHE, 128, 9);
  for (uint32_t i = 0; i < copies; i += VF_GRAPH_SOURCES) {
    int n = (int)vf_min_u32(VF_GRAPH_SOURCES, copies - i);
    vf_ref op = vf_graph_op(&graph, VF_OP_NEW, 128, &of_host[i % RESULTS], n);
    vf_graph_pin(&graph, op, (uint8_t)(i / RESULTS));
    vf_graph_expand(&graph, op);
  }
  vf_schedule_step(&schedule, 0);
  return !graph.overflow;
}

static void more_copies_than_there_is_room_for_are_told(void **state) {
  (void)state;
  assert_true(copies_have_room(VF_SCHEDULE_COPIES));
  assert_false(copies_have_room(VF_SCHEDULE_COPIES + 1));
}

/* Four sets of copies of an input that the GPU reads. */
static bool copies_stay_within_64_bits(uint64_t bytes) {
  start_schedule(2, 4);
  vf_ref input = vf_graph_input(&graph, bytes, 0), op = make(VF_OP_NEW, 128, vf_view(input), 0);
  vf_graph_pin(&graph, op, 0);
  vf_graph_expand(&graph, op);
  vf_schedule_step(&schedule, 0);
  return !graph.overflow;
}

static void copies_of_several_sets_beyond_64_bits_are_told(void **state) {
  (void)state;
  assert_true(copies_stay_within_64_bits(1000));
  assert_u64(schedule.fixed_bytes[0], 4 * 1024);
  assert_false(copies_stay_within_64_bits(UINT64_C(1) << 62));
  assert_u64(schedule.fixed_bytes[0], 0);
}

/* What did not fit is not played any further: nothing is known of where the rest would lie. */
static void a_graph_that_has_overflown_stands_still(void **state) {
  (void)state;
  assert_false(copies_stay_within_64_bits(UINT64_C(1) << 62));
  uint32_t waits = schedule.n_ops;
  vf_graph_expand(&graph, make(VF_OP_NEW, 128, 0, 0));
  vf_schedule_step(&schedule, 1);
  vf_schedule_finish(&schedule, 2);
  assert_u64(schedule.n_ops, waits);
  assert_true(graph.overflow);
}

/* ---- Placement -------------------------------------------------------------------------- */

static uint32_t count_slots(const vf_placement *p, uint32_t device) {
  uint32_t n = 0;
  for (uint32_t s = 0; s < p->n_slots; s++) n += p->device[s] == device;
  return n;
}

static void slots_follow_the_shares(void **state) {
  (void)state;
  vf_placement p;
  vf_placement_split(&p, 33, 33, (uint64_t[]){3, 1}, 2, 2);
  assert_u64(count_slots(&p, 0), 25);
  assert_u64(count_slots(&p, 1), 8);
  vf_placement_split(&p, 33, 33, (uint64_t[]){0, 0}, 2, 2);
  assert_u64(count_slots(&p, 0), 17);
  assert_u64(count_slots(&p, 1), 16);
  vf_placement_split(&p, 33, 33, (uint64_t[]){UINT64_MAX / 4, UINT64_MAX / 4}, 2, 2);
  assert_u64(count_slots(&p, 0), 17);
  vf_placement_split(&p, 10, 10, (uint64_t[]){0, 5, 0, 5}, 4, 4);
  assert_u64(count_slots(&p, 0) + count_slots(&p, 2), 0);
}

static void the_last_slots_go_to_the_devices_first(void **state) {
  (void)state;
  vf_placement p;
  vf_placement_split(&p, 33, 1, (uint64_t[]){1}, 1, 7);
  assert_u64(p.device[32], 0);
  assert_u64(count_slots(&p, 7), 32);
  assert_false(vf_placement_has_slot(&p, 0, 32));
  assert_true(vf_placement_has_slot(&p, 0, 33));
  vf_placement_split(&p, 33, 0, (uint64_t[]){1}, 1, 7);
  assert_u64(count_slots(&p, 7), 33);
}

/* ---- Verdicts --------------------------------------------------------------------------- */

/* An estimate with these devices. */
static vf_status start(vf_estimate *e, const vf_model *model, const vf_device *devices, size_t n,
                       vf_error *error) {
  vf_status status = vf_estimate_reset(e, model, n, error);
  for (size_t i = 0; status == VF_OK && i < n; i++) e->devices[i].device = devices[i];
  return status;
}

static vf_verdict judge(vf_interval need, uint64_t total, uint64_t headroom) {
  vf_model *model;
  vf_estimate e = {.allocator = vf_default_allocator};
  vf_device d = {.kind = VF_DEVICE_DISCRETE,
                 .total_known = true,
                 .total_bytes = total,
                 .headroom_bytes = headroom};
  assert_ok(vf_model_new(&model, &vf_default_allocator, 1, 1, 1, err));
  assert_ok(start(&e, model, &d, 1, err));
  vf_estimate_add(&e, (vf_line){0, VF_PART_WEIGHTS, "weights", need, VF_BASIS_EXACT, ""});
  assert_ok(vf_estimate_finish(&e, err));
  vf_verdict verdict = e.verdict;
  vf_default_allocator.free(NULL, e.devices);
  vf_default_allocator.free(NULL, e.lines);
  vf_model_free(model);
  return verdict;
}

static void the_verdict_turns_at_its_boundaries(void **state) {
  (void)state;
  const vf_interval need = {90, 100, 120};
  assert_int_equal(judge(need, 130, 10), VF_FITS);
  assert_int_equal(judge(need, 129, 10), VF_TIGHT);
  assert_int_equal(judge(need, 120, 0), VF_FITS);
  assert_int_equal(judge(need, 120, 1), VF_TIGHT);
  assert_int_equal(judge(need, 119, 0), VF_RISKY);
  assert_int_equal(judge(need, 100, 0), VF_RISKY);
  assert_int_equal(judge(need, 99, 0), VF_NO_FIT);
  assert_int_equal(judge(need, 1000, UINT64_MAX), VF_TIGHT);
}

/* Neither is ever left out silently. */
static void assumptions_beyond_the_limit_are_told(void **state) {
  (void)state;
  vf_model *model;
  vf_device d = {.kind = VF_DEVICE_DISCRETE, .total_known = true, .total_bytes = 100};
  static char words[600];
  memset(words, 'a', sizeof words - 1);
  assert_ok(vf_model_new(&model, &vf_default_allocator, 1, 1, 1, err));
  for (int kind = 0; kind < 4; kind++) {
    vf_estimate e = {.allocator = vf_default_allocator};
    assert_ok(start(&e, model, &d, 1, err));
    size_t before = e.n_assumptions;
    size_t most = VF_MAX_ASSUMPTIONS - before, n = kind == 0 ? most : kind == 1 ? most + 1 : 1;
    for (size_t i = 0; i < n; i++) vf_estimate_assume(&e, "a-code", "words");
    if (kind == 2) vf_estimate_assume_that(&e, "a-code", "%s", "words");
    for (size_t i = 0; kind == 3 && i < sizeof e.words / 500 + 1; i++)
      vf_estimate_assume_that(&e, "a-code", "%.500s", words);
    if (kind == 0 || kind == 2)
      assert_ok(vf_estimate_finish(&e, err));
    else
      assert_fails(vf_estimate_finish(&e, err), VF_LIMIT, "taken for granted");
    vf_default_allocator.free(NULL, e.devices);
    vf_default_allocator.free(NULL, e.lines);
  }
  vf_model_free(model);
}

/* What comes with use only takes the headroom away. */
static void growth_makes_tight_at_worst(void **state) {
  (void)state;
  vf_device_budget b = {.need = {90, 100, 120}, .growth_bytes = 30};
  b.device = (vf_device){.total_known = true, .total_bytes = 160, .headroom_bytes = 10};
  vf_budget_judge(&b);
  assert_int_equal(b.verdict, VF_FITS);
  assert_true(vf_budget_over(&b) == 0);
  b.growth_bytes = 31;
  vf_budget_judge(&b);
  assert_int_equal(b.verdict, VF_TIGHT);
  b.growth_bytes = UINT64_MAX;
  vf_budget_judge(&b);
  assert_int_equal(b.verdict, VF_TIGHT);
  assert_true(b.headroom_bytes == 40);
}

/* Metal's working set holds what the GPU has, the machine what both have: the worse one decides. */
static void of_two_limits_the_worse_one_decides(void **state) {
  (void)state;
  static const struct {
    uint64_t gpu, host, whole;
    vf_verdict verdict;
  } cases[] = {{40, 10, 60, VF_FITS}, {49, 1, 60, VF_NO_FIT}, {40, 21, 60, VF_NO_FIT},
               {40, 20, 60, VF_FITS}, {40, 20, 0, VF_NO_FIT}, {30, 10, 0, VF_FITS}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    vf_model *model;
    vf_estimate e = {.allocator = vf_default_allocator};
    vf_device d[2] = {{.kind = VF_DEVICE_UNIFIED, .total_known = true, .total_bytes = 64},
                      {.kind = VF_DEVICE_HOST, .total_known = true, .total_bytes = 1}};
    d[0].reserved_bytes = 16;
    d[0].whole_bytes = cases[i].whole;
    assert_ok(vf_model_new(&model, &vf_default_allocator, 1, 1, 1, err));
    assert_ok(start(&e, model, d, 2, err));
    vf_estimate_add(
        &e, (vf_line){0, VF_PART_WEIGHTS, "a", vf_exactly(cases[i].gpu), VF_BASIS_EXACT, ""});
    vf_estimate_add(
        &e, (vf_line){1, VF_PART_WEIGHTS, "b", vf_exactly(cases[i].host), VF_BASIS_EXACT, ""});
    assert_ok(vf_estimate_finish(&e, err));
    assert_int_equal(e.verdict, cases[i].verdict);
    assert_true(e.devices[0].whole.known == (cases[i].whole != 0));
    vf_default_allocator.free(NULL, e.devices);
    vf_default_allocator.free(NULL, e.lines);
    vf_model_free(model);
  }
}

static void capacity_is_what_reserve_and_use_leave(void **state) {
  (void)state;
  vf_device d = {.total_bytes = 100, .reserved_bytes = 30, .used_bytes = 20};
  assert_u64(vf_device_capacity(&d), 50);
  d.used_bytes = 71;
  assert_u64(vf_device_capacity(&d), 0);
  d.used_bytes = UINT64_MAX;
  assert_u64(vf_device_capacity(&d), 0);
}

static void the_host_draws_from_a_unified_pool(void **state) {
  (void)state;
  vf_model *model;
  vf_estimate e = {.allocator = vf_default_allocator};
  vf_device d[2] = {{.kind = VF_DEVICE_UNIFIED, .total_known = true, .total_bytes = 100},
                    {.kind = VF_DEVICE_HOST, .total_known = true, .total_bytes = 1}};
  assert_ok(vf_model_new(&model, &vf_default_allocator, 1, 1, 1, err));
  assert_ok(start(&e, model, d, 2, err));
  vf_estimate_add(&e, (vf_line){0, VF_PART_WEIGHTS, "a", vf_exactly(60), VF_BASIS_EXACT, ""});
  vf_estimate_add(&e, (vf_line){1, VF_PART_WEIGHTS, "b", {30, 41, 45}, VF_BASIS_EXACT, ""});
  assert_ok(vf_estimate_finish(&e, err));
  assert_int_equal(e.verdict, VF_NO_FIT);
  assert_u64(e.devices[0].need.bytes, 101);
  assert_u64(e.devices[0].shared_host_bytes, 41);
  assert_true(e.devices[1].pooled);
  vf_default_allocator.free(NULL, e.devices);
  vf_default_allocator.free(NULL, e.lines);
  vf_model_free(model);
}

static void sums_beyond_64_bits_fail_the_estimate(void **state) {
  (void)state;
  vf_model *model;
  vf_estimate e = {.allocator = vf_default_allocator};
  vf_device d = {.total_known = true, .total_bytes = 100};
  assert_ok(vf_model_new(&model, &vf_default_allocator, 1, 1, 1, err));
  assert_ok(start(&e, model, &d, 1, err));
  vf_line line = {0, VF_PART_WEIGHTS, "a", vf_exactly(UINT64_MAX), VF_BASIS_EXACT, ""};
  vf_estimate_add(&e, line);
  vf_estimate_add(&e, line);
  assert_fails(vf_estimate_finish(&e, err), VF_OVERFLOW, "do not fit 64 bits");
  vf_default_allocator.free(NULL, e.devices);
  vf_default_allocator.free(NULL, e.lines);
  vf_model_free(model);
}

/* An estimate of one device, whose result is of no interest. */
static vf_status finish_with(void (*fill)(vf_estimate *), vf_error *error) {
  vf_model *model;
  vf_estimate e = {.allocator = vf_default_allocator};
  vf_device d = {.total_known = true, .total_bytes = 100};
  assert_ok(vf_model_new(&model, &vf_default_allocator, 1, 1, 1, err));
  assert_ok(start(&e, model, &d, 1, err));
  fill(&e);
  vf_status status = vf_estimate_finish(&e, error);
  vf_default_allocator.free(NULL, e.devices);
  vf_default_allocator.free(NULL, e.lines);
  vf_model_free(model);
  return status;
}

static void assume_too_much(vf_estimate *e) {
  for (int i = 0; i <= VF_MAX_ASSUMPTIONS; i++) vf_estimate_assume(e, "code", "text");
}

static void assume_too_long_a_text(vf_estimate *e) {
  vf_estimate_assume_that(e, "code", "%*d", VF_ESTIMATE_WORDS, 1);
}

static void add_too_many_lines(vf_estimate *e) {
  vf_line line = {0, VF_PART_WEIGHTS, "a", vf_exactly(1), VF_BASIS_EXACT, ""};
  for (int i = 0; i <= VF_LINES_PER_DEVICE; i++) vf_estimate_add(e, line);
}

/* Nothing is left out of an estimate: without room for all of it there is none. */
static void what_there_is_no_room_to_tell_fails_the_estimate(void **state) {
  (void)state;
  assert_fails(finish_with(assume_too_much, err), VF_LIMIT, "taken for granted");
  assert_fails(finish_with(assume_too_long_a_text, err), VF_LIMIT, "taken for granted");
  assert_fails(finish_with(add_too_many_lines, err), VF_OVERFLOW, "nothing fits");
}

/* ---- The largest that is answered yes --------------------------------------------------- */

/* Up to where it is yes, and how much of a hint there is. */
typedef struct border {
  uint64_t at;
  enum { NOTHING, BENT, STAIRS, WRONG } hint;
  uint64_t asked, last_yes, last_no;
} border;

static vf_status up_to_border(void *user, uint64_t n, vf_sample *out, vf_error *err) {
  border *b = user;
  (void)err;
  b->asked++;
  int64_t left = (int64_t)b->at - (int64_t)n;
  *out = (vf_sample){.yes = n <= b->at, .has_far = b->hint != NOTHING};
  *(out->yes ? &b->last_yes : &b->last_no) = n;
  if (b->hint == BENT) out->far = left * 1000 + (left > 100 ? left * 300 : 0);
  if (b->hint == STAIRS) out->far = left >= 0 ? left / 32 : -1 + left / 32;
  if (b->hint == WRONG) out->far = left >= 0 ? (int64_t)n * 1000000 : -1;
  out->grows = (int64_t)n * 1000;
  return VF_OK;
}

static void the_border_is_found_wherever_it_is(void **state) {
  (void)state;
  for (int hint = NOTHING; hint <= WRONG; hint++)
    for (uint64_t end = 1; end < 70; end++)
      for (uint64_t at = 0; at < 75; at++) {
        border b = {.at = at, .hint = hint};
        uint64_t best = 99;
        assert_ok(vf_solve_largest(&best, end, NULL, 0, up_to_border, &b, err));
        assert_u64(best, at < end ? at : end);
        assert_u64(b.last_yes, best);
        if (best < end) assert_u64(b.last_no, best + 1);
      }
}

static void what_is_known_is_not_asked_again(void **state) {
  (void)state;
  for (uint64_t at = 0; at < 60; at++)
    for (uint64_t n = 1; n < 50; n++) {
      border b = {.at = at, .hint = BENT}, again = b;
      vf_known known = {n, {.yes = false}};
      uint64_t best = 99;
      assert_ok(up_to_border(&again, n, &known.sample, err));
      assert_ok(vf_solve_largest(&best, 50, &known, 1, up_to_border, &b, err));
      assert_u64(best, at < 50 ? at : 50);
      assert_true(b.last_yes != n && b.last_no != n);
    }
}

static void hints_make_few_questions_of_many_and_bad_ones_no_more_than_a_walk(void **state) {
  static const uint64_t most[] = {[NOTHING] = 22, [BENT] = 9, [STAIRS] = 20, [WRONG] = 36};
  (void)state;
  for (int hint = NOTHING; hint <= WRONG; hint++)
    for (uint64_t at = 0; at < 1000000; at += 997) {
      border b = {.at = at, .hint = hint};
      uint64_t best = 0;
      assert_ok(vf_solve_largest(&best, 1000000, NULL, 0, up_to_border, &b, err));
      assert_u64(best, at);
      assert_in_range(b.asked, 1, most[hint]);
    }
}

static void the_ends_are_asked_first_where_nothing_is_known(void **state) {
  (void)state;
  uint64_t best;
  border b = {.at = 1000000, .hint = NOTHING};
  assert_ok(vf_solve_largest(&best, 1000, NULL, 0, up_to_border, &b, err));
  assert_u64(b.asked, 1);
  b = (border){.at = 0, .hint = NOTHING};
  assert_ok(vf_solve_largest(&best, 1000, NULL, 0, up_to_border, &b, err));
  assert_u64(b.asked, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_are_whole_blocks),
      cmocka_unit_test(rows_may_have_a_scale_of_their_own),
      cmocka_unit_test(every_format_is_found_by_its_name),
      cmocka_unit_test(formats_of_checkpoints_take_the_bits_of_their_names),
      cmocka_unit_test(formats_are_plain_numbers_or_quantized),
      cmocka_unit_test(buffers_pad_size_and_last_row),
      cmocka_unit_test(shapes_beyond_64_bits_are_refused),
      cmocka_unit_test(rows_that_are_no_whole_blocks_are_refused),
      cmocka_unit_test(formats_of_equal_shares_stand_in_their_own_order),
      cmocka_unit_test(memory_is_used_again_after_the_last_use),
      cmocka_unit_test(an_operation_may_overwrite_an_operand_without_later_use),
      cmocka_unit_test(order_is_that_of_need_not_of_making),
      cmocka_unit_test(a_held_input_survives_its_step),
      cmocka_unit_test(what_is_kept_lives_until_another_result_is_there),
      cmocka_unit_test(the_smallest_block_that_fits_is_taken),
      cmocka_unit_test(nothing_takes_a_place_too),
      cmocka_unit_test(sizes_and_numbers_beyond_the_limits_are_told),
      cmocka_unit_test(holes_beyond_the_limit_are_told),
      cmocka_unit_test(more_splits_than_there_is_room_for_are_told),
      cmocka_unit_test(more_copies_than_there_is_room_for_are_told),
      cmocka_unit_test(copies_of_several_sets_beyond_64_bits_are_told),
      cmocka_unit_test(a_graph_that_has_overflown_stands_still),
      cmocka_unit_test(slots_follow_the_shares),
      cmocka_unit_test(the_last_slots_go_to_the_devices_first),
      cmocka_unit_test(the_verdict_turns_at_its_boundaries),
      cmocka_unit_test(assumptions_beyond_the_limit_are_told),
      cmocka_unit_test(growth_makes_tight_at_worst),
      cmocka_unit_test(of_two_limits_the_worse_one_decides),
      cmocka_unit_test(capacity_is_what_reserve_and_use_leave),
      cmocka_unit_test(the_host_draws_from_a_unified_pool),
      cmocka_unit_test(sums_beyond_64_bits_fail_the_estimate),
      cmocka_unit_test(what_there_is_no_room_to_tell_fails_the_estimate),
      cmocka_unit_test(the_border_is_found_wherever_it_is),
      cmocka_unit_test(what_is_known_is_not_asked_again),
      cmocka_unit_test(hints_make_few_questions_of_many_and_bad_ones_no_more_than_a_walk),
      cmocka_unit_test(the_ends_are_asked_first_where_nothing_is_known),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
