#pragma once

#include "plugin/micrographs/micrograph_table.h"
#include "plugin/run/progress.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace limpid {

struct DenoiseItem {
  MicrographEntry entry;
  std::string fingerprint;
};

// Gives the micrographs of a run one after the other, nothing after the last. It may wait for them,
// but not once `is_over` holds.
using NextDenoiseItem =
    std::function<std::optional<DenoiseItem>(const std::function<bool()>& is_over)>;

// What became of an item: its file is complete, or the result says why there is none.
struct DenoisedItem {
  DenoiseItem item;
  ItemResult result;
  std::uint64_t size_bytes = 0;
  std::int64_t pixel_count = 0;
};

}  // namespace limpid
