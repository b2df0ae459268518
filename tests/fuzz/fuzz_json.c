/* fuzz_json.c - any bytes as JSON: what passes the gate is a tree, and cJSON's; what does not has a
 * place. */
#include "fuzz_memory.h"

#include <cjson/cJSON.h>

#include "base/arena.h"
#include "readers/config.h"
#include "readers/json/json_scan.h"
#include "readers/node.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *text = (const char *)data;
  vf_error err = {VF_OK};
  vf_arena *arena = vf_arena_new(&vf_default_allocator, 64 << 20);
  const vf_node *node = NULL;
  vf_facts facts = vf_facts_in(arena, "f.json");
  vf_status gate = vf_json_check(text, size, &err);
  require(err.status == gate);
  vf_status tree = vf_node_read_json(&node, text, size, arena, NULL);
  if (gate == VF_OK) {
    cJSON *json = cJSON_ParseWithLength(text, size);
    /* A tree has no key twice, which the gate does not look for. */
    require(json != NULL && (tree == VF_OK ? node != NULL : tree == VF_MALFORMED));
    cJSON_Delete(json);
  }
  vf_status flat = vf_config_parse(&facts, text, size, NULL);
  if (flat == VF_OK) require(gate == VF_OK);
  vf_arena_free(arena);
  return 0;
}
