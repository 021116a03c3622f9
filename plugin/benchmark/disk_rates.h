#pragma once

#include <cstddef>
#include <string>

namespace limpid {

struct DiskRates {
  double write_bytes_per_s = 0;  // until the disk has it
  double read_bytes_per_s = 0;   // from the disk, not from the page cache
};

// Writes a file of this size into the folder, reads it and removes it. Throws Error(usage) without
// the folder, Error(storage).
DiskRates measure_disk(const std::string& folder, std::size_t size_bytes);

}  // namespace limpid
