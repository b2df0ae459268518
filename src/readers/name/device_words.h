/* device_words.h - names of GPUs as words, and what beside them tells one card from another.
 *
 * "NVIDIA GeForce RTX 4060 Ti 16GB", "rtx4060ti" and "AD106 [GeForce RTX 4060 Ti]" have the words
 * 4060 and ti; the memory, the number of cores and the slot are details, which a name may leave
 * out. */
#ifndef VF_READERS_NAME_DEVICE_WORDS_H
#define VF_READERS_NAME_DEVICE_WORDS_H

#include "readers/name/words.h"

typedef enum vf_device_link { VF_LINK_UNSAID, VF_LINK_SXM, VF_LINK_PCIE } vf_device_link;

/* The product lines whose numbers are alike: "rx 6700" is no "rtx 6700". */
typedef enum vf_device_series {
  VF_SERIES_UNSAID,
  VF_SERIES_GTX,
  VF_SERIES_RTX,
  VF_SERIES_RX,
  VF_SERIES_ARC,
} vf_device_series;

/* 0 of a number: not said. */
typedef struct vf_device_words {
  vf_words words;
  uint32_t size_gb, cores;
  vf_device_link link;
  vf_device_series series;
} vf_device_words;

/* False if nothing is left that could be a device's name. */
bool vf_device_words_read(vf_device_words *out, const char *name);

/* The details in one number, for the catalog's table of keys, and back. */
uint32_t vf_device_details_pack(const vf_device_words *words);
void vf_device_details_unpack(vf_device_words *words, uint32_t packed);

#endif
