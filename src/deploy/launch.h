/* launch.h - a deployment in an engine's words. */
#ifndef VF_DEPLOY_LAUNCH_H
#define VF_DEPLOY_LAUNCH_H

#include "base/text.h"
#include "engines/engine.h"
#include "vramfit/deploy.h"

/* The line that starts the engine with all that the deployment says and the engine can be told;
 * what vf_command_read_text makes of it is the same deployment. */
void vf_launch_line(vf_text *out, const vf_engine *engine, const vf_deployment *d);

#endif
