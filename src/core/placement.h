/* placement.h - which device each step of a network runs on.
 *
 * A network of L layers has L + 1 slots: its layers and, as slot L, the output.  Slots that no
 * device takes stay on the host. */
#ifndef VF_CORE_PLACEMENT_H
#define VF_CORE_PLACEMENT_H

#include "core/model.h"

typedef struct vf_placement {
  uint32_t n_slots;
  uint32_t first_slot;               /* the first one on a device; n_slots: none is */
  uint8_t device[VF_MAX_LAYERS + 1]; /* of each slot; the host for slots before first_slot */
} vf_placement;

/* The last `on_devices` slots go to the devices in order, in proportion to `shares` (all 0: equal
 * parts); the slots before them to `host`. */
void vf_placement_split(vf_placement *out, uint32_t n_slots, uint32_t on_devices,
                        const uint64_t *shares, uint32_t n_devices, uint32_t host);

/* True if no slot is left on the host. */
bool vf_placement_is_whole(const vf_placement *p, uint32_t host);

/* The same where the output is the last to leave the host: it does if all slots are asked for. */
void vf_placement_split_output_last(vf_placement *out, uint32_t n_slots, uint32_t on_devices,
                                    const uint64_t *shares, uint32_t n_devices, uint32_t host);

/* True if the device has at least one slot in [0, end). */
bool vf_placement_has_slot(const vf_placement *p, uint32_t device, uint32_t end);

#endif
