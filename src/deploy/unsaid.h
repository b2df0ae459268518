/* unsaid.h - what a deployment does not say, as its engine would take it.
 *
 * A person names a model and a GPU, and leaves out the engine and the format.  Options that one
 * engine alone has say which; a name of the catalog stands for what people run on such a device. */
#ifndef VF_DEPLOY_UNSAID_H
#define VF_DEPLOY_UNSAID_H

#include "deploy/load.h"
#include "engines/engine.h"
#include "vramfit/deploy.h"

/* Whether the engine has a word for the parameter i of vf_params. */
bool vf_engine_spells(const vf_engine *engine, size_t param);

/* The engine that a deployment is for: as it is named; else by options that one engine alone has,
 * by the format that is asked for, and of what the catalog names by the device.  NULL: the one that
 * loads the format.  devices may be none. */
const char *vf_unsaid_engine(const vf_deployment *d, const vf_loaded *l, const vf_device *devices,
                             size_t n);

#endif
