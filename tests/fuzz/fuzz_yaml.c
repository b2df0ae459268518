/* fuzz_yaml.c - any bytes as YAML: a tree whose places are in the text, or a reason. */
#include "fuzz_memory.h"

#include "base/arena.h"
#include "readers/node.h"

static size_t count(const vf_node *node, unsigned depth, size_t lines) {
  size_t n = 1;
  require(depth < 2 * VF_NODE_DEPTH && node->line >= 1 && node->line <= lines &&
          node->text != NULL);
  for (const vf_item *i = node->items; i != NULL && depth < 8; i = i->next)
    n += count(i->value, depth + 1, lines);
  return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  vf_error err = {VF_OK};
  vf_arena *arena = vf_arena_new(&vf_default_allocator, 64 << 20);
  const vf_node *node = NULL;
  if (size > 4096) size = 4096;
  vf_status status = vf_node_read_yaml(&node, (const char *)data, size, arena, &err);
  require_told(status, &err);
  if (status == VF_OK && node->count < 64) require(count(node, 0, size + 2) > 0);
  vf_arena_free(arena);
  return 0;
}
