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

// And take one of cuDNN's plans, "fused" or "apart" with a number, instead of the fastest.
class WithCudnnPlan {
 public:
  explicit WithCudnnPlan(const char* plan) { setenv("LIMPID_CUDNN_PLAN", plan, 1); }
  ~WithCudnnPlan() { unsetenv("LIMPID_CUDNN_PLAN"); }
  WithCudnnPlan(const WithCudnnPlan&) = delete;
  WithCudnnPlan& operator=(const WithCudnnPlan&) = delete;
};

// And divide their work among so many multiprocessors.
class WithMultiprocessors {
 public:
  explicit WithMultiprocessors(const char* count) { setenv("LIMPID_MULTIPROCESSORS", count, 1); }
  ~WithMultiprocessors() { unsetenv("LIMPID_MULTIPROCESSORS"); }
  WithMultiprocessors(const WithMultiprocessors&) = delete;
  WithMultiprocessors& operator=(const WithMultiprocessors&) = delete;
};

}  // namespace limpid::test
