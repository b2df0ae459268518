/* zip.h - the directory of a zip archive whose entries are stored as they are.
 *
 * Read from the end, as APPNOTE.TXT 4.3 says, with the 64-bit extension; entries are walked one at
 * a time and nothing is unpacked. */
#ifndef VF_READERS_WEIGHTS_ZIP_H
#define VF_READERS_WEIGHTS_ZIP_H

#include "base/arena.h"
#include "readers/source.h"

enum { VF_ZIP_NAME_BYTES = 1024 };

typedef struct vf_zip {
  const vf_source *file;
  uint64_t at;    /* of the next entry of the directory */
  uint64_t end;   /* of the directory */
  uint64_t limit; /* where the directory begins: all data lies before */
  uint64_t left;  /* entries that are still to come */
} vf_zip;

typedef struct vf_zip_entry {
  uint64_t at;        /* of its own header, before its data */
  uint64_t bytes;     /* of its data */
  bool stored;        /* neither compressed nor encrypted */
  size_t name_length; /* not terminated */
  char name[VF_ZIP_NAME_BYTES];
} vf_zip_entry;

/* VF_MALFORMED if this is no whole zip archive; the arena lends 64 KiB. */
vf_status vf_zip_open(vf_zip *out, const vf_source *file, vf_arena *scratch, vf_error *err);

/* The next entry; *found is false after the last one. */
vf_status vf_zip_next(vf_zip *zip, vf_zip_entry *out, bool *found, vf_error *err);

/* Where the data of an entry begins; all of it lies in the file. */
vf_status vf_zip_data(uint64_t *out, const vf_zip *zip, uint64_t entry_at, uint64_t bytes,
                      vf_error *err);

#endif
