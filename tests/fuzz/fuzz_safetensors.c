/* fuzz_safetensors.c - any bytes as a .safetensors file: what is accepted adds up. */
#include "fuzz_memory.h"

#include "base/arena.h"
#include "readers/weights/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *path = "f.safetensors";
  const vf_files *files = fuzz_files(path, data, size);
  vf_arena *arena = vf_arena_new(&vf_default_allocator, 1 << 20);
  vf_safetensors_info whole, part;
  vf_error err = {VF_OK};
  uint64_t sum = 0, part_sum = 0;
  const vf_tensor_sink sink = {fuzz_add, &sum}, part_sink = {fuzz_add, &part_sum};
  vf_status status = vf_safetensors_read(&whole, files, path, &sink, arena, &err);
  vf_status partial = vf_safetensors_inspect(&part, files, path, &part_sink, arena, NULL);
  require(err.status == status);
  if (status == VF_OK) {
    require(partial == VF_OK && part.missing_bytes == 0);
    require(sum == whole.data_bytes && 8 + whole.header_bytes + sum == size);
  } else if (partial == VF_OK) {
    require(part_sum == part.data_bytes);
    require(8 + part.header_bytes + part_sum - part.missing_bytes == size);
  }
  vf_arena_free(arena);
  return 0;
}
