/* fuzz_pytorch.c - any bytes as a PyTorch checkpoint: what is accepted adds up. */
#include "fuzz_memory.h"

#include "base/arena.h"
#include "readers/weights/pytorch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  vf_arena *arena = vf_arena_new(&vf_default_allocator, 1 << 20);
  vf_pytorch_info info;
  vf_error err = {VF_OK};
  uint64_t sum = 0;
  const vf_tensor_sink sink = {fuzz_add, &sum};
  vf_status status =
      vf_pytorch_read(&info, fuzz_files("f.bin", data, size), "f.bin", &sink, arena, &err);
  require(err.status == status);
  if (status == VF_OK) require(sum == info.data_bytes && info.file_bytes == size);
  vf_arena_free(arena);
  return 0;
}
