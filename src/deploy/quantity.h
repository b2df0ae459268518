/* quantity.h - sizes as Kubernetes and docker write them. */
#ifndef VF_DEPLOY_QUANTITY_H
#define VF_DEPLOY_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

/* "64Gi", "1.5G", "4000000000000m", "2e9", rounded down; whole: nothing was cut off.  False: it is
 * no quantity of Kubernetes', of which none is below 0 here. */
bool vf_quantity_kubernetes(uint64_t *out, bool *whole, const char *text);

/* "16g", "512MB": docker's sizes, all by 1,024.  False: it is none. */
bool vf_quantity_docker(uint64_t *out, const char *text);

#endif
