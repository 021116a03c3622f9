#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace limpid {

// What the kernel's control groups leave this process of the machine's memory; batch systems and
// containers set them.
struct ControlGroupMemory {
  std::uint64_t limit_bytes = 0;
  std::uint64_t free_bytes = 0;  // file caches, which the kernel gives back, count as free
};

// The group of this process, or the one above it, that leaves the least; empty without a limit.
// Both versions of the interface are read. `root` stands before every path, for tests.
std::optional<ControlGroupMemory> control_group_memory(const std::string& root = "");

}  // namespace limpid
