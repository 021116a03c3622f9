#pragma once

#include "core/backend/cuda/hopper/tiles/tile_block.h"
#include "core/backend/cuda/hopper/wgmma_layout.h"
#include "core/base/host_device.h"

#include <cstdint>

// Where everything lies in the weight gradient of a 2x2 transposed convolution on Hopper's tensor
// cores (upsampling_tile_gradient.cu), apart from the kernel, so that the CPU can follow it.
//
//   dw[i, r, s, o] = sum over h, w of x[h, w, i] * g[2h + r, 2w + s, o]
//   db[o] = sum over pixels p of g[p, o]
//
// As in tile_gradient_layout.h, the inner dimension (k) is the pixels of a row of x. A is x, 64
// channels a warpgroup. B is the four pixels of g above each of x, which are copied apart, so that
// each tap is a row of its own; side by side they are the columns of one instruction.
namespace limpid::cuda {

template <int output_channels_,
          int warpgroups_,
          int tile_width_ = 32,
          int tile_rows_ = output_channels_ == 64 ? 2 : 8,
          int stages_ = output_channels_ == 64 ? 4 : 2>
struct UpsamplingTile {
  static constexpr int output_channels = output_channels_;
  static constexpr int warpgroups = warpgroups_;
  static constexpr int width = tile_width_;  // in pixels of x
  static constexpr int rows = tile_rows_;    // of all images, one below the other
  static_assert(output_channels == 32 || output_channels == 64);
  static_assert(width % wgmma::depth == 0);

  static constexpr int taps = 4;
  static constexpr int input_channels = wgmma::rows * warpgroups;
  static constexpr int input_pixel = 2 * wgmma::rows;  // bytes
  static constexpr int gradient_pixel = 2 * output_channels;
  static constexpr int input_box = rows * width * input_pixel;  // of a warpgroup
  static constexpr int tap_row = width * gradient_pixel;
  static constexpr int gradient_row = taps * tap_row;
  static constexpr int input_bytes = warpgroups * input_box;
  static constexpr int gradient_bytes = rows * gradient_row;

  // In a stage.
  static constexpr int gradient_offset = input_bytes;
  static constexpr int stage_bytes = input_bytes + gradient_bytes;
  static_assert(input_box % 1024 == 0);

  using Block =
      TileBlock<warpgroups, taps * output_channels, output_channels, stages_, stage_bytes>;

  static constexpr wgmma::Swizzle gradient_swizzle =
      output_channels == 64 ? wgmma::Swizzle::bytes_128 : wgmma::Swizzle::bytes_64;
  static constexpr wgmma::CoreStrides a_strides{8 * input_pixel, 0};
  static constexpr wgmma::CoreStrides b_strides{8 * gradient_pixel, tap_row};

  struct Operands {
    std::uint64_t a;
    std::uint64_t b;
  };
  // Of a warpgroup for the first 16 pixels of the first row.
  LIMPID_HOST_DEVICE static constexpr Operands operands(std::uint32_t stage, int warpgroup) {
    return {wgmma::descriptor_of_rows(stage + static_cast<std::uint32_t>(warpgroup * input_box),
                                      a_strides,
                                      wgmma::Swizzle::bytes_128),
            wgmma::descriptor_of_rows(stage + gradient_offset, b_strides, gradient_swizzle)};
  }
  // How far further rows of the tile and pixels of the row lie, in units of descriptors.
  LIMPID_HOST_DEVICE static constexpr int a_step(int row, int pixel) {
    return (row * width + pixel) * input_pixel / 16;
  }
  LIMPID_HOST_DEVICE static constexpr int b_step(int row, int pixel) {
    return (row * gradient_row + pixel * gradient_pixel) / 16;
  }

  // Eight channels of one of the pixels of g that the bias counts.
  static constexpr int bias_pixels = taps * width * rows;
  static constexpr int bias_groups = output_channels / 8;
  LIMPID_HOST_DEVICE static constexpr std::uint32_t bias_offset(int pixel, int group) {
    return static_cast<std::uint32_t>(gradient_offset + pixel * gradient_pixel + 16 * group);
  }

  // Which weight a sum belongs to.
  struct Weight {
    int input;
    int tap;
    int output;
    bool counts = true;  // all do
  };
  LIMPID_HOST_DEVICE static constexpr std::int64_t weight_index(const Weight& w,
                                                                int /*inputs*/,
                                                                int outputs) {
    return (static_cast<std::int64_t>(w.input) * taps + w.tap) * outputs + w.output;
  }
  LIMPID_HOST_DEVICE static constexpr Weight weight_of_sum(int index) {
    const int of_warpgroup = index % Block::warpgroup_sums;
    const wgmma::Place place = wgmma::accumulator_place(of_warpgroup % 128, of_warpgroup / 128);
    return {index / Block::warpgroup_sums * wgmma::rows + place.row,
            place.column / output_channels,
            place.column % output_channels};
  }
};

}  // namespace limpid::cuda
