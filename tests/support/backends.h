#pragma once

#include "core/backend/registry.h"
#include "tests/support/catch.h"

#include <memory>

namespace limpid::test {

// Tags for TEMPLATE_TEST_CASE: every backend runs the same test body, and each counts as a test of
// its own.
struct CpuFloat32 {
  static constexpr DeviceKind kind = DeviceKind::cpu;
  static constexpr DataType type = DataType::float32;
};
struct CpuBFloat16 {
  static constexpr DeviceKind kind = DeviceKind::cpu;
  static constexpr DataType type = DataType::bfloat16;
};
struct CudaFloat32 {
  static constexpr DeviceKind kind = DeviceKind::cuda;
  static constexpr DataType type = DataType::float32;
};
struct CudaBFloat16 {
  static constexpr DeviceKind kind = DeviceKind::cuda;
  static constexpr DataType type = DataType::bfloat16;
};

// Null, after printing "SKIPPED: reason", when this machine lacks the processor.
template <class Tag>
std::unique_ptr<Backend> make_test_backend() {
  if (Tag::kind == DeviceKind::cuda) {
    const GpuReport report = inspect_gpus();
    if (report.gpus.empty()) {
      WARN("SKIPPED: " << report.why_none);
      return nullptr;
    }
  } else if (Tag::type == DataType::bfloat16 && !cpu_has_bfloat16()) {
    WARN("SKIPPED: this processor has no bfloat16 arithmetic");
    return nullptr;
  }
  return make_backend({.kind = Tag::kind, .gpu_index = 0, .compute_type = Tag::type});
}

}  // namespace limpid::test
