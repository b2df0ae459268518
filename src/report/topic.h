/* topic.h - texts that teach, from docs/explain/, compiled in. */
#ifndef VF_REPORT_TOPIC_H
#define VF_REPORT_TOPIC_H

#include "vramfit/report.h"

typedef struct vf_topic {
  const char *name, *title, *text; /* Markdown behind its title */
} vf_topic;

extern const vf_topic vf_topics[];
extern const size_t vf_n_topics;

#endif
