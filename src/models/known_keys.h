/* known_keys.h - keys of GGUF headers that need no attention. */
#ifndef VF_MODELS_KNOWN_KEYS_H
#define VF_MODELS_KNOWN_KEYS_H

#include <stdbool.h>

/* True for a key (without its "<architecture>.") that is read here, or that changes nothing about
 * memory. */
bool vf_key_is_known(const char *key);

#endif
