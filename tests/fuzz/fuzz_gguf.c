/* fuzz_gguf.c - any bytes as a GGUF file: what is accepted adds up, and makes a model or an error.
 */
#include "fuzz_memory.h"

#include "base/arena.h"
#include "models/arch.h"
#include "readers/weights/gguf.h"

static vf_status collect(void *context, const vf_file_tensor *t, vf_error *err) {
  return vf_inventory_add(context, t->name, t->name_length, t->ne, t->format, t->bytes, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static vf_inventory empty, inventory; /* its table of names is sorted once */
  const char *path = "f.gguf";
  const vf_files *files = fuzz_files(path, data, size);
  vf_arena *arena = vf_arena_new(&vf_default_allocator, 16 << 20);
  vf_facts facts = vf_facts_in(arena, path);
  vf_gguf_info info;
  vf_model *model = NULL;
  vf_error err = {VF_OK};
  if (empty.table_size == 0) vf_inventory_init(&empty, NULL, true, true);
  inventory = empty;
  inventory.arena = arena;
  const vf_tensor_sink sink = {collect, &inventory};
  vf_status status = vf_gguf_read(&facts, &info, files, path, &sink, false, &err);
  require(err.status == status);
  if (status == VF_OK) {
    require(inventory.data_bytes <= info.data_bytes);
    require(info.n_tensors == inventory.n_files_tensors);
    if (vf_arch_build_file(&model, &facts, &inventory, &err) == VF_OK) vf_model_free(model);
  }
  vf_arena_free(arena);
  return 0;
}
