#pragma once

#include "core/backend/cuda/hopper/convolution_result.h"
#include "core/backend/cuda/hopper/wgmma_layout.h"
#include "core/base/host_device.h"

#include <cstdint>

// Where everything lies in the 3x3 convolution of many channels on Hopper's tensor cores
// (wide_convolution.cu), apart from the kernel, so that the CPU can follow it step by step.
//
// A block of threads computes tiles of 8 x 16 or 8 x 32 pixels and 64 or 128 output channels. The
// input comes by 64 channels at a time, as a box with one pixel more on every side, pixel after
// pixel with swizzled addresses. 64 pixels of the tile, 8 rows, are the rows of A: every 8 of them
// are neighbours in the image, the next 8 lie one row of the box further on. So a tap is a distance
// in the same memory, and each box is read once from outside for nine taps. The weights of a tap
// are B, as they lie in memory: forward each output channel's inputs are contiguous (its k);
// backward, where the inputs are the result, they are the contiguous rows of B.
namespace limpid::cuda {

// Of a tile.
struct WidePixel {
  int row;
  int column;
};

template <int outputs_, int blocks_, ConvolutionResult result_>
struct WideTile {
  static constexpr int outputs = outputs_;
  static constexpr int blocks = blocks_;  // of 64 pixels, of a warpgroup
  static constexpr ConvolutionResult result = result_;
  static constexpr bool backward = is_backward(result);
  static_assert(outputs == 64 || outputs == 128);

  static constexpr int warpgroups = 2;  // that multiply,
  static constexpr int multiplying_warps = 4 * warpgroups;
  static constexpr int threads = 128 * (warpgroups + 1);  // one loads
  static constexpr int accumulators = outputs / 2;        // of a thread and 64 pixels

  static constexpr int width = 8;
  static constexpr int block_rows = wgmma::rows / width;
  static constexpr int height = block_rows * blocks * warpgroups;
  static constexpr int taps = 9;  // of a box
  // By so many taps the first warpgroup is ahead of the second.
  static constexpr int lead_taps = 4;

  // Input boxes.
  static constexpr int chunk = 64;  // input channels
  static constexpr int products = chunk / wgmma::depth;
  static constexpr int pixel_bytes = 2 * chunk;
  static constexpr int box_width = width + 2;
  static constexpr int box_height = height + 2;
  static constexpr int box_row_bytes = box_width * pixel_bytes;
  static constexpr int input_bytes = box_height * box_row_bytes;

  // Weights of a tap: forward 64 inputs for each output; backward 64 results for each of 64
  // channels of the gradient, and then the next 64 results.
  static constexpr int weight_bytes = outputs * pixel_bytes;
  static constexpr int weight_boxes = backward ? outputs / 64 : 1;
  static constexpr int weight_box_rows = backward ? chunk : outputs;
  static constexpr int weight_box_bytes = weight_bytes / weight_boxes;

  // Shared memory: boxes, weights, and for each of both a barrier that says that it is full and one
  // that it is read. The pattern of the swizzle begins anew every 1024 bytes.
  static constexpr int alignment = 1024;
  static constexpr int input_slot_bytes = (input_bytes + alignment - 1) / alignment * alignment;
  static constexpr int input_slots = blocks == 2 ? 2 : 3;
  static constexpr int weights_start = input_slots * input_slot_bytes;
  static constexpr int most_shared_bytes = 227 * 1024;
  static constexpr int most_weight_slots = (most_shared_bytes - weights_start - 512) / weight_bytes;
  static constexpr int weight_slots = most_weight_slots < taps ? most_weight_slots : taps;
  static constexpr int barriers_start = weights_start + weight_slots * weight_bytes;
  static constexpr int shared_bytes = barriers_start + 2 * 8 * (input_slots + weight_slots);
  static_assert(weight_slots > 4);
  static_assert(shared_bytes <= most_shared_bytes);

  // Before swizzling, from the beginning of a box.
  LIMPID_HOST_DEVICE static constexpr int pixel_offset(int row, int column) {
    return row * box_row_bytes + column * pixel_bytes;
  }
  // The weight by which input `input` of the chunk counts for result `output` of the slice, from
  // the beginning of a slot.
  LIMPID_HOST_DEVICE static constexpr int weight_offset(int input, int output) {
    return backward ? output / 64 * weight_box_bytes + input * pixel_bytes + 2 * (output % 64)
                    : output * pixel_bytes + 2 * input;
  }

  static constexpr wgmma::Swizzle swizzle = wgmma::Swizzle::bytes_128;
  static constexpr wgmma::CoreStrides input_strides{wgmma::core_row_bytes, box_row_bytes};
  static constexpr wgmma::CoreStrides weight_strides{
      backward ? 8 * pixel_bytes : wgmma::core_row_bytes,
      backward ? weight_box_bytes : 8 * pixel_bytes};
  static constexpr wgmma::Contiguous weight_order =
      backward ? wgmma::Contiguous::row : wgmma::Contiguous::k;

  // Operands for the first tap, 64 pixels and 16 input channels of a warpgroup.
  LIMPID_HOST_DEVICE static constexpr std::uint64_t input_matrix(std::uint32_t slot,
                                                                 int warpgroup) {
    return wgmma::descriptor(
        slot + static_cast<std::uint32_t>(pixel_offset(warpgroup * blocks * block_rows, 0)),
        input_strides,
        swizzle);
  }
  LIMPID_HOST_DEVICE static constexpr std::uint64_t weight_matrix(std::uint32_t slot) {
    return backward ? wgmma::descriptor_of_rows(slot, weight_strides, swizzle)
                    : wgmma::descriptor(slot, weight_strides, swizzle);
  }
  // How far those of others lie, in units of descriptors.
  LIMPID_HOST_DEVICE static constexpr int input_step(int tap, int block, int product) {
    return (pixel_offset(block * block_rows + tap / 3, tap % 3) + product * 2 * wgmma::depth) / 16;
  }
  LIMPID_HOST_DEVICE static constexpr int weight_step(int product) {
    return weight_offset(product * wgmma::depth, 0) / 16;
  }
  // Backward, the input is seen through the opposite tap.
  LIMPID_HOST_DEVICE static constexpr int weight_tap(int tap) {
    return backward ? taps - 1 - tap : tap;
  }

  // The pixel of the tile of a thread's accumulators in a block of the tile; of the two that it has
  // there, one below the other, the upper or the lower. Its partner (quad_words.h) has those to the
  // right or left.
  LIMPID_HOST_DEVICE static constexpr WidePixel pixel(int block, int thread, int half) {
    return {block * block_rows + thread / 32 * 2 + half, thread % 32 / 4};
  }
};

// How images and output channels are divided into tiles.
struct WideWork {
  int images = 1;
  int height = 1;
  int width = 1;
  int slices = 1;  // of the output channels
  int tile_rows = 1;
  int tile_columns = 1;

  LIMPID_HOST_DEVICE constexpr int items() const {
    return images * tile_rows * tile_columns * slices;
  }
  struct Item {
    int image;
    int x;
    int y;
    int first_output;
  };
  // The slices of a tile follow one another, so that it comes from the cache.
  template <class Tile>
  LIMPID_HOST_DEVICE constexpr Item item(int index) const {
    const int tile = index / slices;
    return {tile / tile_columns / tile_rows,
            tile % tile_columns * Tile::width,
            tile / tile_columns % tile_rows * Tile::height,
            index % slices * Tile::outputs};
  }
};

template <class Tile>
constexpr WideWork divide_wide(int images, int height, int width, int output_channels) {
  return {.images = images,
          .height = height,
          .width = width,
          .slices = output_channels / Tile::outputs,
          .tile_rows = (height + Tile::height - 1) / Tile::height,
          .tile_columns = (width + Tile::width - 1) / Tile::width};
}

}  // namespace limpid::cuda
