/* config.h - from JSON text to facts: a config.json, or an entry of a catalog. */
#ifndef VF_READERS_CONFIG_H
#define VF_READERS_CONFIG_H

#include "base/facts.h"

/* Reads text into facts (in facts->arena); the text must be an object.  Errors carry the line. */
vf_status vf_config_parse(vf_facts *facts, const char *text, size_t length, vf_error *err);

#endif
