/* device_name.h - the entries that a name of a GPU means, as drivers, tools, clouds and people
 * write it.
 *
 * By equal words, like models' names; a card that is sold with several sizes of memory under one
 * name is the smallest of them, and told to be.  A bare number is never a device. */
#ifndef VF_READERS_NAME_DEVICE_NAME_H
#define VF_READERS_NAME_DEVICE_NAME_H

#include "readers/catalog.h"
#include "vramfit/vramfit.h"

enum { VF_DEVICE_CHOICES = 12 };

/* The cards of a name, the smallest first. */
typedef struct vf_device_found {
  size_t n;
  vf_catalog_entry entries[VF_DEVICE_CHOICES];
  bool sizes; /* they differ in their memory, and the name does not say which */
} vf_device_found;

/* Finds nothing (n is 0) where no entry has the name's words. */
void vf_device_find(vf_device_found *out, const vf_context *ctx, const char *name);

/* The node that has the name's words; false: none, or several. */
bool vf_node_find(vf_catalog_entry *out, const vf_context *ctx, const char *name);

/* Fails with what the name could have meant. */
vf_status vf_device_unknown(const vf_context *ctx, const char *name, vf_error *err);

/* Whether two names are of one card: their words, and the slot where both say it. */
bool vf_device_names_agree(const char *a, const char *b);

/* Takes a number of GPUs out of a name, in place: "8x H100", "H100:8", "2*4090", "gpu_8x_a100".  0:
 * it says none; VF_DEVICE_NAME_NONSENSE: a number that makes no sense. */
enum { VF_DEVICE_NAME_NONSENSE = 100000 };
unsigned vf_device_name_count(char *name);

/* What stands in the brackets of lspci's names ("GA102 [GeForce RTX 3090] (rev a1)"), in place. */
void vf_device_name_unwrap(char *name);

#endif
