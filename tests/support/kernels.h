#pragma once

#include <cstdlib>

namespace limpid::test {

// GPU backends made while this lives run the kernels of one kind, "own" or "cudnn".
class WithKernels {
 public:
  explicit WithKernels(const char* choice) { setenv("LIMPID_KERNELS", choice, 1); }
  ~WithKernels() { unsetenv("LIMPID_KERNELS"); }
  WithKernels(const WithKernels&) = delete;
  WithKernels& operator=(const WithKernels&) = delete;
};

}  // namespace limpid::test
