/* class_defaults.h - sizes that a published config leaves to its class. */
#ifndef VF_MODELS_CLASS_DEFAULTS_H
#define VF_MODELS_CLASS_DEFAULTS_H

#include "base/facts.h"

/* Adds to a view of a config what its class assumes and it does not say; *used: there was any.  The
 * facts that the view was made from stay as they are. */
vf_status vf_class_defaults(vf_facts *view, bool *used, const char *model_type, vf_error *err);

#endif
