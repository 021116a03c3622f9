#pragma once

#include "core/tensor/data_type.h"

#include <cstdint>
#include <cstdlib>

namespace limpid::test {

// Under compute-sanitizer kernels take hundreds to thousands of times as long, and only our own are
// watched. tools/gpu_check then sets $LIMPID_MOST_TEST_PIXELS, and problems of more are left out.
inline bool kernels_are_watched() {
  return std::getenv("LIMPID_MOST_TEST_PIXELS") != nullptr;
}
inline bool is_wanted(std::int64_t pixels) {
  return !kernels_are_watched() || pixels <= std::atoll(std::getenv("LIMPID_MOST_TEST_PIXELS"));
}

// Whether a convolution in bfloat16, 3x3 or a learned upsampling, is ours in all passes on Hopper.
// Of cuDNN's kernels, which are there for the others, the tools do not see what they write, and
// take minutes to load them.
inline bool is_wanted(DataType type,
                      std::int64_t kernel_size,
                      std::int64_t input_channels,
                      std::int64_t output_channels) {
  const auto are_few = [](std::int64_t channels) {
    return channels == 32 || channels == 64 || channels == 128;
  };
  const bool has_own_kernels =
      kernel_size == 2
          ? input_channels % 64 == 0
          : kernel_size == 3 && ((are_few(input_channels) && are_few(output_channels)) ||
                                 (input_channels % 64 == 0 && output_channels % 64 == 0));
  return !kernels_are_watched() || type != DataType::bfloat16 || has_own_kernels;
}

}  // namespace limpid::test
