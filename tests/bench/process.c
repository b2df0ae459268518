/* process.c - one call as a whole process, against an empty program, in pairs.
 *
 * usage: bench_process RUNS EMPTY COMMAND [ARG...]
 *
 * Runs EMPTY and COMMAND in turn, RUNS times each, with their output thrown away, and prints the
 * medians of wall time and CPU time, the median of the pairwise ratios, and the peak memory. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct sample {
  double wall_ms, cpu_ms;
  long peak_kib;
} sample;

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static double timeval_ms(struct timeval t) {
  return (double)t.tv_sec * 1e3 + (double)t.tv_usec * 1e-3;
}

static void child(char **argv) {
  int null = open("/dev/null", O_WRONLY);
  if (null >= 0) dup2(null, STDOUT_FILENO);
  if (null >= 0) dup2(null, STDERR_FILENO);
  execv(argv[0], argv);
  _exit(127);
}

static sample run(char **argv) {
  struct rusage usage;
  int status;
  double start = now_ms();
  pid_t pid = fork();
  if (pid == 0) child(argv);
  if (pid < 0 || wait4(pid, &status, 0, &usage) < 0 || !WIFEXITED(status) ||
      WEXITSTATUS(status) > 2) {
    fprintf(stderr, "bench_process: %s did not run\n", argv[0]);
    exit(2);
  }
  return (sample){now_ms() - start, timeval_ms(usage.ru_utime) + timeval_ms(usage.ru_stime),
                  usage.ru_maxrss};
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *values, size_t n) {
  qsort(values, n, sizeof *values, compare);
  return n % 2 != 0 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

int main(int argc, char **argv) {
  if (argc < 4) {
    fprintf(stderr, "usage: bench_process RUNS EMPTY COMMAND [ARG...]\n");
    return 2;
  }
  size_t runs = (size_t)strtoul(argv[1], NULL, 10);
  char *empty[] = {argv[2], NULL};
  double *wall = calloc(runs, sizeof *wall), *base = calloc(runs, sizeof *base);
  double *ratio = calloc(runs, sizeof *ratio), *cpu = calloc(runs, sizeof *cpu);
  double *base_cpu = calloc(runs, sizeof *base_cpu);
  long peak = 0, base_peak = 0;
  if (runs == 0 || !wall || !base || !ratio || !cpu || !base_cpu) return 2;
  for (size_t i = 0; i < runs + 3; i++) {
    sample e = run(empty), c = run(&argv[3]);
    if (i < 3) continue; /* warm-up */
    base[i - 3] = e.wall_ms, wall[i - 3] = c.wall_ms, ratio[i - 3] = c.wall_ms / e.wall_ms;
    base_cpu[i - 3] = e.cpu_ms, cpu[i - 3] = c.cpu_ms;
    if (e.peak_kib > base_peak) base_peak = e.peak_kib;
    if (c.peak_kib > peak) peak = c.peak_kib;
  }
  printf("empty program  wall %.3f ms  cpu %.3f ms  peak %ld KiB\n", median(base, runs),
         median(base_cpu, runs), base_peak);
  printf("this call      wall %.3f ms  cpu %.3f ms  peak %ld KiB\n", median(wall, runs),
         median(cpu, runs), peak);
  printf("ratio          wall %.2f (median of %zu pairs)\n", median(ratio, runs), runs);
  free(wall), free(base), free(ratio), free(cpu), free(base_cpu);
  return 0;
}
