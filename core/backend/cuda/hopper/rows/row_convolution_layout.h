#pragma once

#include "core/backend/cuda/hopper/quad_words.h"
#include "core/backend/cuda/hopper/wgmma_layout.h"
#include "core/base/host_device.h"

#include <cstdint>

// Where everything lies in the 3x3 convolution on Hopper's tensor cores (row_convolution.cu), apart
// from the kernel, so that the CPU can follow it step by step.
//
// A warpgroup computes a strip of 64 pixels, all channels, and marches down the image. Each input
// row enters shared memory once, copied as a whole by the tensor memory accelerator, pixel after
// pixel, as in the image, with swizzled addresses. The A operand for the horizontal tap t is the
// same memory one pixel further on, and nothing is rearranged. The
// three vertical taps are put side by side as the columns of B: one instruction adds an input row's
// part to the three output rows that see it, and each input row is read three times instead of
// nine. Accumulators stay where they are while rows go by: block b of the registers belongs to
// output row b, b + 3, ..., and the order of the vertical taps in B rotates instead. Five blocks of
// weights, taps 2 1 0 2 1, hold the three rotations 2 1 0, 0 2 1 and 1 0 2 as windows.
namespace limpid::cuda {

inline constexpr int warpgroup_threads = 128;

template <int input_channels, int output_channels>
struct RowLayout {
  static_assert(input_channels % 32 == 0 && output_channels % 32 == 0);

  static constexpr int strip_pixels = wgmma::rows;
  static constexpr int row_pixels = strip_pixels + 2;  // with one more on either side
  static constexpr int groups = input_channels / 8;    // of 8 channels
  static constexpr int depth_steps = input_channels / wgmma::depth;
  static constexpr int accumulators = 3 * output_channels / 2;  // of a thread
  static constexpr int block_accumulators = output_channels / 2;

  // A swizzle spans 64 channels at most: rows of more are halves, one behind the other.
  static constexpr int halves = input_channels > 64 ? 2 : 1;
  static constexpr int half_channels = input_channels / halves;
  static constexpr wgmma::Swizzle swizzle =
      half_channels == 64 ? wgmma::Swizzle::bytes_128 : wgmma::Swizzle::bytes_64;
  static constexpr int pixel_bytes = 2 * half_channels;
  static constexpr int half_bytes = row_pixels * pixel_bytes;
  static constexpr int row_bytes = row_pixels * 2 * input_channels;
  // Slots begin where the pattern of the swizzle does.
  static constexpr int slot_alignment = 8 * pixel_bytes;
  static constexpr int slot_bytes =
      (row_bytes + slot_alignment - 1) / slot_alignment * slot_alignment;

  // Each thread looks at 16 bytes of as many pixels of a row, the strip's own, for their signs:
  // byte `thread + pass * warpgroup_threads` of the signs of that row.
  static constexpr bool can_keep_signs = input_channels <= 64;
  static constexpr int sign_passes = strip_pixels * groups / warpgroup_threads;
  struct SignPlace {
    int pixel;  // of the strip
    int group;
  };
  LIMPID_HOST_DEVICE static constexpr SignPlace sign_place(int thread, int pass) {
    const int place = thread + pass * warpgroup_threads;
    return {place / groups, place % groups};
  }
  LIMPID_HOST_DEVICE static constexpr int sign_offset(const SignPlace& place) {
    return row_offset(0, 8 * place.group, place.pixel + 1);
  }

  static constexpr int tap_blocks = 5;
  static constexpr int weight_plane_bytes = tap_blocks * output_channels * wgmma::core_row_bytes;
  static constexpr int weight_bytes = 3 * groups * weight_plane_bytes;
  static constexpr int weight_chunks = 9 * groups * output_channels;  // of 8 input channels

  // One channel of a pixel of a row in the ring of rows, before swizzling.
  LIMPID_HOST_DEVICE static constexpr int row_offset(int slot, int channel, int pixel) {
    return slot * slot_bytes + channel / half_channels * half_bytes + pixel * pixel_bytes +
           2 * (channel % half_channels);
  }

  // The vertical tap whose weights a block holds, and the block at which a rotation begins.
  LIMPID_HOST_DEVICE static constexpr int tap_of_block(int block) { return 2 - block % 3; }
  LIMPID_HOST_DEVICE static constexpr int first_block(int rotation) { return 2 * rotation % 3; }

  // The 16 bytes of 8 input channels' weights for one output channel.
  LIMPID_HOST_DEVICE static constexpr int weight_offset(int horizontal_tap,
                                                        int group,
                                                        int block,
                                                        int output_channel) {
    return (horizontal_tap * groups + group) * weight_plane_bytes +
           (block * output_channels + output_channel) * wgmma::core_row_bytes;
  }

  // Operands of the product for one horizontal tap and 16 input channels.
  static constexpr wgmma::CoreStrides input_strides{wgmma::core_row_bytes, 8 * pixel_bytes};
  static constexpr wgmma::CoreStrides weight_strides{weight_plane_bytes, wgmma::core_bytes};
  LIMPID_HOST_DEVICE static constexpr int input_start(int horizontal_tap, int step) {
    return row_offset(0, wgmma::depth * step, horizontal_tap);
  }
  LIMPID_HOST_DEVICE static constexpr int weight_start(int rotation, int horizontal_tap, int step) {
    return weight_offset(horizontal_tap, 2 * step, first_block(rotation), 0);
  }
};

// What a block of threads is made of: as many warpgroups as registers allow (accumulators,
// epilogue, addresses), rings of rows in what the weights leave of 227 KiB shared memory, and a
// barrier for each slot, which tells when its row has come.
template <int input_channels, int output_channels>
struct RowBlock : RowLayout<input_channels, output_channels> {
  using Layout = RowLayout<input_channels, output_channels>;
  static constexpr int warpgroups = output_channels == 32 && input_channels <= 64 ? 4 : 3;
  static constexpr int stages = input_channels == 32   ? 8
                                : input_channels == 64 ? (output_channels == 32 ? 4 : 3)
                                                       : 2;
  static constexpr int threads = warpgroups * warpgroup_threads;
  static constexpr int alignment = 1024;  // of the shared memory, for the swizzle
  static constexpr int ring_bytes = stages * Layout::slot_bytes;
  static constexpr int rings_start = (Layout::weight_bytes + alignment - 1) / alignment * alignment;
  static constexpr int barriers_start = rings_start + warpgroups * ring_bytes;
  static constexpr int barrier_bytes = 8;
  static constexpr int shared_bytes = barriers_start + warpgroups * stages * barrier_bytes;
  static_assert(ring_bytes % Layout::slot_alignment == 0);
  static_assert(shared_bytes <= 227 * 1024);
};

// How an image is divided among warpgroups: strips of 64 columns, cut into segments of rows.
struct RowWork {
  int images = 1;
  int height = 1;
  int width = 1;
  int strips = 1;
  int segments = 1;
  int segment_rows = 1;

  LIMPID_HOST_DEVICE constexpr int items() const { return images * strips * segments; }

  struct Item {
    int image;
    int x;  // of the strip's first pixel
    int y;  // first row
    int rows;
  };
  LIMPID_HOST_DEVICE constexpr Item item(int index) const {
    const int segment = index / strips % segments;
    const int y = segment * segment_rows;
    const int left = height - y;
    return {index / strips / segments,
            index % strips * wgmma::rows,
            y,
            left < segment_rows ? left : segment_rows};
  }
};

// The division that `processors` multiprocessors with `warpgroups` each should finish first. A
// segment reads two rows more than it writes, and fewer than three warpgroups on a multiprocessor
// leave the tensor cores idle while each waits for its products. Segments begin at even rows, so
// that 2x2 pixels stay together.
constexpr RowWork divide_rows(int images, int height, int width, int processors, int warpgroups) {
  constexpr int start_rows = 4;  // what filling the ring costs, with the two extra rows
  constexpr int fewest_rows = 8;
  RowWork best{images, height, width, (width + wgmma::rows - 1) / wgmma::rows, 1, height};
  std::int64_t best_cost = INT64_MAX;
  for (int segments = 1; segments == 1 || height / segments >= fewest_rows; ++segments) {
    RowWork work = best;
    work.segment_rows = (height + segments - 1) / segments;
    work.segment_rows += work.segment_rows % 2;
    work.segments = (height + work.segment_rows - 1) / work.segment_rows;
    const std::int64_t items = (work.items() + processors - 1) / processors;  // of one of them
    const std::int64_t rest = items % warpgroups;
    const std::int64_t turns = items - rest + (rest > 0 && rest < 3 ? 3 : rest);
    const std::int64_t cost = turns * (work.segment_rows + start_rows);
    if (cost <= best_cost) {
      best_cost = cost;
      best = work;
    }
  }
  return best;
}

// A thread holds two pixels of a row that are 8 apart, and gives one of them: so the left one of a
// pair of threads (quad_words.h) has both pixels 0 and 1 and the right one pixels 8 and 9. The
// pooled pixel, counted in the strip, that a thread of the warpgroup then has.
LIMPID_HOST_DEVICE constexpr int pooled_pixel(int thread) {
  return thread / 32 * 8 + thread % 32 / 8 + (is_right_of_pair(thread) ? 4 : 0);
}

}  // namespace limpid::cuda
