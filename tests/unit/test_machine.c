/* test_machine.c - what is made of what drivers and kernels say, the absurd included.
 *
 * NVIDIA's library is a fake one that answers out of $FAKE_NVML (tests/machine/fake_nvml.c); the
 * kernel's files are written into a folder that stands for /. */
#include "support.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "machine/meminfo.h"
#include "machine/system_file.h"

static const uint64_t mib = UINT64_C(1) << 20;
static const uint64_t gib = UINT64_C(1) << 30;

static vf_context *ctx;
static char root[] = "/tmp/vramfit-machine-XXXXXX";
static vf_machine *machine;
static const vf_machine_info *info;

/* ---- A machine of files ----------------------------------------------------------------- */

static void put(const char *path, const char *text) {
  char whole[512];
  snprintf(whole, sizeof whole, "%s%s", root, path);
  for (char *s = whole + strlen(root) + 1; (s = strchr(s, '/')) != NULL; s++) {
    *s = '\0';
    mkdir(whole, 0700);
    *s = '/';
  }
  FILE *f = fopen(whole, "wb");
  assert_non_null(f);
  fputs(text, f);
  fclose(f);
}

static void put_number(const char *folder, const char *name, uint64_t n) {
  char path[256], text[32];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  snprintf(text, sizeof text, "%llu\n", (unsigned long long)n);
  put(path, text);
}

/* An empty machine with 64 GiB, of which 60 are free. */
static void clean(void) {
  char command[64];
  snprintf(command, sizeof command, "rm -rf %s/*", root);
  assert_int_equal(system(command), 0);
  put("/proc/meminfo", "MemTotal:       67108864 kB\nMemFree:         1048576 kB\n"
                       "MemAvailable:   62914560 kB\n");
}

static int set_up(void **state) {
  (void)state;
  clean();
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  vf_machine_free(machine);
  machine = NULL;
  return 0;
}

static int open_all(void **state) {
  (void)state;
  if (mkdtemp(root) == NULL) return -1;
  return vf_context_new(&ctx, NULL, NULL) != VF_OK;
}

static int close_all(void **state) {
  (void)state;
  char command[64];
  snprintf(command, sizeof command, "rm -rf %s", root);
  vf_context_free(ctx);
  return system(command);
}

/* Looks at it; answers is what the library says, NULL: there is none. */
static void look(const char *library, const char *answers) {
  char path[512];
  snprintf(path, sizeof path, "%s%s.so", VF_FAKE_FOLDER, library != NULL ? library : "");
  if (answers != NULL) setenv("FAKE_NVML", answers, 1);
  const vf_machine_options options = {
      .struct_size = sizeof options, .root = root, .nvml_path = answers != NULL ? path : NULL};
  vf_machine_free(machine);
  machine = NULL;
  assert_ok(vf_machine_detect(&machine, ctx, &options, err));
  info = vf_machine_info_get(machine);
}

static bool is_noted(const char *words) {
  for (size_t i = 0; i < info->n_notes; i++)
    if (strstr(info->notes[i], words) != NULL) return true;
  return false;
}

static void assert_noted(const char *words) {
  if (!is_noted(words))
    fail_msg("no note has \"%s\"; the first of %zu is \"%s\"", words, info->n_notes,
             info->n_notes > 0 ? info->notes[0] : "");
}

static void assert_note_of(size_t i, const char *words) {
  assert_true(i < info->n_devices);
  if (strstr(info->devices[i].note, words) == NULL)
    fail_msg("\"%s\" is not in \"%s\"", words, info->devices[i].note);
}

static vf_status choose(vf_device *out, size_t *n, const char *text, bool empty, vf_error *err) {
  return vf_machine_select(out, VF_MAX_DEVICES, n, machine, text, empty, err);
}

static uint64_t free_of(size_t i) {
  const vf_device *d = &info->devices[i].device;
  return d->total_bytes - d->reserved_bytes - d->used_bytes;
}

/* ---- NVIDIA ----------------------------------------------------------------------------- */

static const char rtx_4090[] = "name=NVIDIA GeForce RTX 4090,pci=2684:10de,cc=8.9,total=24564,"
                               "reserved=493,used=1200,procs=2,procmib=512";

static void a_card_has_the_drivers_memory_and_the_catalogs_rest(void **state) {
  (void)state;
  look("fake_nvml", rtx_4090);
  assert_u64(info->n_devices, 1);
  const vf_machine_device *d = &info->devices[0];
  assert_string_equal(d->device.id, "rtx-4090");
  assert_string_equal(info->driver_version, "580.65.06");
  assert_string_equal(d->bus_id, "0000:41:00.0");
  assert_true(d->usable && d->in_catalog && d->used_known && d->device.used_is_live);
  assert_u64(d->device.total_bytes, 24564 * mib);
  assert_u64(d->device.reserved_bytes, 493 * mib);
  assert_u64(d->device.used_bytes, 1200 * mib);
  assert_u64(d->device.compute_capability, 89);
  assert_true(d->device.bandwidth_mb_per_s > 1000000);
  assert_u64(d->processes, 2);
  assert_u64(d->process_bytes, 1024 * mib);
  assert_u64(d->device.host_memory_bytes, 60 * gib);
}

static void a_driver_without_version_two_tells_its_share_within_what_is_used(void **state) {
  (void)state;
  look("fake_nvml_old", rtx_4090);
  const vf_device *d = &info->devices[0].device;
  vf_device listed;
  size_t n;
  assert_ok(vf_devices_parse(&listed, 1, &n, ctx, "rtx-4090", err));
  assert_u64(d->reserved_bytes, listed.reserved_bytes);
  assert_u64(d->used_bytes, (1200 + 493) * mib - listed.reserved_bytes);
}

static void a_driver_that_refuses_version_two_is_asked_by_the_first(void **state) {
  (void)state;
  static const int codes[] = {2, 13, 25};
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    char answers[256];
    snprintf(answers, sizeof answers, "%s,mem2=%d", rtx_4090, codes[i]);
    look("fake_nvml", answers);
    assert_true(info->devices[0].usable);
    assert_u64(info->devices[0].device.total_bytes, 24564 * mib);
  }
}

static void of_two_cards_with_one_id_the_one_with_that_memory_is_meant(void **state) {
  (void)state;
  look("fake_nvml", "name=NVIDIA GeForce RTX 3060,pci=2504:10de,total=12288;"
                    "name=NVIDIA GeForce RTX 3060,pci=2504:10de,total=8188");
  assert_string_equal(info->devices[0].device.id, "rtx-3060-12gb");
  assert_string_equal(info->devices[1].device.id, "rtx-3060-8gb");
}

static void a_card_without_a_known_id_is_found_by_the_words_of_its_name(void **state) {
  (void)state;
  look("fake_nvml", "name=NVIDIA GeForce GTX 1080 Ti,pci=1b06:10de,total=11264");
  assert_string_equal(info->devices[0].device.id, "gtx-1080-ti");
}

static void a_card_that_is_nobodys_keeps_what_is_known(void **state) {
  (void)state;
  look("fake_nvml", "name=NVIDIA Rubin R9000,pci=ffff:10de,cc=13.0,total=500000,reserved=900");
  const vf_machine_device *d = &info->devices[0];
  assert_false(d->in_catalog);
  assert_true(d->usable);
  assert_string_equal(d->device.id, "nvidia-rubin-r9000");
  assert_u64(d->device.compute_capability, 130);
  assert_u64(d->device.reserved_bytes, 900 * mib);
  assert_true(d->device.context.high_bytes > 0 && d->device.headroom_bytes > 0);
}

static void memory_that_is_not_supported_is_the_systems(void **state) {
  (void)state;
  static const char *const answers[] = {
      "name=NVIDIA GB10,pci=2e12:10de,cc=12.1,mem=3,procs=1,procmib=38500",
      "name=NVIDIA GB10,pci=2e12:10de,cc=12.1,total=0", /* success, and nothing in it */
  };
  for (size_t i = 0; i < 2; i++) {
    look("fake_nvml", answers[i]);
    const vf_device *d = &info->devices[0].device;
    assert_string_equal(d->id, "gb10");
    assert_int_equal(d->kind, VF_DEVICE_UNIFIED);
    assert_u64(d->total_bytes, 64 * gib);
    assert_u64(d->reserved_bytes, 8 * gib);
    assert_u64(free_of(0), 56 * gib); /* 60 are free, 8 of all are the system's */
  }
}

static void memory_in_use_counts_beyond_the_systems_share_alone(void **state) {
  (void)state;
  put("/proc/meminfo", "MemTotal: 67108864 kB\nMemAvailable: 31457280 kB\n");
  look("fake_nvml", "name=NVIDIA GB10,pci=2e12:10de,mem=3");
  assert_u64(info->devices[0].device.used_bytes, 26 * gib);
  assert_u64(free_of(0), 30 * gib);
}

static void instances_are_devices_of_their_own(void **state) {
  (void)state;
  vf_device d[VF_MAX_DEVICES];
  size_t n;
  look("fake_nvml", "name=NVIDIA A100-SXM4-80GB,pci=20b2:10de,cc=8.0,total=81920,"
                    "mig=1g.10gb/9856,mig=3g.40gb/40192,mig=9g.99gb/1000");
  assert_u64(info->n_devices, 3);
  assert_string_equal(info->devices[0].device.id, "a100-sxm4-80gb:1g.10gb");
  assert_string_equal(info->devices[2].device.id, "a100-sxm4-80gb:9g.99gb");
  assert_u64(info->devices[0].device.total_bytes, 9856 * mib);
  assert_u64(info->devices[0].device.reserved_bytes, 0);
  assert_u64(info->devices[2].device.bandwidth_mb_per_s, 0);
  assert_ok(choose(d, &n, "auto", false, err));
  assert_u64(n, 1);
  assert_string_equal(d[0].id, "a100-sxm4-80gb:3g.40gb");
  assert_fails(choose(d, &n, "auto:0,1", false, err), VF_USAGE, "name it alone");
}

static void a_cut_gpu_without_instances_is_of_no_use(void **state) {
  (void)state;
  look("fake_nvml", "name=NVIDIA H100,total=81559,mignow=1");
  assert_false(info->devices[0].usable);
  assert_note_of(0, "there is no instance");
  look("fake_nvml", "name=NVIDIA H100,total=81559,mignow=1,migcode=4");
  assert_note_of(0, "permission denied");
}

static void a_lost_gpu_is_told_and_left_out(void **state) {
  (void)state;
  vf_device d[VF_MAX_DEVICES];
  size_t n = 0;
  char answers[400];
  snprintf(answers, sizeof answers, "name=x,handle=15;%s;name=y,mem=15;name=z,namecode=15",
           rtx_4090);
  look("fake_nvml", answers);
  assert_u64(info->n_devices, 4);
  for (size_t i = 0; i < 4; i++) {
    assert_int_equal(info->devices[i].usable, i == 1);
    if (i != 1) assert_note_of(i, "fallen off the bus");
  }
  assert_ok(choose(d, &n, "auto", false, err));
  assert_u64(n, 1);
  assert_fails(choose(d, &n, "auto:2", false, err), VF_UNKNOWN, "fallen off the bus");
}

static void a_library_that_fails_leaves_a_line(void **state) {
  (void)state;
  static const struct {
    const char *library, *answers, *words;
  } cases[] = {
      {"fake_nvml", "init=18", "restart the machine"},
      {"fake_nvml", "init=9", "not loaded"},
      {"fake_nvml", "init=4", "permission denied"},
      {"fake_nvml", "init=12", "missing"},
      {"fake_nvml", "init=17", "control group"},
      {"fake_nvml", "init=999", "error 999"},
      {"fake_nvml", "countcode=28", "no longer there"},
      {"fake_nvml", "", "has no GPU"},
      {"fake_nvml_broken", "", "too old"},
      {"no_such_library", "", "cannot be loaded"},
  };
  vf_device d[VF_MAX_DEVICES];
  size_t n;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    look(cases[i].library, cases[i].answers);
    assert_u64(info->n_devices, 0);
    assert_noted(cases[i].words);
    assert_true(info->host_known);
    assert_fails(choose(d, &n, "auto", false, err), VF_UNKNOWN, cases[i].words);
  }
}

static void figures_that_cannot_be_are_told(void **state) {
  (void)state;
  static const char *const absurd[] = {"total=1000,used=2000", "total=1000,free=5000",
                                       "total=1000,reserved=3000",
                                       "total=1000,used=17592186044415"};
  for (size_t i = 0; i < sizeof absurd / sizeof *absurd; i++) {
    char answers[200];
    snprintf(answers, sizeof answers, "name=A,%s", absurd[i]);
    look("fake_nvml", answers);
    assert_note_of(0, "cannot be right");
    assert_false(info->devices[0].used_known);
    assert_u64(info->devices[0].device.used_bytes, 0);
    assert_true(info->devices[0].device.reserved_bytes < 1000 * mib);
  }
  look("fake_nvml", "name=A,total=9999999999999");
  assert_false(info->devices[0].usable);
  assert_note_of(0, "cannot be");
}

static void more_gpus_than_can_be_are_cut(void **state) {
  (void)state;
  look("fake_nvml", "name=A,total=1000;count=4294967295");
  assert_u64(info->n_devices, VF_MAX_DEVICES);
  assert_noted("more than 128 devices");
}

static void a_name_without_end_is_cut(void **state) {
  (void)state;
  char answers[200] = "total=1000,name=";
  memset(answers + strlen(answers), 'x', 120);
  look("fake_nvml", answers);
  assert_u64(strlen(info->devices[0].driver_name), 95);
}

static void a_gpu_without_a_driver_is_seen_on_the_bus(void **state) {
  (void)state;
  vf_device d[VF_MAX_DEVICES];
  size_t n;
  put("/sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n");
  put("/sys/bus/pci/devices/0000:01:00.0/class", "0x030000\n");
  put("/sys/bus/pci/devices/0000:01:00.0/device", "0x2684\n");
  look(NULL, NULL);
  assert_noted("10de:2684");
  assert_fails(choose(d, &n, "auto", false, err), VF_UNKNOWN, "no driver");
}

/* ---- Choosing --------------------------------------------------------------------------- */

static void devices_are_chosen_by_number(void **state) {
  (void)state;
  vf_device d[VF_MAX_DEVICES];
  size_t n;
  char answers[600];
  snprintf(answers, sizeof answers, "%s;name=NVIDIA H200,pci=2335:10de,total=143771;%s", rtx_4090,
           rtx_4090);
  look("fake_nvml", answers);
  assert_ok(choose(d, &n, "auto:2,0", false, err));
  assert_u64(n, 2);
  assert_ok(choose(d, &n, "auto", false, err));
  assert_u64(n, 3);
  assert_ok(choose(d, &n, "auto:1", false, err));
  assert_u64(d[0].total_bytes, 143771 * mib);
  assert_fails(choose(d, &n, "auto:3", false, err), VF_UNKNOWN, "3 devices, from 0");
  assert_fails(choose(d, &n, "auto:0,0", false, err), VF_USAGE, "named twice");
  assert_fails(choose(d, &n, "auto:", false, err), VF_USAGE, "not the number of a device");
  assert_fails(choose(d, &n, "auto:0,", false, err), VF_USAGE, "not the number of a device");
  assert_fails(choose(d, &n, "auto:-1", false, err), VF_USAGE, "not the number of a device");
  assert_fails(choose(d, &n, "auto:x", false, err), VF_USAGE, "not the number of a device");
  assert_fails(choose(d, &n, "automatic", false, err), VF_USAGE, "not auto");
  assert_fails(vf_machine_select(d, 1, &n, machine, "auto:0,1", false, err), VF_LIMIT, "too many");
}

static void an_empty_machine_is_judged_on_its_total(void **state) {
  (void)state;
  vf_device d[VF_MAX_DEVICES];
  size_t n;
  look("fake_nvml", rtx_4090);
  assert_ok(choose(d, &n, "auto", true, err));
  assert_u64(d[0].used_bytes, 0);
  assert_false(d[0].used_is_live);
  assert_u64(d[0].host_memory_bytes, 64 * gib);
}

/* ---- AMD and Intel ---------------------------------------------------------------------- */

static const char card[] = "/sys/class/drm/card0/device";

static void put_amd(const char *folder, const char *id, uint64_t vram, uint64_t used,
                    uint64_t gtt) {
  char path[256];
  snprintf(path, sizeof path, "%s/vendor", folder);
  put(path, "0x1002\n");
  snprintf(path, sizeof path, "%s/device", folder);
  put(path, id);
  put_number(folder, "mem_info_vram_total", vram);
  put_number(folder, "mem_info_vram_used", used);
  put_number(folder, "mem_info_gtt_total", gtt);
  put_number(folder, "mem_info_gtt_used", 0);
}

static void an_amd_card_has_its_vram(void **state) {
  (void)state;
  put_amd(card, "0x744c\n", 24560 * mib, 500 * mib, 32 * gib);
  put("/sys/class/drm/card0/device/mem_info_vram_vendor", "samsung\n");
  put("/sys/class/drm/card0-DP-1/status", "connected\n");
  put("/dev/kfd", "");
  look(NULL, NULL);
  assert_u64(info->n_devices, 1);
  const vf_machine_device *d = &info->devices[0];
  assert_string_equal(d->device.id, "rx-7900-xtx");
  assert_int_equal(d->device.kind, VF_DEVICE_DISCRETE);
  assert_int_equal(d->device.backend, VF_BACKEND_ROCM);
  assert_u64(d->device.used_bytes, 500 * mib);
  assert_u64(info->n_notes, 0);
}

static void libdrms_list_tells_cards_of_one_id_apart(void **state) {
  (void)state;
  put_amd(card, "0x73bf\n", 16368 * mib, 0, 32 * gib);
  put("/sys/class/drm/card0/device/board_info", "type : cem\n");
  look(NULL, NULL);
  assert_note_of(0, "as well");
  put("/sys/class/drm/card0/device/revision", "0xc1\n");
  put("/usr/share/libdrm/amdgpu.ids", "1.0.0\n73BF,\tC0,\tAMD Radeon RX 6900 XT\n"
                                      "73BF,\tC1,\tAMD Radeon RX 6800 XT\n");
  look(NULL, NULL);
  assert_string_equal(info->devices[0].device.id, "rx-6800-xt");
  assert_string_equal(info->devices[0].note, "");
}

static void strix_halo_has_its_carve_out_and_what_it_may_map(void **state) {
  (void)state;
  put_amd(card, "0x1586\n", 512 * mib, 100 * mib, 31 * gib);
  look(NULL, NULL);
  const vf_machine_device *d = &info->devices[0];
  assert_string_equal(d->device.id, "ryzen-ai-max-395-64gb");
  assert_int_equal(d->device.kind, VF_DEVICE_UNIFIED);
  assert_true(d->integrated);
  assert_u64(d->device.total_bytes, 31 * gib + 512 * mib);
  assert_u64(d->device.used_bytes, 100 * mib);
  assert_note_of(0, "ttm.pages_limit");
}

static void what_may_be_mapped_ends_with_main_memory(void **state) {
  (void)state;
  put_amd(card, "0x1586\n", 512 * mib, 0, 120 * gib);
  look(NULL, NULL);
  const vf_device *d = &info->devices[0].device;
  assert_u64(d->total_bytes, 64 * gib + 512 * mib);
  assert_u64(d->reserved_bytes, 8 * gib);
  assert_true(free_of(0) <= 56 * gib + 512 * mib);
  assert_note_of(0, "more");
}

static void a_large_carve_out_is_still_an_apu(void **state) {
  (void)state;
  put("/proc/meminfo", "MemTotal: 33554432 kB\nMemAvailable: 30000000 kB\n");
  put_amd(card, "0x1586\n", 96 * gib, gib, 16 * gib);
  look(NULL, NULL);
  assert_int_equal(info->devices[0].device.kind, VF_DEVICE_UNIFIED);
  assert_u64(free_of(0), 95 * gib + 16 * gib);
}

static void amds_absurd_figures_are_told(void **state) {
  (void)state;
  put_amd(card, "0x744c\n", 24560 * mib, 99999 * mib, 0);
  put("/sys/class/drm/card0/device/board_info", "type : cem\n");
  look(NULL, NULL);
  assert_note_of(0, "cannot be");
  assert_false(info->devices[0].used_known);
  static const char *const totals[] = {"-5\n", "\n", "12e9\n", "0x10\n",
                                       "99999999999999999999999999\n"};
  for (size_t i = 0; i < sizeof totals / sizeof *totals; i++) {
    put("/sys/class/drm/card0/device/mem_info_vram_total", totals[i]);
    look(NULL, NULL);
    assert_false(info->devices[0].usable);
    assert_note_of(0, "no memory is told");
  }
  put("/sys/class/drm/card0/device/mem_info_vram_total", "18446744073709551615\n");
  look(NULL, NULL);
  assert_false(info->devices[0].usable);
  assert_note_of(0, "cannot be");
}

static void an_arc_has_its_tiles_memory_and_nobody_says_what_is_used(void **state) {
  (void)state;
  put("/sys/class/drm/card0/device/vendor", "0x8086\n");
  put("/sys/class/drm/card0/device/device", "0xe20b\n");
  put("/sys/class/drm/card0/device/tile0/physical_vram_size_bytes", "0x2f8000000\n");
  look(NULL, NULL);
  const vf_machine_device *d = &info->devices[0];
  assert_string_equal(d->device.id, "arc-b580");
  assert_string_equal(d->source, "xe");
  assert_u64(d->device.total_bytes, UINT64_C(0x2f8000000));
  assert_false(d->used_known);
  assert_false(d->device.used_is_live);
  assert_note_of(0, "--used");
}

static void i915_tells_a_cards_memory_beside_it(void **state) {
  (void)state;
  put("/sys/class/drm/card1/device/vendor", "0x8086\n");
  put("/sys/class/drm/card1/device/device", "0x56a0\n");
  put("/sys/class/drm/card1/lmem_total_bytes", "17095983104\n");
  look(NULL, NULL);
  assert_string_equal(info->devices[0].device.id, "arc-a770-16gb");
  assert_string_equal(info->devices[0].source, "i915");
}

static void the_processors_own_gpu_is_left_out_beside_another_one(void **state) {
  (void)state;
  vf_device d[VF_MAX_DEVICES];
  size_t n;
  put("/sys/class/drm/card0/device/vendor", "0x8086\n");
  put("/sys/class/drm/card0/device/device", "0xa780\n");
  look("fake_nvml", rtx_4090);
  assert_u64(info->n_devices, 2);
  assert_true(info->devices[1].integrated);
  assert_ok(choose(d, &n, "auto", false, err));
  assert_u64(n, 1);
  assert_string_equal(d[0].id, "rtx-4090");
  look(NULL, NULL);
  assert_ok(choose(d, &n, "auto", false, err));
  assert_int_equal(d[0].kind, VF_DEVICE_UNIFIED);
}

static void vendors_are_not_mixed(void **state) {
  (void)state;
  vf_device d[VF_MAX_DEVICES];
  size_t n;
  put_amd(card, "0x744c\n", 24560 * mib, 0, 0);
  put("/sys/class/drm/card0/device/board_info", "");
  look("fake_nvml", rtx_4090);
  assert_u64(info->n_devices, 2);
  assert_ok(choose(d, &n, "auto", false, err));
  assert_u64(n, 1);
  assert_int_equal(d[0].backend, VF_BACKEND_CUDA);
}

/* ---- Jetson ----------------------------------------------------------------------------- */

static void a_jetson_is_known_by_its_device_tree(void **state) {
  (void)state;
  static const struct {
    const char *model, *meminfo, *id;
  } cases[] = {
      {"NVIDIA Jetson AGX Orin Developer Kit", "MemTotal: 64300000 kB\n", "jetson-agx-orin-64gb"},
      {"NVIDIA Jetson AGX Orin Developer Kit", "MemTotal: 31300000 kB\n", "jetson-agx-orin-32gb"},
      {"NVIDIA Jetson Orin NX Engineering Reference Developer Kit", "MemTotal: 7700000 kB\n",
       "jetson-orin-nx-8gb"},
      {"NVIDIA Jetson Orin Nano Developer Kit Super", "MemTotal: 7700000 kB\n",
       "jetson-orin-nano-8gb"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    clean();
    put("/etc/nv_tegra_release", "# R36 (release), REVISION: 4.0\n");
    put("/proc/device-tree/model", cases[i].model);
    put("/proc/meminfo", cases[i].meminfo);
    look(NULL, NULL);
    assert_u64(info->n_devices, 1);
    assert_string_equal(info->devices[0].device.id, cases[i].id);
    assert_int_equal(info->devices[0].device.kind, VF_DEVICE_UNIFIED);
  }
}

/* ---- Main memory ------------------------------------------------------------------------ */

static void swap_and_huge_pages_are_told_apart(void **state) {
  (void)state;
  put("/proc/meminfo", "MemTotal: 67108864 kB\nMemAvailable: 62914560 kB\nSwapTotal: 8388608 kB\n"
                       "SwapFree: 4194304 kB\nHugePages_Total: 1024\nHugePages_Free: 1000\n"
                       "Hugepagesize: 2048 kB\n");
  look("fake_nvml", "name=NVIDIA GB10,pci=2e12:10de,mem=3");
  assert_u64(info->host.free_bytes, 60 * gib);
  assert_u64(info->host.swap_free_bytes, 4 * gib);
  assert_u64(info->host.huge_pages_bytes, 2 * gib);
  assert_noted("huge pages");
  assert_u64(free_of(0), 56 * gib);
}

static void a_control_group_binds_main_memory_and_no_pool(void **state) {
  (void)state;
  put("/proc/self/cgroup", "0::/docker/abc\n");
  put("/sys/fs/cgroup/docker/memory.max", "8589934592\n");
  put("/sys/fs/cgroup/docker/memory.current", "2147483648\n");
  put("/sys/fs/cgroup/docker/memory.stat", "anon 1\ninactive_file 1073741824\n");
  put("/sys/fs/cgroup/docker/abc/memory.max", "max\n");
  look("fake_nvml", "name=NVIDIA GB10,pci=2e12:10de,mem=3");
  assert_u64(info->host.limit_bytes, 8 * gib);
  assert_u64(info->host.usable_free_bytes, 7 * gib);
  assert_noted("does not bind");
  assert_u64(free_of(0), 56 * gib);
  assert_u64(info->devices[0].device.host_memory_bytes, 7 * gib);
}

static void the_first_version_of_control_groups_is_read_too(void **state) {
  (void)state;
  put("/proc/self/cgroup", "12:cpu,cpuacct:/a\n5:memory:/a/b\n0::/c\n");
  put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  put("/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "4294967296\n");
  put("/sys/fs/cgroup/memory/a/b/memory.usage_in_bytes", "1073741824\n");
  look(NULL, NULL);
  assert_u64(info->host.limit_bytes, 4 * gib);
  assert_u64(info->host.usable_free_bytes, 3 * gib);
}

static void a_group_of_another_namespace_is_the_mount_itself(void **state) {
  (void)state;
  put("/proc/self/cgroup", "0::/../../elsewhere\n");
  put("/sys/fs/cgroup/memory.max", "4294967296\n");
  look(NULL, NULL);
  assert_u64(info->host.limit_bytes, 4 * gib);
  put("/proc/self/cgroup", "0::/not/there\n");
  look(NULL, NULL);
  assert_u64(info->host.limit_bytes, 4 * gib);
}

static void on_grace_the_gpus_memory_is_not_main_memory(void **state) {
  (void)state;
  put("/sys/devices/system/node/node0/meminfo", "Node 0 MemTotal: 50331648 kB\n");
  put("/sys/devices/system/node/node0/cpulist", "0-71\n");
  put("/sys/devices/system/node/node1/meminfo", "Node 1 MemTotal: 16777216 kB\n"
                                                "Node 1 MemFree: 15728640 kB\n");
  put("/sys/devices/system/node/node1/cpulist", "\n");
  look("fake_nvml", rtx_4090);
  assert_u64(info->host.total_bytes, 64 * gib);
  look("fake_nvml", "name=NVIDIA GH200 480GB,pci=2342:10de,total=97871");
  assert_string_equal(info->devices[0].device.id, "gh200-96gb");
  assert_u64(info->host.total_bytes, 48 * gib);
  assert_u64(info->host.usable_free_bytes, 45 * gib);
  assert_u64(info->devices[0].device.host_memory_bytes, 45 * gib);
}

static void main_memory_that_cannot_be_read_is_a_note(void **state) {
  (void)state;
  static const struct {
    const char *text, *words;
  } cases[] = {
      {"", "how much memory"},
      {"MemTotal: -5 kB\n", "no number"},
      {"MemTotal: 0 kB\n", "how much memory"},
      {"MemTotal: 99999999999999999999 kB\n", "how much memory"},
      {"MemTotal: 99999999999999999 kB\n", "how much memory"},
      {"MemTotal: 5 MB\n", "no number"},
      {"MemFree: 5 kB\n", "how much memory"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    put("/proc/meminfo", cases[i].text);
    look("fake_nvml", "name=NVIDIA GB10,pci=2e12:10de,mem=3");
    assert_false(info->host_known);
    assert_noted(cases[i].words);
    assert_false(info->devices[0].usable);
    assert_note_of(0, "cannot be read");
  }
}

static void odd_lines_of_meminfo_are_told(void **state) {
  (void)state;
  put("/proc/meminfo", "MemTotal: 1048576 kB\nMemAvailable: 9999999 kB\n");
  look(NULL, NULL);
  assert_noted("more memory is available");
  assert_u64(info->host.free_bytes, gib);
  put("/proc/meminfo", "MemTotal: 1048576 kB\nMemFree: 100 kB\nBuffers: 10 kB\nCached: 1 kB\n");
  look(NULL, NULL);
  assert_noted("no MemAvailable");
  assert_u64(info->host.free_bytes, 111 * 1024);
  put("/proc/meminfo", "MemTotal: 1048576 kB\nMemAvailable: 1000 kB\nSwapTotal: lots\n");
  look(NULL, NULL);
  assert_noted("SwapTotal is no number");
}

static void a_huge_file_is_read_up_to_its_limit(void **state) {
  (void)state;
  char path[128];
  snprintf(path, sizeof path, "%s/proc/meminfo", root);
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  fputs("MemTotal: 1048576 kB\nMemAvailable: 1024 kB\n", f);
  for (int i = 0; i < 200000; i++) fputs("Nothing: 1 kB\n", f);
  fclose(f);
  look(NULL, NULL);
  assert_u64(info->host.total_bytes, gib);
}

static void what_is_no_file_is_not_read(void **state) {
  (void)state;
  char path[128];
  snprintf(path, sizeof path, "%s/proc/meminfo", root);
  remove(path);
  assert_int_equal(mkfifo(path, 0600), 0);
  look(NULL, NULL);
  assert_noted("cannot be read");
  remove(path);
  assert_int_equal(mkdir(path, 0700), 0);
  look(NULL, NULL);
  assert_noted("cannot be read");
}

static void numbers_are_whole_and_fit(void **state) {
  (void)state;
  uint64_t n = 7;
  assert_true(vf_system_number(&n, " 42\n", 4, 10) && n == 42);
  assert_true(vf_system_number(&n, "0x10de", 6, 16) && n == 0x10de);
  assert_true(vf_system_number(&n, "18446744073709551615", 20, 10) && n == UINT64_MAX);
  static const char *const bad[] = {"",    " ",  "-1", "+1", "1.5", "0x10", "18446744073709551616",
                                    "1 2", "max"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(vf_system_number(&n, bad[i], strlen(bad[i]), 10));
}

static void wsl_is_told(void **state) {
  (void)state;
  put("/proc/sys/kernel/osrelease", "5.15.167.4-microsoft-standard-WSL2\n");
  look(NULL, NULL);
  assert_noted("WSL");
}

/* ---- Writing ---------------------------------------------------------------------------- */

static bool swallow(void *user, const char *data, size_t size) {
  (void)data;
  *(size_t *)user += size;
  return true;
}

static bool refuse(void *user, const char *data, size_t size) {
  (void)user;
  (void)data;
  (void)size;
  return false;
}

static void what_was_found_is_written_or_refused(void **state) {
  (void)state;
  vf_report_options options = {.struct_size = sizeof options, .format = VF_REPORT_JSON};
  size_t written = 0;
  look("fake_nvml", rtx_4090);
  assert_ok(vf_machine_write(machine, &options, swallow, &written, err));
  assert_true(written > 500);
  assert_fails(vf_machine_write(machine, &options, refuse, NULL, err), VF_IO, "cannot be written");
}

/* ---- Memory ----------------------------------------------------------------------------- */

static long countdown;

static void *allocate(void *user, size_t size) {
  (void)user;
  return countdown-- == 0 ? NULL : malloc(size);
}

static void release(void *user, void *p) {
  (void)user;
  free(p);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  const vf_allocator allocator = {allocate, release, NULL};
  const vf_context_options failing = {.struct_size = sizeof failing, .allocator = &allocator};
  const vf_machine_options options = {
      .struct_size = sizeof options, .root = root, .nvml_path = VF_FAKE_FOLDER "fake_nvml.so"};
  vf_context *own;
  vf_status status = VF_NOMEM;
  setenv("FAKE_NVML", rtx_4090, 1);
  put_amd(card, "0x73bf\n", 16368 * mib, 0, 0);
  countdown = 1000000;
  assert_ok(vf_context_new(&own, &failing, err));
  for (long i = 0; status != VF_OK; i++) {
    vf_machine *m = NULL;
    vf_error err = {VF_OK};
    countdown = i;
    status = vf_machine_detect(&m, own, &options, &err);
    if (status != VF_OK) assert_int_equal(status, VF_NOMEM);
    if (status != VF_OK) assert_null(m);
    vf_machine_free(m);
    assert_true(i < 10000);
  }
  vf_context_free(own);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_card_has_the_drivers_memory_and_the_catalogs_rest),
      TEST(a_driver_without_version_two_tells_its_share_within_what_is_used),
      TEST(a_driver_that_refuses_version_two_is_asked_by_the_first),
      TEST(of_two_cards_with_one_id_the_one_with_that_memory_is_meant),
      TEST(a_card_without_a_known_id_is_found_by_the_words_of_its_name),
      TEST(a_card_that_is_nobodys_keeps_what_is_known),
      TEST(memory_that_is_not_supported_is_the_systems),
      TEST(memory_in_use_counts_beyond_the_systems_share_alone),
      TEST(instances_are_devices_of_their_own),
      TEST(a_cut_gpu_without_instances_is_of_no_use),
      TEST(a_lost_gpu_is_told_and_left_out),
      TEST(a_library_that_fails_leaves_a_line),
      TEST(figures_that_cannot_be_are_told),
      TEST(more_gpus_than_can_be_are_cut),
      TEST(a_name_without_end_is_cut),
      TEST(a_gpu_without_a_driver_is_seen_on_the_bus),
      TEST(devices_are_chosen_by_number),
      TEST(an_empty_machine_is_judged_on_its_total),
      TEST(an_amd_card_has_its_vram),
      TEST(libdrms_list_tells_cards_of_one_id_apart),
      TEST(strix_halo_has_its_carve_out_and_what_it_may_map),
      TEST(what_may_be_mapped_ends_with_main_memory),
      TEST(a_large_carve_out_is_still_an_apu),
      TEST(amds_absurd_figures_are_told),
      TEST(an_arc_has_its_tiles_memory_and_nobody_says_what_is_used),
      TEST(i915_tells_a_cards_memory_beside_it),
      TEST(the_processors_own_gpu_is_left_out_beside_another_one),
      TEST(vendors_are_not_mixed),
      TEST(a_jetson_is_known_by_its_device_tree),
      TEST(swap_and_huge_pages_are_told_apart),
      TEST(a_control_group_binds_main_memory_and_no_pool),
      TEST(the_first_version_of_control_groups_is_read_too),
      TEST(a_group_of_another_namespace_is_the_mount_itself),
      TEST(on_grace_the_gpus_memory_is_not_main_memory),
      TEST(main_memory_that_cannot_be_read_is_a_note),
      TEST(odd_lines_of_meminfo_are_told),
      TEST(a_huge_file_is_read_up_to_its_limit),
      TEST(what_is_no_file_is_not_read),
      TEST(numbers_are_whole_and_fit),
      TEST(wsl_is_told),
      TEST(what_was_found_is_written_or_refused),
      TEST(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, open_all, close_all);
}
