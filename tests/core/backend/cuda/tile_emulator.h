#pragma once

#include "core/backend/cuda/hopper/wgmma_layout.h"
#include "core/tensor/data_type.h"
#include "tests/support/catch.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace limpid::test {

// A block of the weight gradients by tiles (tile_worker.cuh), with one tile in shared memory at a
// time, and a model of the matrix instruction that reads its operands as the PTX manual says.
template <class Tile>
class TileEmulator {
 public:
  TileEmulator()
      : shared_(Tile::Block::shared_bytes, std::byte{0xff}), sums_(Tile::Block::sums) {}  // NaN

  // What the tensor memory accelerator does with one value of a box that begins at `box`.
  void put(int box, int element, cuda::wgmma::Swizzle swizzle, std::uint16_t value) {
    REQUIRE(box % Tile::Block::alignment == 0);
    const auto at = cuda::wgmma::swizzled(static_cast<std::uint32_t>(box + 2 * element), swizzle);
    std::memcpy(&shared_.at(at + 1) - 1, &value, sizeof value);
  }

  void add_tile(int stage) {
    for (int warpgroup = 0; warpgroup < Tile::Block::warpgroups; ++warpgroup)
      multiply_tile(static_cast<std::uint32_t>(stage), warpgroup);
    for (int pixel = 0; pixel < Tile::bias_pixels; ++pixel)
      for (int channel = 0; channel < Tile::output_channels; ++channel)
        sums_[static_cast<std::size_t>(Tile::Block::weight_sums + channel)] +=
            static_cast<double>(get(cuda::wgmma::swizzled(static_cast<std::uint32_t>(stage) +
                                                              Tile::bias_offset(pixel, channel / 8),
                                                          Tile::gradient_swizzle) +
                                    static_cast<std::uint32_t>(channel % 8 * 2)));
  }

  // Of all blocks.
  const std::vector<double>& sums() const { return sums_; }

 private:
  float get(std::uint32_t offset) const {
    BFloat16 value;
    std::memcpy(&value, &shared_.at(offset + 1) - 1, sizeof value);
    return static_cast<float>(value);
  }

  std::vector<float> operand(std::uint64_t descriptor, int rows) const {
    namespace wgmma = cuda::wgmma;
    std::vector<float> values;
    for (int row = 0; row < rows; ++row)
      for (int k = 0; k < wgmma::depth; ++k)
        values.push_back(
            get(wgmma::element_address_bytes(descriptor, row, k, wgmma::Contiguous::row)));
    return values;
  }

  // What wgmma.mma_async does.
  void multiply(std::uint64_t a, std::uint64_t b, std::vector<float>& product) const {
    constexpr std::size_t depth = cuda::wgmma::depth;
    const auto left = operand(a, cuda::wgmma::rows);
    const auto right = operand(b, Tile::Block::columns);
    for (std::size_t m = 0; m < cuda::wgmma::rows; ++m)
      for (std::size_t n = 0; n < Tile::Block::columns; ++n)
        for (std::size_t k = 0; k < depth; ++k)
          product[m * Tile::Block::columns + n] += left[m * depth + k] * right[n * depth + k];
  }

  void multiply_tile(std::uint32_t stage, int warpgroup) {
    const auto operands = Tile::operands(stage, warpgroup);
    std::vector<float> product(static_cast<std::size_t>(cuda::wgmma::rows) * Tile::Block::columns);
    for (int row = 0; row < Tile::rows; ++row)
      for (int pixel = 0; pixel < Tile::width; pixel += cuda::wgmma::depth)
        multiply(operands.a + static_cast<std::uint64_t>(Tile::a_step(row, pixel)),
                 operands.b + static_cast<std::uint64_t>(Tile::b_step(row, pixel)),
                 product);
    for (int i = 0; i < Tile::Block::accumulators; ++i)
      for (int thread = 0; thread < 128; ++thread) {
        const auto place = cuda::wgmma::accumulator_place(thread, i);
        sums_[static_cast<std::size_t>((warpgroup * Tile::Block::accumulators + i) * 128 +
                                       thread)] +=
            static_cast<double>(
                product[static_cast<std::size_t>(place.row * Tile::Block::columns + place.column)]);
      }
  }

  std::vector<std::byte> shared_;
  std::vector<double> sums_;
};

}  // namespace limpid::test
