#pragma once

// What a block of threads of the weight gradients by tiles is made of (tile_worker.cuh).
namespace limpid::cuda {

template <int warpgroups_, int columns_, int output_channels_, int stages_, int stage_bytes_>
struct TileBlock {
  static constexpr int warpgroups = warpgroups_;     // that multiply,
  static constexpr int columns = columns_;           // 64 x so many sums each
  static constexpr int accumulators = columns_ / 2;  // of a thread
  static constexpr int multiplying_warps = 4 * warpgroups_;
  static constexpr int bias_warps = 3;
  static constexpr int threads = 32 * (multiplying_warps + 1 + bias_warps);  // one loads
  static constexpr int readers = multiplying_warps + bias_warps;

  // What it leaves: accumulators[warpgroup][number][thread], then the gradients of the bias.
  static constexpr int warpgroup_sums = accumulators * 128;
  static constexpr int weight_sums = warpgroups_ * warpgroup_sums;
  static constexpr int sums = weight_sums + output_channels_;

  // Shared memory: tiles; for each stage a barrier that says that it is full and one that it is
  // read; sums of the bias_warps. The pattern of the swizzle begins anew every 1024 bytes.
  static constexpr int stages = stages_;
  static constexpr int stage_bytes = stage_bytes_;
  static constexpr int alignment = 1024;
  static constexpr int barriers_start = stages_ * stage_bytes_;
  static constexpr int bias_start = barriers_start + 2 * 8 * stages_;
  static constexpr int shared_bytes = bias_start + 4 * bias_warps * output_channels_;
  static_assert(stages_ >= 2);  // one is given back when the next is multiplied
  static_assert(stage_bytes_ % alignment == 0);
  static_assert(shared_bytes <= 227 * 1024);
};

}  // namespace limpid::cuda
