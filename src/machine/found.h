/* found.h - a device as one of the sources found it, before the catalog is asked. */
#ifndef VF_MACHINE_FOUND_H
#define VF_MACHINE_FOUND_H

#include "base/printf.h"
#include "readers/catalog.h"
#include "vramfit/inspect.h"

enum { VF_MACHINE_NOTES = 16, VF_MACHINE_NOTE_SIZE = 240 };

typedef struct vf_found {
  vf_machine_device d;
  bool memory_known;      /* d.device.total_bytes is the driver's */
  bool reserved_known;    /* d.device.reserved_bytes is; else `used` includes it */
  bool coherent;          /* its memory may be a NUMA node of the system (Grace) */
  vf_catalog_entry entry; /* that it was matched with; meaningful if d.in_catalog */
  uint64_t match_bytes;   /* compared with the catalog's totals; 0: the driver's total */
} vf_found;

/* What the sources find; a machine with more devices than one estimate takes is cut, and says so.
 */
typedef struct vf_findings {
  vf_found *devices;
  size_t n_devices, capacity;
  char notes[VF_MACHINE_NOTES][VF_MACHINE_NOTE_SIZE]; /* what is missing or odd, a line each */
  size_t n_notes;
} vf_findings;

/* A device to fill in, usable and of unknown memory; NULL if there is no room. */
vf_found *vf_findings_add(vf_findings *f);

void vf_findings_note(vf_findings *f, const char *fmt, ...) VF_PRINTF(2, 3);

/* What is odd about one device; what comes first is the cause of the rest. */
void vf_found_note(vf_found *d, const char *fmt, ...) VF_PRINTF(2, 3);

/* The same, and nothing can run on it. */
void vf_found_refuse(vf_found *d, const char *fmt, ...) VF_PRINTF(2, 3);

#endif
