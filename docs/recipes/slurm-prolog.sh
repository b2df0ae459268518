#!/bin/sh
# Slurm: TaskProlog or the head of a job script. Refuses a job script whose engines do not fit on the node's GPUs.
# SLURM_JOB_SCRIPT is the script (PrologSlurmctld has it; elsewhere: scontrol write batch_script $SLURM_JOB_ID FILE).
script=${SLURM_JOB_SCRIPT:-$1}
[ -r "$script" ] || exit 0
vramfit check --quiet ${VRAMFIT_GPU:+--gpu "$VRAMFIT_GPU"} "$script"
[ $? -ne 1 ] || { echo "print vramfit: a model of $script does not fit on this node"; exit 1; }
