/* placement.c - splitting a row of slots in proportion.
 *
 * Slot s of `count` placed ones belongs to the first device whose cumulative share exceeds
 * s / count (llama.cpp's upper_bound over normalized splits); in integers, so that two splits that
 * are equal on paper are equal here. */
#include "core/placement.h"

#include <string.h>

_Static_assert(VF_MAX_DEVICES < UINT8_MAX, "a device and the host fit a byte");

/* Shares as large as memory sizes lose low bits, so that a share times a slot fits 64 bits. */
static uint64_t scaled(uint64_t share, uint64_t largest) {
  int shift = 0;
  while (largest >> shift > UINT64_C(1) << 40) shift++;
  return share >> shift;
}

/* Sums of the shares up to each device; devices without any share get nothing. */
static void accumulate(uint64_t *out, const uint64_t *shares, uint32_t n) {
  uint64_t largest = 0, sum = 0;
  for (uint32_t d = 0; d < n; d++) largest = shares[d] > largest ? shares[d] : largest;
  for (uint32_t d = 0; d < n; d++) out[d] = sum += largest == 0 ? 1 : scaled(shares[d], largest);
}

void vf_placement_split(vf_placement *out, uint32_t n_slots, uint32_t on_devices,
                        const uint64_t *shares, uint32_t n_devices, uint32_t host) {
  uint64_t sums[VF_MAX_DEVICES];
  uint32_t first = on_devices < n_slots ? n_slots - on_devices : 0, d = 0;
  uint64_t count = n_slots - first;
  out->n_slots = n_slots;
  out->first_slot = first;
  memset(out->device, (int)host, first);
  if (n_devices == 1) {
    memset(out->device + first, 0, (size_t)count);
    return;
  }
  accumulate(sums, shares, n_devices);
  for (uint64_t s = 0; s < count; s++) {
    while (d + 1 < n_devices && sums[d] * count <= s * sums[n_devices - 1]) d++;
    out->device[first + s] = (uint8_t)d;
  }
}

void vf_placement_split_output_last(vf_placement *out, uint32_t n_slots, uint32_t on_devices,
                                    const uint64_t *shares, uint32_t n_devices, uint32_t host) {
  bool all = on_devices >= n_slots;
  vf_placement_split(out, all ? n_slots : n_slots - 1, on_devices, shares, n_devices, host);
  if (all) return;
  out->n_slots = n_slots;
  out->device[n_slots - 1] = (uint8_t)host;
}

bool vf_placement_is_whole(const vf_placement *p, uint32_t host) {
  return p->device[0] != host && p->device[p->n_slots - 1] != host;
}

bool vf_placement_has_slot(const vf_placement *p, uint32_t device, uint32_t end) {
  return end > 0 && memchr(p->device, (int)device, end) != NULL;
}
