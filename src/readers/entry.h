/* entry.h - what an entry of the models' catalog says, with what it leaves out.
 *
 * Many models are another one's shape with other weights: a fine-tune, a newer date, a base model.
 * Such an entry says `like` and whatever differs; the rest is the other entry's. */
#ifndef VF_READERS_ENTRY_H
#define VF_READERS_ENTRY_H

#include "base/facts.h"
#include "readers/catalog.h"

/* The facts of an entry, in facts->arena: its own, and of the entry that it is like those under
 * keys that it has not.  Names, sources and what Ollama's library makes of a model are nobody
 * else's.  VF_MALFORMED if `like` names no entry, or one that is itself like another. */
vf_status vf_entry_facts(vf_facts *facts, const vf_context *ctx, const vf_catalog_entry *entry,
                         vf_error *err);

/* Adds to an entry's own facts those of the entry that it is like, as above. */
vf_status vf_entry_complete(vf_facts *facts, const vf_context *ctx, vf_error *err);

/* The format behind an Ollama tag without one ("llama3.2:1b" is Q8_0), NULL: the usual one.  The
 * tag is one of the entry's names; case does not matter. */
const char *vf_entry_tag_format(const vf_facts *facts, const char *tag);

/* Puts what Ollama's own file differs in ("ollama.file", under the keys of a config) in the place
 * of the entry's facts. */
vf_status vf_entry_take_file(vf_facts *facts, vf_error *err);

/* If what was typed names one of the entry's "checkpoints", puts its quantization_config in the
 * place of the entry's; *found says so. */
vf_status vf_entry_take_checkpoint(vf_facts *facts, bool *found, const char *ref, vf_error *err);

#endif
