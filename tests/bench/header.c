/* header.c - what reading the largest headers costs: CPU time and memory beyond doing nothing.
 *
 * usage: bench_header [FILE...]
 *
 * Without a file it writes two into the temporary folder: safetensors with a header of just under
 * 100 MB, the format's limit, and a GGUF file with a vocabulary of 128 k words and 280 k merges.
 * Each is read once by a process of its own. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vramfit/report.h"

static void die(const char *what) {
  fprintf(stderr, "bench_header: %s\n", what);
  exit(2);
}

static void put(FILE *f, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) fputc((int)(value >> (8 * i) & 0xFF), f);
}

static void put_text(FILE *f, const char *text) {
  put(f, strlen(text), 8);
  fputs(text, f);
}

/* Tensors of 4 x 4 numbers in one byte each. */
static void write_safetensors(const char *path) {
  enum { HEADER_BYTES = 99999992 };
  FILE *f = fopen(path, "wb");
  if (f == NULL) die("cannot write into the temporary folder");
  put(f, HEADER_BYTES, 8);
  uint64_t n = 0;
  long at = fprintf(f, "{\"__metadata__\":{\"format\":\"pt\"}");
  while (at < HEADER_BYTES - 300) {
    at += fprintf(f,
                  ",\"model.layers.%" PRIu64 ".mlp.experts.%" PRIu64
                  ".gate_proj.weight\":{\"dtype\":\"U8\",\"shape\":[4,4],"
                  "\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}",
                  n / 256, n % 256, 16 * n, 16 * n + 16);
    n++;
  }
  at += fprintf(f, "}");
  for (; at < HEADER_BYTES; at++) fputc(' ', f);
  if (fflush(f) != 0 || ftruncate(fileno(f), 8 + HEADER_BYTES + (off_t)(16 * n)) != 0)
    die("cannot write into the temporary folder");
  fclose(f);
}

static void put_strings(FILE *f, const char *key, const char *words, uint64_t n) {
  put_text(f, key);
  put(f, 9, 4); /* an array */
  put(f, 8, 4); /* of strings */
  put(f, n, 8);
  for (uint64_t i = 0; i < n; i++) {
    char text[64];
    snprintf(text, sizeof text, "%s%" PRIu64, words, i);
    put_text(f, text);
  }
}

static void put_number(FILE *f, const char *key, uint32_t value) {
  put_text(f, key);
  put(f, 4, 4); /* uint32 */
  put(f, value, 4);
}

/* One layer of llama without its tensors' data: the vocabulary is what counts. */
static void write_gguf(const char *path) {
  FILE *f = fopen(path, "wb");
  if (f == NULL) die("cannot write into the temporary folder");
  fputs("GGUF", f);
  put(f, 3, 4);
  put(f, 1, 8); /* tensors */
  put(f, 9, 8); /* keys */
  put_text(f, "general.architecture");
  put(f, 8, 4);
  put_text(f, "llama");
  put_number(f, "llama.block_count", 1);
  put_number(f, "llama.embedding_length", 4096);
  put_number(f, "llama.feed_forward_length", 14336);
  put_number(f, "llama.attention.head_count", 32);
  put_number(f, "llama.attention.head_count_kv", 8);
  put_number(f, "llama.context_length", 131072);
  put_strings(f, "tokenizer.ggml.tokens", "token-", 128256);
  put_strings(f, "tokenizer.ggml.merges", "left right", 280147);
  put_text(f, "token_embd.weight");
  put(f, 2, 4);
  put(f, 4096, 8);
  put(f, 128256, 8);
  put(f, 1, 4); /* F16 */
  put(f, 0, 8);
  long at = ftell(f);
  off_t data = (at + 31) / 32 * 32;
  if (fflush(f) != 0 || ftruncate(fileno(f), data + (off_t)4096 * 128256 * 2) != 0)
    die("cannot write into the temporary folder");
  fclose(f);
}

/* As for a verdict: every tensor, but not its name. */
static void read_headers(const char *path) {
  vf_context *ctx;
  vf_model *model;
  uint64_t bytes;
  vf_error err;
  char line[700];
  if (path == NULL) return;
  bool gguf = strstr(path, ".gguf") != NULL;
  vf_status status = vf_context_new(&ctx, NULL, &err);
  if (status == VF_OK)
    status = gguf ? vf_model_open(&model, ctx, path, NULL, NULL, &err)
                  : vf_part_file_bytes(&bytes, ctx, VF_FILE_LORA, path, &err);
  if (status == VF_OK) return;
  vf_error_line(&err, line, sizeof line);
  die(line);
}

typedef struct cost {
  double seconds;
  long kib;
} cost;

/* Of a process of its own that reads the file, or nothing. */
static cost measure(const char *path) {
  int status;
  struct rusage usage;
  pid_t pid = fork();
  if (pid < 0) die("cannot fork");
  if (pid == 0) {
    read_headers(path);
    _exit(0);
  }
  if (wait4(pid, &status, 0, &usage) != pid || status != 0) die("reading failed");
  double seconds = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                   (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
  return (cost){seconds, usage.ru_maxrss};
}

static void report(const char *path) {
  cost nothing = measure(NULL), best = measure(path);
  for (int i = 0; i < 4; i++) {
    cost c = measure(path);
    if (c.seconds < best.seconds) best = c;
  }
  printf("%-32s %8.2f ms CPU  %8.2f MiB beyond doing nothing\n", strrchr(path, '/') + 1,
         (best.seconds - nothing.seconds) * 1e3, (double)(best.kib - nothing.kib) / 1024.0);
}

int main(int argc, char **argv) {
  char dir[] = "/tmp/bench_header_XXXXXX", paths[2][64];
  for (int i = 1; i < argc; i++) report(argv[i]);
  if (argc > 1) return 0;
  if (mkdtemp(dir) == NULL) die("no temporary folder");
  snprintf(paths[0], sizeof paths[0], "%s/100MB.safetensors", dir);
  snprintf(paths[1], sizeof paths[1], "%s/128k-words.gguf", dir);
  write_safetensors(paths[0]);
  write_gguf(paths[1]);
  for (int i = 0; i < 2; i++) {
    report(paths[i]);
    unlink(paths[i]);
  }
  rmdir(dir);
  return 0;
}
