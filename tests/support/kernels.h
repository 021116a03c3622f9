#pragma once

#include "tests/support/with_variable.h"

#include <string>

// What GPU backends do that are made while these live.
namespace limpid::test {

// They run the kernels of one kind, "own" or "cudnn".
struct WithKernels : WithVariable {
  explicit WithKernels(const char* choice) : WithVariable("LIMPID_KERNELS", choice) {}
};

// They take one of cuDNN's plans, "fused" or "apart" with a number, instead of the fastest.
struct WithCudnnPlan : WithVariable {
  explicit WithCudnnPlan(const char* plan) : WithVariable("LIMPID_CUDNN_PLAN", plan) {}
};

// They divide their work among so many multiprocessors.
struct WithMultiprocessors : WithVariable {
  explicit WithMultiprocessors(const char* count) : WithVariable("LIMPID_MULTIPROCESSORS", count) {}
};

// They run the kernels for GPUs of this compute capability, such as 80 for 8.0.
struct WithComputeCapability : WithVariable {
  explicit WithComputeCapability(int capability)
      : WithVariable("LIMPID_COMPUTE_CAPABILITY", std::to_string(capability)) {}
};

}  // namespace limpid::test
