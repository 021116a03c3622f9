#pragma once

// What blocks of threads of transposed_convolution.cu and transposed_gradient.cu take at once, and
// how much shared memory that needs, apart from the kernels, so that it is checked on the CPU.
//
// Rows in shared memory are padded by 16 bytes, which puts the 8 rows of a matrix for ldmatrix into
// different banks.
namespace limpid::cuda {

inline constexpr int upsampling_padding_values = 8;

// Forward: a block keeps `tile_columns` columns of the weights of all inputs and goes over the
// image in steps of `tile_rows` pixels and `chunk` inputs, which come to a ring of slots.
struct UpsamplingBlock {
  static constexpr int tile_rows = 128;     // pixels
  static constexpr int tile_columns = 128;  // of the weights
  static constexpr int chunk = 64;          // inputs
  static constexpr int most_inputs = 512;

  static constexpr int slots = 3;
  static constexpr int pixel_bytes = 2 * (chunk + upsampling_padding_values);
  static constexpr int weight_row_bytes = 2 * (tile_columns + upsampling_padding_values);
  static constexpr int slot_bytes = tile_rows * pixel_bytes;
  static constexpr int shared_bytes(int inputs) {
    return inputs * weight_row_bytes + slots * slot_bytes;
  }
};

// Gradients of the weights: a block has `slice_inputs` x `slice_columns` sums and goes over the
// pixels, `chunk` in a step. Three slots leave room for a block on every GPU from 8.0 on.
struct UpsamplingGradientBlock {
  static constexpr int slice_inputs = 64;
  static constexpr int slice_columns = 128;
  static constexpr int chunk = 64;  // pixels

  static constexpr int slots = 3;
  static constexpr int input_bytes = 2 * (slice_inputs + upsampling_padding_values);  // of a pixel
  static constexpr int gradient_bytes =  // of the four pixels above it
      2 * (slice_columns + upsampling_padding_values);
  static constexpr int slot_bytes = chunk * (input_bytes + gradient_bytes);
  static constexpr int shared_bytes = slots * slot_bytes;
};

}  // namespace limpid::cuda
