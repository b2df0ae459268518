/* placement.c - splitting a row of slots in proportion.
 *
 * Slot s of `count` placed ones belongs to the first device whose cumulative share exceeds
 * s / count (llama.cpp's upper_bound over normalized splits); in integers, so that two splits that
 * are equal on paper are equal here. */
#include "core/placement.h"

/* Shares as large as memory sizes lose low bits, so that a share times a slot fits 64 bits. */
static uint64_t scaled(uint64_t share, uint64_t largest) {
  int shift = 0;
  while (largest >> shift > UINT64_C(1) << 40) shift++;
  return share >> shift;
}

void vf_placement_split(vf_placement *out, uint32_t n_slots, uint32_t on_devices,
                        const uint64_t *shares, uint32_t n_devices) {
  uint64_t largest = 0, sum = 0;
  for (uint32_t d = 0; d < n_devices; d++) largest = shares[d] > largest ? shares[d] : largest;
  for (uint32_t d = 0; d < n_devices; d++) {
    sum += largest == 0 ? 1 : scaled(shares[d], largest);
    out->shares[d] = sum;
  }
  out->n_slots = n_slots;
  out->n_devices = n_devices;
  out->first_slot = on_devices < n_slots ? n_slots - on_devices : 0;
}

uint32_t vf_placement_device(const vf_placement *p, uint32_t slot) {
  if (slot < p->first_slot) return VF_ON_HOST;
  uint64_t position = slot - p->first_slot, count = p->n_slots - p->first_slot;
  uint64_t whole = p->shares[p->n_devices - 1];
  for (uint32_t d = 0; d + 1 < p->n_devices; d++)
    if (p->shares[d] * count > position * whole) return d;
  return p->n_devices - 1;
}

bool vf_placement_has_slot(const vf_placement *p, uint32_t device, uint32_t end) {
  for (uint32_t s = p->first_slot; s < end; s++)
    if (vf_placement_device(p, s) == device) return true;
  return false;
}
