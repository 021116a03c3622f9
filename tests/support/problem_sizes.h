#pragma once

#include "core/tensor/data_type.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>

namespace limpid::test {

// Under compute-sanitizer kernels take hundreds to thousands of times as long, and only our own are
// watched. tools/gpu_check then sets $LIMPID_MOST_TEST_PIXELS, and problems of more are left out.
inline bool kernels_are_watched() {
  return std::getenv("LIMPID_MOST_TEST_PIXELS") != nullptr;
}
inline bool is_wanted(std::int64_t pixels) {
  return !kernels_are_watched() || pixels <= std::atoll(std::getenv("LIMPID_MOST_TEST_PIXELS"));
}

// Whether a convolution in bfloat16 is ours in all passes on Hopper. Of cuDNN's kernels, which are
// there for the others, the tools do not see what they write, and take minutes to load them.
inline bool is_wanted(DataType type,
                      std::int64_t kernel_size,
                      std::initializer_list<std::int64_t> channels) {
  return !kernels_are_watched() || type != DataType::bfloat16 ||
         (kernel_size <= 3 && std::all_of(channels.begin(), channels.end(), [](std::int64_t count) {
            return count % 32 == 0;
          }));
}

}  // namespace limpid::test
