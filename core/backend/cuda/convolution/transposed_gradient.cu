#include "core/backend/cuda/check.h"
#include "core/backend/cuda/convolution/partial_sums.cuh"
#include "core/backend/cuda/convolution/transposed_convolution.h"
#include "core/backend/cuda/convolution/upsampling_layout.h"
#include "core/backend/cuda/convolution/warp_matrix.cuh"
#include "core/backend/cuda/device_vector.cuh"

#include <algorithm>
#include <limits>

// Gradients of a 2x2 transposed convolution with respect to its weights and bias:
//
//   dw[i, r, s, o] = sum over h, w of x[h, w, i] * g[2h + r, 2w + s, o],   db[o] = sum of g[.., o]
//
// a matrix product (inputs x pixels) times (pixels x 4 outputs) that reads x and g once. A block
// has 64 inputs and 128 of the columns (r, s, o), whose sums stay in registers while it goes over
// the pixels, 64 in a step, which cp.async brings into a ring. Each leaves its sums, which a second
// kernel adds in a fixed order.
namespace limpid::cuda {
namespace {

constexpr int threads = 256;
using Block = UpsamplingGradientBlock;
[[maybe_unused]] constexpr int warp_inputs = 32;  // of 2 x 4 warps
[[maybe_unused]] constexpr int warp_columns = 32;
constexpr int slice_sums =
    Block::slice_inputs * Block::slice_columns + Block::slice_columns;  // the last are those of g

struct UpsamplingGradient {
  const __nv_bfloat16* x;
  const __nv_bfloat16* gradient;
  std::int64_t x_stride;
  std::int64_t gradient_stride;
  int pixels;  // of x
  int width;
  int inputs;
  int outputs;
};

struct Slices {
  int inputs;  // slices
  int columns;
  int blocks;  // for each

  int count() const { return inputs * columns; }
};

Slices slices_of(const Shape& input, std::int64_t outputs, int multiprocessor_count) {
  Slices s{};
  s.inputs = static_cast<int>(input.channels) / Block::slice_inputs;
  s.columns = static_cast<int>(outputs) * 4 / Block::slice_columns;
  const auto chunks = static_cast<int>((input.pixel_count() + Block::chunk - 1) / Block::chunk);
  s.blocks = std::clamp(2 * multiprocessor_count / s.count(), 1, chunks);
  return s;
}

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800

// What a thread copies in each step: the same 16 bytes of some pixels.
class Loader {
 public:
  __device__ Loader(const UpsamplingGradient& u, int first_input, int first_column)
      : u_(u), thread_(static_cast<int>(threadIdx.x)) {
    input_ = first_input + thread_ % input_pieces * 8;
    const int column = first_column + thread_ % gradient_pieces * 8;
    tap_ = column / u.outputs;
    output_ = column % u.outputs;
  }

  __device__ void load(int first_pixel, std::uint32_t slot) const {
#pragma unroll
    for (int row = thread_ / input_pieces; row < Block::chunk; row += threads / input_pieces) {
      const bool inside = first_pixel + row < u_.pixels;
      const std::int64_t pixel = inside ? first_pixel + row : 0;
      copy_async(
          slot + static_cast<std::uint32_t>(row * Block::input_bytes + thread_ % input_pieces * 16),
          u_.x + pixel * u_.x_stride + input_,
          inside);
    }
    slot += Block::chunk * Block::input_bytes;
#pragma unroll
    for (int row = thread_ / gradient_pieces; row < Block::chunk;
         row += threads / gradient_pieces) {
      const bool inside = first_pixel + row < u_.pixels;
      const int pixel = inside ? first_pixel + row : 0;
      const std::int64_t y = 2 * static_cast<std::int64_t>(pixel / u_.width) + tap_ / 2;
      const std::int64_t at = y * 2 * u_.width + 2 * (pixel % u_.width) + tap_ % 2;
      copy_async(slot + static_cast<std::uint32_t>(row * Block::gradient_bytes +
                                                   thread_ % gradient_pieces * 16),
                 u_.gradient + at * u_.gradient_stride + output_,
                 inside);
    }
  }

 private:
  static constexpr int input_pieces = Block::slice_inputs / 8;
  static constexpr int gradient_pieces = Block::slice_columns / 8;
  UpsamplingGradient u_;
  int thread_;
  int input_;
  int tap_;
  int output_;
};

// Of the warp at (input, column) of the slice: sums[m][n] of 16 inputs and 8 columns.
struct WarpSums {
  float v[warp_inputs / 16][warp_columns / 8][4];

  __device__ void add_chunk(std::uint32_t inputs, std::uint32_t gradients, int lane) {
    inputs += static_cast<std::uint32_t>((lane % 8 + lane / 16 * 8) * Block::input_bytes +
                                         lane / 8 % 2 * 16);
    gradients += static_cast<std::uint32_t>(lane % 16 * Block::gradient_bytes + lane / 16 * 16);
#pragma unroll
    for (int k = 0; k < Block::chunk; k += 16) {
      std::uint32_t a[warp_inputs / 16][4];
#pragma unroll
      for (int m = 0; m < warp_inputs / 16; ++m)
        load_transposed_matrices(a[m], inputs + k * Block::input_bytes + 32 * m);
#pragma unroll
      for (int n = 0; n < warp_columns / 16; ++n) {
        std::uint32_t b[4];
        load_transposed_matrices(b, gradients + k * Block::gradient_bytes + 32 * n);
#pragma unroll
        for (int m = 0; m < warp_inputs / 16; ++m) {
          multiply_add(v[m][2 * n], a[m], b[0], b[1]);
          multiply_add(v[m][2 * n + 1], a[m], b[2], b[3]);
        }
      }
    }
  }

  __device__ void store(float* to, int lane) const {
#pragma unroll
    for (int m = 0; m < warp_inputs / 16; ++m)
#pragma unroll
      for (int n = 0; n < warp_columns / 8; ++n)
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          float* at =
              to + (16 * m + 8 * half + lane / 4) * Block::slice_columns + 8 * n + 2 * (lane % 4);
          at[0] = v[m][n][2 * half];
          at[1] = v[m][n][2 * half + 1];
        }
  }
};

#endif

// Blocks (any, slice: of the inputs, then of the columns). partial[slice][block][slice_sums].
__global__ void __launch_bounds__(threads, 2)
    transposed_gradient_kernel(UpsamplingGradient u, int input_slices, float* partial) {
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
  extern __shared__ __align__(128) unsigned char memory[];
  const int thread = static_cast<int>(threadIdx.x);
  const int lane = thread % 32;
  const int warp_input = thread / 32 % 2 * warp_inputs;
  const int warp_column = thread / 64 * warp_columns;
  const int slice = static_cast<int>(blockIdx.y);
  const auto ring = static_cast<std::uint32_t>(__cvta_generic_to_shared(memory));
  const Loader loader(
      u, slice % input_slices * Block::slice_inputs, slice / input_slices * Block::slice_columns);

  const int chunks = (u.pixels + Block::chunk - 1) / Block::chunk;
  const int stride = static_cast<int>(gridDim.x);
  const int first = static_cast<int>(blockIdx.x);
  const int steps = first < chunks ? (chunks - first + stride - 1) / stride : 0;
  const auto load = [&](int step) {
    if (step < steps)
      loader.load((first + step * stride) * Block::chunk,
                  ring + static_cast<std::uint32_t>(step % Block::slots * Block::slot_bytes));
    end_copies();
  };
#pragma unroll 1
  for (int step = 0; step + 1 < Block::slots; ++step)
    load(step);

  // For the bias, a thread sums two columns of 16 of the chunk's pixels.
  constexpr int pair_threads = Block::slice_columns / 2;
  const int pair = thread % pair_threads;
  const int pair_row = thread / pair_threads * (Block::chunk * pair_threads / threads);
  float2 column_sums{};
  WarpSums sums{};
#pragma unroll 1
  for (int step = 0; step < steps; ++step) {
    wait_for_copies<Block::slots - 2>();
    __syncthreads();  // all have this step's pixels, and have left the slot that is filled next
    load(step + Block::slots - 1);
    const int slot = step % Block::slots * Block::slot_bytes;
    const int gradients = slot + Block::chunk * Block::input_bytes;
    sums.add_chunk(ring + static_cast<std::uint32_t>(slot + 2 * warp_input),
                   ring + static_cast<std::uint32_t>(gradients + 2 * warp_column),
                   lane);
    if (slice % input_slices == 0) {
      const unsigned char* at = memory + gradients + pair_row * Block::gradient_bytes + 4 * pair;
#pragma unroll
      for (int row = 0; row < Block::chunk * pair_threads / threads; ++row) {
        const auto word = *reinterpret_cast<const std::uint32_t*>(at + row * Block::gradient_bytes);
        column_sums.x += __uint_as_float(word << 16);
        column_sums.y += __uint_as_float(word & 0xffff0000u);
      }
    }
  }
  wait_for_copies<0>();
  __syncthreads();

  float* to = partial + (static_cast<std::int64_t>(slice) * gridDim.x + blockIdx.x) * slice_sums;
  sums.store(to + warp_input * Block::slice_columns + warp_column, lane);
  auto* exchange = reinterpret_cast<float*>(memory);
  exchange[thread / pair_threads * Block::slice_columns + 2 * pair] = column_sums.x;
  exchange[thread / pair_threads * Block::slice_columns + 2 * pair + 1] = column_sums.y;
  __syncthreads();
  if (thread < Block::slice_columns) {
    float sum = 0.0f;
    for (int i = 0; i < threads / pair_threads; ++i)
      sum += exchange[i * Block::slice_columns + thread];
    to[Block::slice_inputs * Block::slice_columns + thread] = sum;
  }
#endif
}

__global__ void finish_transposed_gradient_kernel(const float* partial,
                                                  int blocks,
                                                  int input_slices,
                                                  int outputs,
                                                  __nv_bfloat16* weight_gradient,
                                                  float* column_sums) {
  const int slice = static_cast<int>(blockIdx.y);
  const int input = slice % input_slices * Block::slice_inputs;
  const int column = slice / input_slices * Block::slice_columns;
  const float* rows = partial + static_cast<std::int64_t>(slice) * blocks * slice_sums;
  add_rows(rows, blocks, slice_sums, [&](int i, float sum) {
    const int at_input = i / Block::slice_columns;
    const int at_column = column + i % Block::slice_columns;
    if (at_input < Block::slice_inputs)
      from_float(
          sum,
          weight_gradient[static_cast<std::int64_t>(input + at_input) * 4 * outputs + at_column]);
    else if (input == 0)
      column_sums[at_column] = sum;
  });
}

}  // namespace

bool transposed_gradient_fits(const Shape& input,
                              std::int64_t output_channels,
                              DataType type,
                              int compute_capability) {
  return type == DataType::bfloat16 && compute_capability >= 80 &&
         input.channels % Block::slice_inputs == 0 &&
         4 * output_channels % Block::slice_columns == 0 &&
         input.pixel_count() <= std::numeric_limits<int>::max() - Block::chunk;
}

std::size_t transposed_gradient_workspace(const Shape& input,
                                          std::int64_t output_channels,
                                          int multiprocessor_count) {
  const Slices s = slices_of(input, output_channels, multiprocessor_count);
  return sizeof(float) *
         (static_cast<std::size_t>(s.count()) * static_cast<std::size_t>(s.blocks) * slice_sums +
          static_cast<std::size_t>(4 * output_channels));
}

void transposed_gradient(const Tensor& input,
                         const Tensor& output_gradient,
                         void* weight_gradient,
                         void* bias_gradient,
                         void* workspace,
                         int multiprocessor_count,
                         cudaStream_t stream) {
  require(input.pixel_stride() % 8 == 0 && output_gradient.pixel_stride() % 8 == 0,
          "pixels of {} and {} elements",
          input.pixel_stride(),
          output_gradient.pixel_stride());
  const UpsamplingGradient u{.x = elements<__nv_bfloat16>(input),
                             .gradient = elements<__nv_bfloat16>(output_gradient),
                             .x_stride = input.pixel_stride(),
                             .gradient_stride = output_gradient.pixel_stride(),
                             .pixels = static_cast<int>(input.shape().pixel_count()),
                             .width = static_cast<int>(input.shape().width),
                             .inputs = static_cast<int>(input.shape().channels),
                             .outputs = static_cast<int>(output_gradient.shape().channels)};
  const Slices s = slices_of(input.shape(), u.outputs, multiprocessor_count);
  const auto slices = static_cast<unsigned>(s.count());
  auto* partial = static_cast<float*>(workspace);
  float* column_sums = partial + static_cast<std::int64_t>(s.count()) * s.blocks * slice_sums;
  constexpr int shared_bytes = Block::shared_bytes;
  LIMPID_CUDA(cudaFuncSetAttribute(
      transposed_gradient_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, shared_bytes));
  transposed_gradient_kernel<<<dim3(static_cast<unsigned>(s.blocks), slices),
                               threads,
                               shared_bytes,
                               stream>>>(u, s.inputs, partial);
  LIMPID_CUDA_LAUNCH();
  finish_transposed_gradient_kernel<<<dim3(static_cast<unsigned>(partial_grid(slice_sums)), slices),
                                      partial_block_size,
                                      0,
                                      stream>>>(partial,
                                                s.blocks,
                                                s.inputs,
                                                u.outputs,
                                                static_cast<__nv_bfloat16*>(weight_gradient),
                                                column_sums);
  LIMPID_CUDA_LAUNCH();
  sum_rows_kernel<<<static_cast<unsigned>(partial_grid(u.outputs)),
                    partial_block_size,
                    0,
                    stream>>>(
      column_sums, 4, u.outputs, static_cast<__nv_bfloat16*>(bias_gradient));
  LIMPID_CUDA_LAUNCH();
}

}  // namespace limpid::cuda
