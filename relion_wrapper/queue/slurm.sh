#!/bin/bash
# Submission template for External jobs of RELION that start limpid-relion in a SLURM cluster. Adapt the
# partition and the line for GPUs. RELION replaces the marked line as a whole by the command, without
# redirection, so nothing else can stand on it.
#SBATCH --job-name=XXXnameXXX
#SBATCH --partition=XXXqueueXXX
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=XXXthreadsXXX
##SBATCH --gres=gpu:1
#SBATCH --output=XXXoutfileXXX
#SBATCH --error=XXXerrfileXXX
#SBATCH --open-mode=append
#SBATCH --requeue
#SBATCH --signal=B:USR1@60

# The program gets a process group of its own, so that signals to this script can be passed on to it.
set -m
{
XXXcommandXXX
} &
group=$!
requeue=no
trap 'kill -TERM -- "-$group"' TERM
trap 'requeue=yes; kill -TERM -- "-$group"' USR1 # a minute before the time limit

wait "$group"
result=$?
while kill -0 -- "-$group" 2>/dev/null; do # a signal ended the waiting, not the program
  wait "$group"
  result=$?
  sleep 0.1
done

# RELION sees the job as running until it has ended; the next run does what is missing.
if [ "$requeue" = yes ] && [ "$result" -ne 0 ]; then
  scontrol requeue "$SLURM_JOB_ID"
fi
exit "$result"
