/* A library that, compiled with some flags, wants what no carrier needs. */
#include "plain.c"

#ifdef STATIC_TLS
__thread int counted __attribute__((visibility("hidden")));
__attribute__((constructor)) static void count(void) { counted++; }
#endif

#ifdef MORE_SYMBOLS
int more_of_one(void) { return 1; }
int more_of_two(void) { return 2; }
#endif
