#pragma once

#include "core/backend/backend.h"
#include "core/nn/unet_work.h"

#include <optional>
#include <string>

namespace limpid {

// What this machine can do at most, as measured through the same interface that networks use.
struct MachineLimits {
  ProcessorRates processor;          // the largest matrix product, and a copy of a large tensor
  double host_copy_bytes_per_s = 0;  // in the memory of the host, read and written together
  // Between page-locked memory of the host and a GPU; 0 for a processor that has no memory of its
  // own.
  double upload_bytes_per_s = 0;
  double download_bytes_per_s = 0;
  // Of a file that is not in the page cache; only when a folder was given.
  std::optional<double> disk_write_bytes_per_s;
  std::optional<double> disk_read_bytes_per_s;
};

struct LimitsRequest {
  double seconds = 0.5;          // for each
  std::string disk_folder;       // empty: no disk is measured
  std::size_t size_divisor = 1;  // makes everything smaller: for tests, at the cost of truth
};

MachineLimits measure_limits(Backend& backend, const LimitsRequest& request);

// One line.
std::string describe(const MachineLimits& limits);
std::string limits_json(const MachineLimits& limits);

}  // namespace limpid
