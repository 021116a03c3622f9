#include "core/backend/cuda/hopper/tiles/upsampling_tile_layout.h"

#include "tests/core/backend/cuda/tile_emulator.h"
#include "tests/support/catch.h"
#include "tests/support/plain_gradients.h"
#include "tests/support/tensors.h"

#include <cstdint>
#include <vector>

using namespace limpid;
using namespace limpid::cuda;
using namespace limpid::test;

// The weight gradient of the upsampling on Hopper's tensor cores followed step by step on the CPU:
// the same shared memory and descriptors. What it computes is compared with plain sums.
namespace {

// Of `rows` x `width` pixels of x, all images one below the other. Weights: input, tap, output.
Gradients plain_sums(const Slice& x, const Slice& g, int rows, int width) {
  std::vector<double> weights(static_cast<std::size_t>(4 * x.channels * g.channels));
  std::vector<double> biases(static_cast<std::size_t>(g.channels));
  for (int y = 0; y < 2 * rows; ++y)
    for (int z = 0; z < 2 * width; ++z)
      for (int o = 0; o < g.channels; ++o) {
        const double gradient =
            g.values[static_cast<std::size_t>((y * 2 * width + z) * g.channels + o)];
        biases[static_cast<std::size_t>(o)] += gradient;
        for (int i = 0; i < x.channels; ++i)
          weights[static_cast<std::size_t>((i * 4 + y % 2 * 2 + z % 2) * g.channels + o)] +=
              gradient *
              x.values[static_cast<std::size_t>((y / 2 * width + z / 2) * x.channels + i)];
      }
  return {{weights.begin(), weights.end()}, {biases.begin(), biases.end()}};
}

// What the tensor memory accelerator does: zeros outside the images.
template <class Tile>
void copy_boxes(TileEmulator<Tile>& block,
                const Slice& x,
                const Slice& g,
                int rows,
                int width,
                int first_row,
                int first_column,
                int stage) {
  for (int row = 0; row < Tile::rows; ++row)
    for (int pixel = 0; pixel < Tile::width; ++pixel) {
      const int y = first_row + row;
      const int z = first_column + pixel;
      const bool inside = y < rows && z < width;
      for (int channel = 0; channel < x.channels; ++channel)
        block.put(stage + channel / 64 * Tile::input_box,
                  (row * Tile::width + pixel) * 64 + channel % 64,
                  wgmma::Swizzle::bytes_128,
                  inside ? x.data()[(y * width + z) * x.stride + channel] : std::uint16_t{0});
      for (int tap = 0; tap < 4; ++tap)
        for (int channel = 0; channel < g.channels; ++channel)
          block.put(
              stage + Tile::gradient_offset,
              ((row * 4 + tap) * Tile::width + pixel) * g.channels + channel,
              Tile::gradient_swizzle,
              inside
                  ? g.data()[((2 * y + tap / 2) * 2 * width + 2 * z + tap % 2) * g.stride + channel]
                  : std::uint16_t{0});
    }
}

template <class Tile>
void check_gradients(int rows, int width) {
  INFO(Tile::input_channels << " > " << Tile::output_channels << ", " << rows << " x " << width);
  const Slice x(rows * width, Tile::input_channels, 0, 8, 1);
  const Slice g(4 * rows * width, Tile::output_channels, 32, 0, 2);
  TileEmulator<Tile> block;
  int stage = 0;
  for (int row = 0; row < rows; row += Tile::rows)
    for (int column = 0; column < width; column += Tile::width) {
      copy_boxes(block, x, g, rows, width, row, column, stage);
      block.add_tile(stage);
      stage = (stage + Tile::Block::stage_bytes) % (Tile::Block::stages * Tile::Block::stage_bytes);
    }
  const auto& sums = block.sums();
  Gradients found{std::vector<float>(4 * Tile::input_channels * Tile::output_channels),
                  {sums.begin() + Tile::Block::weight_sums, sums.end()}};
  for (int i = 0; i < Tile::Block::weight_sums; ++i) {
    const auto w = Tile::weight_of_sum(i);
    found.weights[static_cast<std::size_t>((w.input * 4 + w.tap) * Tile::output_channels +
                                           w.output)] =
        static_cast<float>(sums[static_cast<std::size_t>(i)]);
  }
  const Gradients expected = plain_sums(x, g, rows, width);
  CHECK(relative_difference(found.weights, expected.weights) < 2e-6);
  CHECK(relative_difference(found.biases, expected.biases) < 2e-6);
}

}  // namespace

TEMPLATE_TEST_CASE("upsampling's weight gradient by tiles: followed on the CPU it agrees",
                   "",
                   (UpsamplingTile<32, 1>),
                   (UpsamplingTile<64, 2>),
                   (UpsamplingTile<64, 1>)) {
  check_gradients<TestType>(1, 1);
  check_gradients<TestType>(5, 35);
}
