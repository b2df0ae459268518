/* residency.c - loading and unloading on demand. */
#include "core/residency.h"

#include "base/checked.h"

enum { USABLE_PERCENT = 80 };

static uint64_t held(const vf_resident *residents, uint32_t loaded) {
  uint64_t sum = 0;
  for (unsigned i = 0; i < VF_CORESIDE_ITEMS; i++)
    if (loaded >> i & 1) sum += residents[i].need_bytes;
  return sum;
}

static bool fits(const vf_resident *residents, uint32_t loaded, uint32_t item,
                 uint64_t free_bytes) {
  uint64_t taken = held(residents, loaded), need = residents[item].need_bytes;
  if (taken > free_bytes) return false;
  return need <= (free_bytes - taken) / 100 * USABLE_PERCENT;
}

/* The shortest keep-alive goes first; forever is the longest, and ties go by the order. */
static uint32_t next_to_go(const vf_resident *residents, uint32_t loaded) {
  uint32_t best = VF_CORESIDE_ITEMS;
  for (uint32_t i = 0; i < VF_CORESIDE_ITEMS; i++) {
    if ((loaded >> i & 1) == 0) continue;
    if (best == VF_CORESIDE_ITEMS) best = i;
    int64_t keep = residents[i].keep_alive_s, least = residents[best].keep_alive_s;
    if (least < 0 ? keep >= 0 : keep >= 0 && keep < least) best = i;
  }
  return best;
}

static void load_one(vf_residency_step *step, const vf_resident *residents, uint32_t before,
                     uint64_t free_bytes, uint32_t max_loaded) {
  uint32_t loaded = before, bit = UINT32_C(1) << step->item;
  step->event = VF_RESIDENT_LOADED;
  while (loaded != 0) {
    bool full = vf_count_bits(loaded) >= max_loaded;
    if (!full && fits(residents, loaded, step->item, free_bytes)) break;
    uint32_t gone = UINT32_C(1) << next_to_go(residents, loaded);
    step->evicted |= gone;
    if (full) step->for_count |= gone;
    loaded &= ~gone;
  }
  if (loaded == 0 && residents[step->item].need_bytes > free_bytes)
    step->event = free_bytes == 0 ? VF_RESIDENT_REFUSED : VF_RESIDENT_PARTLY;
  step->loaded = step->event == VF_RESIDENT_REFUSED ? loaded : loaded | bit;
}

void vf_residency_run(vf_residency_step *out, const vf_resident *residents,
                      const uint32_t *requests, size_t n_requests, uint64_t free_bytes,
                      uint32_t max_loaded) {
  uint32_t loaded = 0;
  for (size_t i = 0; i < n_requests && i < VF_RESIDENCY_STEPS; i++) {
    vf_residency_step *step = &out[i];
    *step = (vf_residency_step){.item = requests[i]};
    if (loaded >> step->item & 1) {
      step->event = VF_RESIDENT_REUSED;
      step->loaded = loaded;
    } else {
      load_one(step, residents, loaded, free_bytes, max_loaded);
    }
    loaded = step->loaded;
    if (residents[step->item].keep_alive_s == 0) loaded &= ~(UINT32_C(1) << step->item);
  }
}
