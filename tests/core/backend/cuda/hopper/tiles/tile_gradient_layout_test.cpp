#include "core/backend/cuda/hopper/tiles/tile_gradient_layout.h"

#include "tests/core/backend/cuda/tile_emulator.h"
#include "tests/support/catch.h"
#include "tests/support/plain_gradients.h"
#include "tests/support/tensors.h"

#include <array>
#include <cstdint>
#include <set>
#include <vector>

using namespace limpid;
using namespace limpid::cuda;
using namespace limpid::test;

// The weight gradient on Hopper's tensor cores followed step by step on the CPU: the same shared
// memory and descriptors. What it computes is compared with plain sums.
namespace {

// What the tensor memory accelerator does: zeros outside the image.
template <class Tile>
void copy_box(TileEmulator<Tile>& block,
              const Slice& from,
              int height,
              int width,
              const TileWork::Place& first,
              int pixels,
              int rows,
              int to) {
  for (int row = 0; row < rows; ++row)
    for (int pixel = 0; pixel < pixels; ++pixel)
      for (int channel = 0; channel < from.channels; ++channel) {
        const int y = first.y + row;
        const int x = first.x + pixel;
        const bool inside = y >= 0 && y < height && x >= 0 && x < width;
        const std::int64_t at = (static_cast<std::int64_t>(first.image) * height + y) * width + x;
        block.put(to,
                  (row * pixels + pixel) * from.channels + channel,
                  Tile::swizzle_of(from.channels),
                  inside ? from.data()[at * from.stride + channel] : std::uint16_t{0});
      }
}

template <class Tile>
Gradients gradients_by_tiles(const Slice& x, const Slice& g, int images, int height, int width) {
  TileEmulator<Tile> block;
  const TileWork work = divide_tiles<Tile>(images, height, width);
  int stage = 0;
  for (int tile = 0; tile < work.tiles(); ++tile) {
    const TileWork::Place at = work.place<Tile>(tile);
    const int above = at.y - 1;
    copy_box(block,
             x,
             height,
             width,
             {at.image, at.x - 1, Tile::a_is_input ? at.y : above},
             Tile::input_width,
             Tile::input_rows,
             stage);
    copy_box(block,
             g,
             height,
             width,
             {at.image, at.x, Tile::a_is_input ? above : at.y},
             Tile::width,
             Tile::gradient_rows,
             stage + Tile::gradient_offset);
    block.add_tile(stage);
    stage = (stage + Tile::Block::stage_bytes) % (Tile::Block::stages * Tile::Block::stage_bytes);
  }
  const auto& sums = block.sums();
  Gradients result{std::vector<float>(9 * Tile::input_channels * Tile::output_channels),
                   {sums.begin() + Tile::Block::weight_sums, sums.end()}};
  for (int i = 0; i < Tile::Block::weight_sums; ++i) {
    const auto w = Tile::weight_of_sum(i);
    if (w.counts)
      result.weights[static_cast<std::size_t>((w.output * 9 + w.tap) * Tile::input_channels +
                                              w.input)] =
          static_cast<float>(sums[static_cast<std::size_t>(i)]);
  }
  return result;
}

template <class Tile>
void check_gradients(int images, int height, int width) {
  INFO(Tile::input_channels << " > " << Tile::output_channels << ", " << images << " x " << height
                            << " x " << width);
  const std::int64_t pixels = static_cast<std::int64_t>(images) * height * width;
  const Slice x(pixels, Tile::input_channels, 32, 8, 1);
  const Slice g(pixels, Tile::output_channels, 0, 64, 2);
  const Gradients expected = expected_gradients(x, g, images, height, width);
  const Gradients found = gradients_by_tiles<Tile>(x, g, images, height, width);
  CHECK(relative_difference(found.weights, expected.weights) < 2e-6);
  CHECK(relative_difference(found.biases, expected.biases) < 2e-6);
}

}  // namespace

TEMPLATE_TEST_CASE("weight gradient by tiles: followed on the CPU it agrees with plain sums",
                   "",
                   (ConvolutionTile<32, 32>),
                   (ConvolutionTile<64, 32>),
                   (ConvolutionTile<32, 64>),
                   (ConvolutionTile<64, 64>)) {
  check_gradients<TestType>(1, 1, 1);
  check_gradients<TestType>(2, 9, 67);
  check_gradients<TestType>(1, 16, 32);
}

TEMPLATE_TEST_CASE("weight gradient by tiles: each weight is one sum",
                   "",
                   (ConvolutionTile<32, 32>),
                   (ConvolutionTile<64, 32>),
                   (ConvolutionTile<32, 64>),
                   (ConvolutionTile<64, 64>)) {
  std::set<std::array<int, 3>> weights;
  int counted = 0;
  for (int i = 0; i < TestType::Block::weight_sums; ++i) {
    const auto w = TestType::weight_of_sum(i);
    if (!w.counts)
      continue;
    ++counted;
    CHECK((w.output >= 0 && w.output < TestType::output_channels && w.tap >= 0 && w.tap < 9 &&
           w.input >= 0 && w.input < TestType::input_channels));
    weights.insert({w.output, w.tap, w.input});
  }
  CHECK(counted == 9 * TestType::input_channels * TestType::output_channels);
  CHECK(static_cast<int>(weights.size()) == counted);
}

TEST_CASE("weight gradient by tiles: every pixel is in one tile") {
  using Tile = ConvolutionTile<64, 32>;
  for (const auto& [images, height, width] :
       {std::array{1, 1, 1}, {3, 37, 130}, {2, 512, 512}, {1, 963, 1021}}) {
    INFO(images << " x " << height << " x " << width);
    const TileWork work = divide_tiles<Tile>(images, height, width);
    std::set<std::array<int, 3>> places;
    for (int i = 0; i < work.tiles(); ++i) {
      const TileWork::Place at = work.place<Tile>(i);
      CHECK((at.image < images && at.y < height && at.x < width));
      CHECK((at.y % Tile::rows == 0 && at.x % Tile::width == 0));
      places.insert({at.image, at.y, at.x});
    }
    CHECK(static_cast<int>(places.size()) == work.tiles());
    const int columns = (width + Tile::width - 1) / Tile::width;
    const int rows = (height + Tile::rows - 1) / Tile::rows;
    CHECK(work.tiles() == images * rows * columns);
  }
}
