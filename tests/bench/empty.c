/* empty.c - does nothing, linked with the same libraries: what starting a process costs. */
int main(void) {
  return 0;
}
