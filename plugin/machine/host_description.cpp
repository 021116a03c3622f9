#include "plugin/machine/host_description.h"

#include "core/backend/host/control_group.h"
#include "core/backend/host/host_memory.h"
#include "core/backend/registry.h"
#include "core/base/parallel.h"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <string_view>

namespace limpid {
namespace {

double gibibytes(std::uint64_t bytes) {
  return static_cast<double>(bytes) / 1073741824.0;
}

// The value of the first line "key : value".
std::string first_value(const char* path, std::string_view key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(':');
    if (line.starts_with(key) && colon != std::string::npos && colon + 2 <= line.size())
      return line.substr(colon + 2);
  }
  return {};
}

std::string vector_instructions() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f"))
    return "AVX-512";
  if (__builtin_cpu_supports("avx2"))
    return "AVX2";
  return "no AVX2, which makes it slow";
#else
  return "not an x86-64 processor";
#endif
}

}  // namespace

std::string describe_processor() {
  const std::string name = first_value("/proc/cpuinfo", "model name");
  return fmt::format("{}, {} thread{}, {}, {}",
                     name.empty() ? "unknown processor" : name,
                     thread_count(),
                     thread_count() == 1 ? "" : "s",
                     vector_instructions(),
                     cpu_has_bfloat16() ? "computes in bfloat16 as well"
                                        : "float32 only: it has no bfloat16 arithmetic");
}

std::string describe_memory() {
  const std::uint64_t total_bytes = static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) *
                                    static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  const auto group = control_group_memory();
  return fmt::format("{:.1f} GiB free of {:.1f} GiB{}",
                     gibibytes(free_host_memory_bytes()),
                     gibibytes(total_bytes),
                     group ? fmt::format("; this job or container may use {:.1f} GiB",
                                         gibibytes(group->limit_bytes))
                           : "; no limit by a batch system or container");
}

std::string gpu_driver_version() {
  // "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.54.03  Tue Jun ..."
  return first_value("/proc/driver/nvidia/version", "NVRM version");
}

}  // namespace limpid
