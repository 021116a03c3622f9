#pragma once

#include "core/backend/cuda/hopper/tiles/tile_block.h"
#include "core/backend/cuda/hopper/wgmma_layout.h"
#include "core/base/host_device.h"

#include <cstdint>

// Where everything lies in the weight gradient on Hopper's tensor cores (tile_gradient.cu), apart
// from the kernel, so that the CPU can follow it step by step.
//
//   dw[o, r, s, i] = sum over pixels p of g[p, o] * x[p + (r - 1, s - 1), i]
//   db[o] = sum over pixels p of g[p, o]
//
// A matrix product whose inner dimension (k) is the pixels of a row. Both factors lie in shared
// memory as in the image, pixel after pixel, so their channels are the contiguous rows of wgmma's
// operands, and a tap is a distance: horizontally one pixel, vertically one row of the tile.
//
// A tile has `tile_rows` rows of A, the operand of 64 rows, and one row more on either side of B,
// so that each row of A meets three of B: they are put side by side as the columns of one
// instruction, `b_channels` each. Each warpgroup has one horizontal tap: it reads x one pixel
// further on than the one before. A is the factor with 64 channels, and x if both have as many. If
// both have 32, the 64 rows of A are x and x one pixel further on, and two warpgroups have three
// taps (one of them twice).
//
// Tiles do not overlap in A's rows nor in g's columns, and what lies outside the image is zero, so
// every product is in exactly one tile.
namespace limpid::cuda {

template <int input_channels_,
          int output_channels_,
          int tile_width_ = input_channels_ + output_channels_ == 128 ? 32 : 64,
          int tile_rows_ = 8,
          int stages_ = input_channels_ + output_channels_ == 64 ? 3 : 2>
struct ConvolutionTile {
  static constexpr int input_channels = input_channels_;
  static constexpr int output_channels = output_channels_;
  static constexpr int width = tile_width_;
  static constexpr int rows = tile_rows_;
  static_assert(input_channels == 32 || input_channels == 64);
  static_assert(output_channels == 32 || output_channels == 64);
  static_assert(width % wgmma::depth == 0);

  static constexpr bool a_is_input = input_channels >= output_channels;
  static constexpr int a_channels = a_is_input ? input_channels : output_channels;
  static constexpr int b_channels = a_is_input ? output_channels : input_channels;
  static constexpr bool a_has_two_taps = a_channels == 32;

  static constexpr int input_width = width + 2;
  static constexpr int input_rows = a_is_input ? rows : rows + 2;
  static constexpr int gradient_rows = a_is_input ? rows + 2 : rows;
  static constexpr int input_pixel = 2 * input_channels;  // bytes
  static constexpr int gradient_pixel = 2 * output_channels;
  static constexpr int input_row = input_width * input_pixel;
  static constexpr int gradient_row = width * gradient_pixel;
  static constexpr int b_row = a_is_input ? gradient_row : input_row;
  static constexpr int input_bytes = input_rows * input_row;
  static constexpr int gradient_bytes = gradient_rows * gradient_row;

  // In a stage.
  static constexpr int aligned(int bytes) { return (bytes + 1023) / 1024 * 1024; }
  static constexpr int gradient_offset = aligned(input_bytes);
  static constexpr int stage_bytes = gradient_offset + aligned(gradient_bytes);

  using Block = TileBlock<a_has_two_taps ? 2 : 3,  // warpgroups
                          3 * b_channels,
                          output_channels,
                          stages_,
                          stage_bytes>;

  static constexpr wgmma::Swizzle swizzle_of(int channels) {
    return channels == 64 ? wgmma::Swizzle::bytes_128 : wgmma::Swizzle::bytes_64;
  }
  static constexpr wgmma::Swizzle gradient_swizzle = swizzle_of(output_channels);
  static constexpr wgmma::Swizzle a_swizzle = swizzle_of(a_channels);
  static constexpr wgmma::Swizzle b_swizzle = swizzle_of(b_channels);
  // The distance between the two halves of A counts if it has two taps.
  static constexpr wgmma::CoreStrides a_strides{16 * a_channels, input_pixel};
  static constexpr wgmma::CoreStrides b_strides{16 * b_channels, b_row};

  struct Operands {
    std::uint64_t a;
    std::uint64_t b;
  };
  // Of a warpgroup for the first 16 pixels of the first row.
  LIMPID_HOST_DEVICE static constexpr Operands operands(std::uint32_t stage, int warpgroup) {
    const auto input = stage + static_cast<std::uint32_t>(warpgroup * input_pixel);
    const auto gradient = stage + static_cast<std::uint32_t>(gradient_offset);
    return {wgmma::descriptor_of_rows(a_is_input ? input : gradient, a_strides, a_swizzle),
            wgmma::descriptor_of_rows(a_is_input ? gradient : input, b_strides, b_swizzle)};
  }
  // How far further rows of the tile and pixels of the row lie, in units of descriptors.
  LIMPID_HOST_DEVICE static constexpr int input_step(int row, int pixel) {
    return (row * input_row + pixel * input_pixel) / 16;
  }
  LIMPID_HOST_DEVICE static constexpr int gradient_step(int row, int pixel) {
    return (row * gradient_row + pixel * gradient_pixel) / 16;
  }
  LIMPID_HOST_DEVICE static constexpr int a_step(int row, int pixel) {
    return a_is_input ? input_step(row, pixel) : gradient_step(row, pixel);
  }
  LIMPID_HOST_DEVICE static constexpr int b_step(int row, int pixel) {
    return a_is_input ? gradient_step(row, pixel) : input_step(row, pixel);
  }

  // Eight channels of one of the pixels of g that the bias counts.
  static constexpr int bias_pixels = width * rows;
  static constexpr int bias_groups = output_channels / 8;
  LIMPID_HOST_DEVICE static constexpr std::uint32_t bias_offset(int pixel, int group) {
    return static_cast<std::uint32_t>(gradient_offset + (a_is_input ? gradient_row : 0) +
                                      pixel * gradient_pixel + 16 * group);
  }

  // Which weight a sum belongs to.
  struct Weight {
    int output;
    int tap;
    int input;
    bool counts;  // false: another warpgroup has it too
  };
  LIMPID_HOST_DEVICE static constexpr Weight weight(int warpgroup, wgmma::Place place) {
    const int row = place.column / b_channels;  // of B's three
    const int b_channel = place.column % b_channels;
    const int a_channel = place.row % a_channels;
    const int shift = place.row / a_channels;  // of the second tap
    // It is row - 1 below A's; a tap is how far x is below g.
    const int tap_row = a_is_input ? 2 - row : row;
    return {a_is_input ? b_channel : a_channel,
            3 * tap_row + warpgroup + shift,
            a_is_input ? a_channel : b_channel,
            !(a_has_two_taps && warpgroup == 1 && shift == 0)};
  }
  LIMPID_HOST_DEVICE static constexpr std::int64_t weight_index(const Weight& w,
                                                                int inputs,
                                                                int /*outputs*/) {
    return (static_cast<std::int64_t>(w.output) * 9 + w.tap) * inputs + w.input;
  }
  LIMPID_HOST_DEVICE static constexpr Weight weight_of_sum(int index) {
    const int of_warpgroup = index % Block::warpgroup_sums;
    return weight(index / Block::warpgroup_sums,
                  wgmma::accumulator_place(of_warpgroup % 128, of_warpgroup / 128));
  }
};

// How images are divided into tiles, row by row.
struct TileWork {
  int images;
  int tile_rows_of_image;
  int tiles_of_row;

  LIMPID_HOST_DEVICE constexpr int tiles() const {
    return images * tile_rows_of_image * tiles_of_row;
  }
  struct Place {
    int image;
    int x;  // of the first pixel of g
    int y;  // of the first row of A
  };
  template <class Tile>
  LIMPID_HOST_DEVICE constexpr Place place(int tile) const {
    return {tile / tiles_of_row / tile_rows_of_image,
            tile % tiles_of_row * Tile::width,
            tile / tiles_of_row % tile_rows_of_image * Tile::rows};
  }
};

template <class Tile>
constexpr TileWork divide_tiles(int images, int height, int width) {
  return {images, (height + Tile::rows - 1) / Tile::rows, (width + Tile::width - 1) / Tile::width};
}

}  // namespace limpid::cuda
