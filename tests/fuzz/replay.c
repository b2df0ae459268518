/* replay.c - runs a fuzz target over files: the corpus as a test, and a finding under a debugger.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_BYTES = 16 << 20 };

int main(int argc, char **argv) {
  uint8_t *data = malloc(MOST_BYTES);
  if (data == NULL) return 1;
  for (int i = 1; i < argc; i++) {
    FILE *f = fopen(argv[i], "rb");
    if (f == NULL) {
      fprintf(stderr, "%s: cannot be opened\n", argv[i]);
      return 1;
    }
    size_t size = fread(data, 1, MOST_BYTES, f);
    fclose(f);
    LLVMFuzzerTestOneInput(data, size);
  }
  free(data);
  printf("%d files replayed\n", argc - 1);
  return 0;
}
