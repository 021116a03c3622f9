#pragma once

// Compiles a loop for several instruction sets and picks one when the program starts. Loops here
// work element by element, or in a fixed number of lanes, so the result does not depend on the
// choice.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define LIMPID_VECTOR_CLONES \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define LIMPID_VECTOR_CLONES
#endif
