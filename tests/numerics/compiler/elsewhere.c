/* Runs one kernel on the arrays of a file: counts, which array each pointer of the table is, then each with its size. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

void RUN(void **table, int64_t lanes, int64_t own, int64_t times);

static void get(void *to, size_t size, FILE *from) {
  if (fread(to, 1, size, from) != size) exit(1);
}

int main(int n, char **arguments) {
  FILE *file = fopen(arguments[1], "rb");
  int64_t head[5];
  get(head, sizeof head, file);
  void **arrays = calloc(head[0], sizeof *arrays), **table = calloc(head[1], sizeof *table);
  int64_t *size = calloc(head[0], sizeof *size), *which = calloc(head[1], sizeof *which);
  get(which, head[1] * sizeof *which, file);
  for (int64_t k = 0; k < head[0]; k++) {
    get(&size[k], sizeof *size, file);
    arrays[k] = malloc(size[k] + 1);
    get(arrays[k], size[k], file);
  }
  for (int64_t k = 0; k < head[1]; k++) table[k] = arrays[which[k]];
  RUN(table, head[2], head[3], head[4]);
  file = freopen(arguments[1], "wb", file);
  for (int64_t k = 0; k < head[0]; k++) fwrite(arrays[k], 1, size[k], file);
  return fclose(file) != 0;
}
