/* box_file.h - files of a box in YAML as the JSON that is read (scenario.h). */
#ifndef VF_DEPLOY_MANIFESTS_BOX_FILE_H
#define VF_DEPLOY_MANIFESTS_BOX_FILE_H

#include "base/arena.h"

/* Whether a file of that name is YAML (manifest.c). */
bool vf_file_is_yaml(const char *file);

/* JSON of it, each value in the line that it had in the YAML; a compose file as `docker compose
 * config --format json` prints it.  VF_MALFORMED and VF_LIMIT with the line. */
vf_status vf_box_file_json(char **out, size_t *out_length, const vf_context *ctx, vf_arena *arena,
                           const char *file, const char *text, size_t length, vf_error *err);

#endif
