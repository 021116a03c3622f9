#pragma once

#include "core/backend/cuda/hopper/wgmma_layout.h"
#include "core/backend/cuda/hopper/wide/wide_convolution_layout.h"
#include "core/base/host_device.h"

#include <algorithm>
#include <cstdint>

// Where everything lies in the gradient of a 2x2 transposed convolution with respect to its input
// on Hopper's tensor cores (upsampling_input_gradient.cu), apart from the kernel, so that the CPU
// can follow it. As in wide_convolution_layout.h, but each of the four pixels of gy above one of x
// is a box of its own, and nothing is read twice:
//
//   dx[h, w, i] = sum over r, s, o of gy[2h + r, 2w + s, o] * weight[i, r, s, o]
//
// Rows of all images are one below the other. Results are the channels of x, 64 or 128 of them;
// boxes have 32 or 64 channels of gy.
namespace limpid::cuda {

template <int outputs_, int blocks_, int chunk_>
struct UpsamplingInputTile {
  static constexpr int outputs = outputs_;
  static constexpr int blocks = blocks_;  // of 64 pixels, of a warpgroup
  static constexpr int chunk = chunk_;
  static constexpr ConvolutionResult result = ConvolutionResult::gradient;
  static_assert(outputs == 64 || outputs == 128);
  static_assert(chunk == 32 || chunk == 64);

  static constexpr int warpgroups = 2;  // that multiply,
  static constexpr int multiplying_warps = 4 * warpgroups;
  static constexpr int threads = 128 * (warpgroups + 1);  // one loads
  static constexpr int accumulators = outputs / 2;        // of a thread and 64 pixels

  static constexpr int pixels = wgmma::rows * blocks * warpgroups;
  static constexpr int width = 32;
  static constexpr int height = pixels / width;
  static constexpr int taps = 1;  // of a box
  static constexpr int lead_taps = 1;
  static constexpr int boxes_of_a_chunk = 4;

  static constexpr int products = chunk / wgmma::depth;
  static constexpr int pixel_bytes = 2 * chunk;
  static constexpr int block_bytes = wgmma::rows * pixel_bytes;
  static constexpr int input_bytes = pixels * pixel_bytes;
  static constexpr int weight_bytes = outputs * pixel_bytes;

  // Shared memory as there.
  static constexpr int alignment = 1024;
  static constexpr int input_slot_bytes = input_bytes;
  static constexpr int most_shared_bytes = 227 * 1024;
  static constexpr int slots =
      std::min(8, (most_shared_bytes - 512) / (input_slot_bytes + weight_bytes));
  static constexpr int input_slots = slots;
  static constexpr int weight_slots = slots;
  static constexpr int weights_start = input_slots * input_slot_bytes;
  static constexpr int barriers_start = weights_start + weight_slots * weight_bytes;
  static constexpr int shared_bytes = barriers_start + 2 * 8 * (input_slots + weight_slots);
  static_assert(input_bytes % alignment == 0 && weight_bytes % alignment == 0);
  static_assert(shared_bytes <= most_shared_bytes);

  static constexpr wgmma::Swizzle swizzle =
      chunk == 64 ? wgmma::Swizzle::bytes_128 : wgmma::Swizzle::bytes_64;
  static constexpr wgmma::CoreStrides strides{wgmma::core_row_bytes, 8 * pixel_bytes};
  static constexpr wgmma::Contiguous weight_order = wgmma::Contiguous::k;

  LIMPID_HOST_DEVICE static constexpr std::uint64_t input_matrix(std::uint32_t slot,
                                                                 int warpgroup) {
    return wgmma::descriptor(
        slot + static_cast<std::uint32_t>(warpgroup * blocks * block_bytes), strides, swizzle);
  }
  LIMPID_HOST_DEVICE static constexpr std::uint64_t weight_matrix(std::uint32_t slot) {
    return wgmma::descriptor(slot, strides, swizzle);
  }
  LIMPID_HOST_DEVICE static constexpr int input_step(int /*tap*/, int block, int product) {
    return (block * block_bytes + product * 2 * wgmma::depth) / 16;
  }
  LIMPID_HOST_DEVICE static constexpr int weight_step(int product) {
    return product * 2 * wgmma::depth / 16;
  }

  LIMPID_HOST_DEVICE static constexpr WidePixel pixel(int block, int thread, int half) {
    const int pixel = block * wgmma::rows + thread / 32 * 16 + half * 8 + thread % 32 / 4;
    return {pixel / width, pixel % width};
  }
};

// What a box holds: a pixel of each square of 2 x 2, and the first channel. A pixel's channels
// follow one another, so that its lines are read whole.
struct UpsamplingBox {
  int right;  // 0 or 1
  int lower;
  int first_channel;
};
template <class Tile>
LIMPID_HOST_DEVICE constexpr UpsamplingBox upsampling_box(int box, int boxes) {
  const int chunks = boxes / Tile::boxes_of_a_chunk;
  const int tap = box / chunks;
  return {tap % 2, tap / 2, box % chunks * Tile::chunk};
}

}  // namespace limpid::cuda
