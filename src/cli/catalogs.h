/* catalogs.h - where users' own catalogs lie. */
#ifndef VF_CLI_CATALOGS_H
#define VF_CLI_CATALOGS_H

#include "options.h"

/* Adds --catalog, then the folders of $VRAMFIT_CATALOG, then the user's configuration folder
 * ($XDG_CONFIG_HOME/vramfit, ~/.config/vramfit).  "--catalog none" adds nothing, and check takes
 * --catalog alone. */
vf_status add_catalogs(vf_context *ctx, const args *a, vf_error *err);

#endif
