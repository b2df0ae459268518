/* machine.h - what was found on a machine, as one object. */
#ifndef VF_MACHINE_MACHINE_H
#define VF_MACHINE_MACHINE_H

#include "machine/found.h"
#include "vramfit/inspect.h"

struct vf_machine {
  vf_allocator allocator;
  vf_machine_info info;
  char driver_version[80];
  const char *notes[VF_MACHINE_NOTES];
  vf_findings findings;
  vf_found found[VF_MAX_DEVICES];
  vf_machine_device devices[VF_MAX_DEVICES];
};

#endif
