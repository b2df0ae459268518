/* ways.h - what to change so that it fits, best first. */
#ifndef VF_SOLVE_WAYS_H
#define VF_SOLVE_WAYS_H

#include "solve/question.h"

/* Fills out->ways for the estimate `of`, which does not fit as it is; q is about its deployment.
 * What the limits found before is taken from *out. */
vf_status vf_ways_find(vf_limits *out, vf_solver *s, const vf_question *q, const vf_estimate *of,
                       vf_error *err);

#endif
