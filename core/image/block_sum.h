#pragma once

#include "core/base/parallel.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace limpid {

// Adds up part(begin, end) over consecutive blocks of [0, count), computed on thread_count()
// threads and added in the order of the blocks: the same bits for any number of threads. `Part` is
// zero when default-constructed and has +=.
template <class Part, class Function>
Part sum_in_blocks(std::int64_t count, std::int64_t block_size, const Function& part) {
  const std::int64_t block_count = (count + block_size - 1) / block_size;
  std::vector<Part> parts(static_cast<std::size_t>(block_count));
  parallel_for(block_count, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t block = first; block < last; ++block)
      parts[static_cast<std::size_t>(block)] =
          part(block * block_size, std::min(count, (block + 1) * block_size));
  });
  Part total{};
  for (const Part& value : parts)
    total += value;
  return total;
}

// Pixels in a block of a sum over an image.
inline constexpr std::int64_t sum_block_pixels = 65536;

}  // namespace limpid
