/* device_list.h - what a text for vf_devices_parse() says. */
#ifndef VF_READERS_DEVICE_LIST_H
#define VF_READERS_DEVICE_LIST_H

#include "vramfit/vramfit.h"

/* Whether it says how many there are, as "l4x1", "g6.xlarge" and "l4+l4" do; "l4" is a kind of
 * device, and what nobody knows is none. */
bool vf_devices_counted(const vf_context *ctx, const char *text);

#endif
