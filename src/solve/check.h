/* check.h - the deployments of files, judged: what is inside of a check. */
#ifndef VF_SOLVE_CHECK_H
#define VF_SOLVE_CHECK_H

#include "base/printf.h"
#include "deploy/manifest.h"
#include "vramfit/check.h"

enum { VF_CHECK_BATCH = 128, VF_CHECK_FINDINGS = 24 };

typedef enum vf_rule_id {
  VF_RULE_NO_FIT,
  VF_RULE_RISKY,
  VF_RULE_TIGHT,
  VF_RULE_REFUSED,
  VF_RULE_EXPECTED,
  VF_RULE_NOT_JUDGED,
  VF_RULE_VARIABLE,
  VF_RULE_MODEL_UNKNOWN,
  VF_RULE_INVALID,
  VF_RULE_UNREAD,
  VF_RULE_BEYOND,
  VF_RULE_COUNT
} vf_rule_id;

extern const vf_rule vf_rules[VF_RULE_COUNT];

typedef struct vf_finding {
  const vf_rule *rule;
  vf_level level;
  uint32_t line, column;
  const char *message;
  vf_way ways[VF_MAX_WAYS];       /* what would fit, each one estimated */
  const char *words[VF_MAX_WAYS]; /* of a training: a way as options; NULL: it is in ways */
  size_t n_ways;
  bool known; /* the baseline has it */
} vf_finding;

/* One deployment, judged as far as it can be. */
typedef struct vf_checked {
  const char *path;
  uint32_t line, column;
  const char *engine, *version; /* NULL: not known */
  const char *program;          /* of several that an engine has; NULL: it has one name */
  const char *model;            /* as it is stated; NULL: it is not */
  vf_deployment deployment;     /* what is stated */
  const char **unset;  /* NULL-terminated pairs: a parameter's key, and what stands there */
  const char **unread; /* NULL-terminated, as are the words that were read, and those that */
  const char **read, **passed; /* move no memory */
  vf_found_gpus gpus;
  const char *judged_on; /* the devices, "l4x2"; NULL: not judged */
  const char *device;    /* one of them, of which ways count more */
  bool judged;
  vf_verdict verdict;
  vf_outcome outcome;
  vf_finding findings[VF_CHECK_FINDINGS];
  size_t n_findings;
  bool failed;
} vf_checked;

/* A file, or a part of it, that could not be read. */
typedef struct vf_unchecked {
  const char *file, *message, *path;
  uint32_t line, column;
  bool passed; /* it is no error: something in it was not read */
  struct vf_unchecked *next;
} vf_unchecked;

struct vf_check {
  const vf_context *ctx;
  vf_check_options options;
  vf_deployment policy;
  vf_check_counts counts;

  const char *file;
  vf_arena *arena; /* of the batch */
  vf_checked *batch;
  size_t n_batch;
  bool ends_file; /* the batch is the file's last */
  vf_check_fn each;
  void *user;

  vf_arena *kept; /* of the whole check: what could not be read, the baseline */
  vf_unchecked *unchecked, *last_unchecked;
  struct vf_baseline *baseline;

  vf_estimate *estimate, *scratch;
  vf_device devices[VF_MAX_DEVICES]; /* that a name stands for, while it is looked at */
};

/* Judges what was found and puts it into *out, in the check's arena. */
vf_status vf_judge(vf_check *c, vf_checked *out, const vf_found *found, vf_error *err);

/* A finding; later ones than there is room for are dropped, the gravest come first. */
vf_finding *vf_checked_add(vf_check *c, vf_checked *to, vf_rule_id rule, const char *fmt, ...)
    VF_PRINTF(4, 5);

const char *vf_check_keep(vf_check *c, const char *text); /* NULL for NULL, and for no memory */

/* What became of the devices of a deployment.  Where it is not judged or refused, a finding says
 * why. */
typedef enum vf_devices_choice {
  VF_DEVICES_UNKNOWN, /* nobody knows the name, or none is said */
  VF_DEVICES_NO_MEMORY,
  VF_DEVICES_NOT_JUDGED,
  VF_DEVICES_REFUSED, /* there are not so many */
  VF_DEVICES_MADE
} vf_devices_choice;

/* Devices by the name that a manifest has for them, or those of the policy, into the deployment: of
 * a kind as many as the manifest gives or the engine has ranks, of a machine or a number of devices
 * those that there are, or as many of them as it is given. */
vf_devices_choice vf_check_device(vf_check *c, vf_deployment *d, vf_checked *k, const char *name);
vf_devices_choice vf_check_policy(vf_check *c, vf_deployment *d, vf_checked *k);

/* Findings for what is expected and does not hold; whether it is expected to fit. */
void vf_expect_all(vf_check *c, vf_checked *k, const vf_node *expect, const vf_limits *l);
bool vf_expects_fit(const vf_node *expect);

/* "20.11", in GiB. */
enum { VF_CHECK_SIZE = 32 };
void vf_check_size(char out[VF_CHECK_SIZE], uint64_t bytes);

/* What is known already; sets `known` and what fails. */
void vf_baseline_apply(const vf_check *c, vf_checked *to);

/* How much of its upper end is beyond what there is. */
uint64_t vf_checked_over(const vf_checked *k);

/* Whether the finding fails the check. */
bool vf_finding_fails(const vf_check *c, const vf_finding *f);

#endif
