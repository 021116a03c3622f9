#pragma once

#include "tests/support/tensors.h"

#include <cstdint>
#include <vector>

// Gradients of a 3x3 convolution by plain sums, and inputs for those that are compared with them.
namespace limpid::test {

// Memory of a tensor whose pixels hold more channels than are read: the others are NaN.
struct Slice {
  std::vector<std::uint16_t> memory;
  std::vector<float> values;  // dense
  std::int64_t stride;
  std::int64_t first;
  int channels;

  Slice(std::int64_t pixels, int channels_, int before, int after, std::uint64_t stream)
      : values(rounded_to(DataType::bfloat16, random_values(pixels * channels_, stream))),
        stride(before + channels_ + after),
        first(before),
        channels(channels_) {
    memory.assign(static_cast<std::size_t>(pixels * stride), 0xffff);
    for (std::int64_t p = 0; p < pixels; ++p)
      for (int c = 0; c < channels; ++c)
        memory[static_cast<std::size_t>(p * stride + first + c)] =
            BFloat16(values[static_cast<std::size_t>(p * channels + c)]).bits;
  }
  const std::uint16_t* data() const { return memory.data() + first; }
  bool contains(const std::uint16_t* from) const {
    const std::int64_t at = from - memory.data();
    return at >= 0 && at + 8 <= static_cast<std::int64_t>(memory.size()) && at % stride >= first &&
           at % stride + 8 <= first + channels;
  }
};

struct Gradients {
  std::vector<float> weights;  // output, tap, input
  std::vector<float> biases;
};

inline Gradients expected_gradients(
    const Slice& x, const Slice& g, std::int64_t images, int height, int width) {
  std::vector<double> weights(static_cast<std::size_t>(9 * x.channels * g.channels));
  std::vector<double> biases(static_cast<std::size_t>(g.channels));
  const auto pixel = [&](std::int64_t n, int row, int column) {
    return (n * height + row) * width + column;
  };
  for (std::int64_t n = 0; n < images; ++n)
    for (int row = 0; row < height; ++row)
      for (int column = 0; column < width; ++column)
        for (int o = 0; o < g.channels; ++o) {
          const double gradient =
              g.values[static_cast<std::size_t>(pixel(n, row, column) * g.channels + o)];
          biases[static_cast<std::size_t>(o)] += gradient;
          for (int tap = 0; tap < 9; ++tap) {
            const int y = row + tap / 3 - 1;
            const int z = column + tap % 3 - 1;
            if (y < 0 || y >= height || z < 0 || z >= width)
              continue;
            for (int i = 0; i < x.channels; ++i)
              weights[static_cast<std::size_t>((o * 9 + tap) * x.channels + i)] +=
                  gradient * x.values[static_cast<std::size_t>(pixel(n, y, z) * x.channels + i)];
          }
        }
  return {{weights.begin(), weights.end()}, {biases.begin(), biases.end()}};
}

}  // namespace limpid::test
