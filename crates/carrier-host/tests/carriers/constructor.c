/* A library that leaves a trace when it is mapped. */
#include "plain.c"

__attribute__((constructor)) static void ran(void) {
    FILE *trace = fopen(TRACE, "w");
    if (trace) fclose(trace);
}
