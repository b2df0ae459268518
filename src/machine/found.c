/* found.c - lists of devices and of remarks, of fixed size. */
#include "machine/found.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void vf_findings_note(vf_findings *f, const char *fmt, ...) {
  if (f->n_notes == VF_MACHINE_NOTES) return;
  va_list args;
  va_start(args, fmt);
  vsnprintf(f->notes[f->n_notes], VF_MACHINE_NOTE_SIZE, fmt, args);
  va_end(args);
  for (size_t i = 0; i < f->n_notes; i++)
    if (strcmp(f->notes[i], f->notes[f->n_notes]) == 0) return;
  f->n_notes++;
}

vf_found *vf_findings_add(vf_findings *f) {
  if (f->n_devices == f->capacity) {
    vf_findings_note(f, "more than %zu devices: the others are left out", f->capacity);
    return NULL;
  }
  vf_found *d = &f->devices[f->n_devices];
  *d = (vf_found){.d = {.usable = true, .index = (uint32_t)f->n_devices}};
  f->n_devices++;
  return d;
}

VF_PRINTF(2, 0) static void note(vf_found *d, const char *fmt, va_list args) {
  size_t n = strlen(d->d.note), size = sizeof d->d.note;
  if (n > 0 && n + 2 < size) n += (size_t)snprintf(d->d.note + n, size - n, "; ");
  if (n + 1 < size) vsnprintf(d->d.note + n, size - n, fmt, args);
}

void vf_found_note(vf_found *d, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  note(d, fmt, args);
  va_end(args);
}

void vf_found_refuse(vf_found *d, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  d->d.usable = false;
  note(d, fmt, args);
  va_end(args);
}
