/* zip.c - end record, directory, entry headers. */
#include "readers/weights/zip.h"

#include <string.h>

#include "base/checked.h"
#include "base/status.h"

enum {
  END_BYTES = 22,
  COMMENT_BYTES = 65535, /* the longest that may follow the end record */
  LOCATOR_BYTES = 20,
  END64_BYTES = 56,
  ENTRY_BYTES = 46,
  LOCAL_BYTES = 30,
  EXTRA_BYTES = 1024, /* of a directory entry; zip64 needs 28 */
};

static uint64_t little(const unsigned char *p, size_t bytes) {
  uint64_t n = 0;
  for (size_t i = 0; i < bytes; i++) n |= (uint64_t)p[i] << (8 * i);
  return n;
}

static vf_status bad(const vf_source *file, uint64_t at, vf_error *err, const char *message) {
  return vf_source_fail(file, at, "", VF_MALFORMED, err, "%s", message);
}

/* ---- The end ---------------------------------------------------------------------------- */

/* The end record, whose comment ends with the file, in the file's last bytes; NULL if none. */
static const unsigned char *find_end(const unsigned char *tail, size_t size) {
  for (size_t i = size; i >= END_BYTES; i--) {
    const unsigned char *p = tail + i - END_BYTES;
    if (memcmp(p, "PK\5\6", 4) == 0 && little(p + 20, 2) == size - i) return p;
  }
  return NULL;
}

/* The 64-bit end record, if a locator before the end at `end_at` points to one. */
static vf_status read_end64(vf_zip *zip, uint64_t *directory_end, uint64_t end_at, vf_error *err) {
  unsigned char locator[LOCATOR_BYTES], end[END64_BYTES];
  if (end_at < LOCATOR_BYTES) return VF_OK;
  uint64_t locator_at = end_at - LOCATOR_BYTES;
  vf_status status = vf_source_take(zip->file, locator_at, locator, sizeof locator, err);
  if (status != VF_OK || memcmp(locator, "PK\6\7", 4) != 0) return status;
  uint64_t at = little(locator + 8, 8);
  if (locator_at < END64_BYTES || at > locator_at - END64_BYTES)
    return bad(zip->file, locator_at, err, "the zip64 locator points outside of the file");
  status = vf_source_take(zip->file, at, end, sizeof end, err);
  if (status != VF_OK) return status;
  if (memcmp(end, "PK\6\6", 4) != 0)
    return bad(zip->file, at, err, "there is no zip64 end record here");
  zip->left = little(end + 32, 8);
  zip->end = little(end + 40, 8); /* its size, for now */
  zip->at = little(end + 48, 8);
  *directory_end = at;
  return VF_OK;
}

/* Numbers of entries and bytes are compared with what there is room for. */
static vf_status check_directory(vf_zip *zip, uint64_t most_end, vf_error *err) {
  uint64_t bytes = zip->end;
  if (zip->at > most_end || bytes > most_end - zip->at)
    return bad(zip->file, most_end, err, "the zip directory lies outside of the file");
  if (zip->left > bytes / ENTRY_BYTES)
    return bad(zip->file, most_end, err, "the zip directory has no room for its entries");
  zip->end = zip->at + bytes;
  zip->limit = zip->at;
  return VF_OK;
}

vf_status vf_zip_open(vf_zip *out, const vf_source *file, vf_arena *scratch, vf_error *err) {
  size_t size = (size_t)vf_min_u64(file->bytes, END_BYTES + COMMENT_BYTES);
  unsigned char *tail = vf_arena_alloc_raw(scratch, size + 1, 1);
  if (tail == NULL) return vf_fail_nomem(err);
  vf_status status = vf_source_take(file, file->bytes - size, tail, size, err);
  if (status != VF_OK) return status;
  const unsigned char *end = find_end(tail, size);
  if (end == NULL)
    return bad(file, file->bytes, err,
               "the zip archive has no end: it is truncated, fetch it again");
  uint64_t end_at = file->bytes - size + (uint64_t)(end - tail), directory_end = end_at;
  vf_zip zip = {file, little(end + 16, 4), little(end + 12, 4), 0, little(end + 10, 2)};
  status = read_end64(&zip, &directory_end, end_at, err);
  if (status == VF_OK) status = check_directory(&zip, directory_end, err);
  if (status == VF_OK) *out = zip;
  return status;
}

/* ---- Entries ---------------------------------------------------------------------------- */

/* The 64-bit values, in their order, of those fields that are full. */
static bool take_extra(const unsigned char *extra, size_t size, uint64_t *const fields[3]) {
  for (size_t i = 0; size - i >= 4;) {
    size_t length = (size_t)little(extra + i + 2, 2);
    const unsigned char *p = extra + i + 4;
    if (length > size - i - 4) return false;
    i += 4 + length;
    if (little(p - 4, 2) != 1) continue;
    for (size_t f = 0; f < 3; f++) {
      if (*fields[f] != UINT32_MAX) continue;
      if (length < 8) return false;
      *fields[f] = little(p, 8);
      p += 8;
      length -= 8;
    }
    return true;
  }
  return true;
}

static vf_status parse_entry(vf_zip *zip, vf_zip_entry *out, const unsigned char *p, size_t size,
                             vf_error *err) {
  size_t name = (size_t)little(p + 28, 2), extra = (size_t)little(p + 30, 2);
  uint64_t packed = little(p + 20, 4);
  if (memcmp(p, "PK\1\2", 4) != 0)
    return bad(zip->file, zip->at, err, "a zip directory entry is expected here");
  if (name > VF_ZIP_NAME_BYTES || extra > EXTRA_BYTES)
    return vf_source_fail(zip->file, zip->at, "", VF_LIMIT, err, "the entry's name is too long");
  if (name + extra > size - ENTRY_BYTES)
    return bad(zip->file, zip->at, err, "the entry goes beyond the zip directory");
  out->bytes = little(p + 24, 4);
  out->at = little(p + 42, 4);
  uint64_t *const fields[] = {&out->bytes, &packed, &out->at};
  if (!take_extra(p + ENTRY_BYTES + name, extra, fields))
    return bad(zip->file, zip->at, err, "the entry's zip64 field is too short");
  out->stored = (little(p + 8, 2) & 1) == 0 && little(p + 10, 2) == 0 && packed == out->bytes;
  out->name_length = name;
  memcpy(out->name, p + ENTRY_BYTES, name);
  zip->at += ENTRY_BYTES + name + extra + little(p + 32, 2);
  zip->left--;
  return VF_OK;
}

vf_status vf_zip_next(vf_zip *zip, vf_zip_entry *out, bool *found, vf_error *err) {
  unsigned char buf[ENTRY_BYTES + VF_ZIP_NAME_BYTES + EXTRA_BYTES];
  *found = zip->left > 0;
  if (!*found) return VF_OK;
  if (zip->at > zip->end || zip->end - zip->at < ENTRY_BYTES)
    return bad(zip->file, zip->at, err, "the zip directory ends too early");
  size_t size = (size_t)vf_min_u64(zip->end - zip->at, sizeof buf);
  vf_status status = vf_source_take(zip->file, zip->at, buf, size, err);
  return status == VF_OK ? parse_entry(zip, out, buf, size, err) : status;
}

vf_status vf_zip_data(uint64_t *out, const vf_zip *zip, uint64_t entry_at, uint64_t bytes,
                      vf_error *err) {
  unsigned char p[LOCAL_BYTES];
  if (entry_at > zip->limit || zip->limit - entry_at < LOCAL_BYTES)
    return bad(zip->file, entry_at, err, "a zip entry lies outside of the file");
  vf_status status = vf_source_take(zip->file, entry_at, p, sizeof p, err);
  if (status != VF_OK) return status;
  if (memcmp(p, "PK\3\4", 4) != 0)
    return bad(zip->file, entry_at, err, "a zip entry is expected here");
  uint64_t at = entry_at + LOCAL_BYTES + little(p + 26, 2) + little(p + 28, 2);
  if (at > zip->limit || bytes > zip->limit - at)
    return bad(zip->file, entry_at, err, "a zip entry's data goes beyond the file");
  *out = at;
  return VF_OK;
}
