#pragma once

#include "core/backend/cuda/value_bits.h"
#include "core/backend/host_image.h"
#include "core/backend/ops.h"
#include "core/tensor/tensor.h"

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <span>

// Kernels behind plain functions. All tensors lie on the device of the current stream; NHWC, where
// `pixel_stride` elements separate neighbouring pixels; T is float or bfloat16 as Tensor::type()
// says. Wide tensors have channel counts, strides and offsets that are multiples of 8, so that 8
// channels are read and written at once.
namespace limpid::cuda {

// y = activation(sum + bias). `sum` is y itself or float32; `bias` has the type of y; null: none.
void add_bias_and_activate(const Tensor& sum,
                           const Tensor& y,
                           const void* bias,
                           Activation activation,
                           cudaStream_t stream);

// Copies between tensors of equal shape and type, strides as they are.
void copy(const Tensor& from, const Tensor& to, cudaStream_t stream);

// gradient = sum * derivative of the activation that made `value`. `sum` is the gradient itself or
// float32.
void multiply_by_derivative(const Tensor& sum,
                            const Tensor& value,
                            Activation activation,
                            const Tensor& gradient,
                            cudaStream_t stream);

// bias_gradient[c] = sum over pixels of gradient[.., c]. Needs column_sum_workspace() bytes.
std::size_t column_sum_workspace(const Shape& shape);
void column_sum(const Tensor& gradient, void* bias_gradient, void* workspace, cudaStream_t stream);

// result[i] = sum over `count` blocks of `size` values that lie one after the other.
void sum_blocks(const void* blocks,
                DataType type,
                std::int64_t count,
                std::int64_t size,
                DataType result_type,
                void* result,
                cudaStream_t stream);

void max_pool(const Tensor& input, const Tensor& output, cudaStream_t stream);
void max_pool_backward(const Tensor& input,
                       const Tensor& output_gradient,
                       const Tensor& input_gradient,
                       const ResampleDesc& desc,
                       cudaStream_t stream);

// With pool codes (value_bits.h), which are dense and need even sizes.
inline bool can_keep_pool_codes(const Shape& input) {
  return input.height % 2 == 0 && input.width % 2 == 0;
}
void max_pool_with_codes(const Tensor& input,
                         const Tensor& output,
                         PoolCode* codes,
                         cudaStream_t stream);
// Adds to input_gradient, then multiplies the sum by the derivative.
void max_pool_backward_with_codes(const PoolCode* codes,
                                  const Tensor& output_gradient,
                                  const Tensor& input_gradient,
                                  Activation input_activation,
                                  cudaStream_t stream);

void upsample_nearest(const Tensor& input, const Tensor& output, cudaStream_t stream);
// To the odd sizes of `desc`; a batch of one image.
void upsample_nearest_odd(const Tensor& input,
                          const Tensor& output,
                          const ResampleDesc& desc,
                          cudaStream_t stream);
void upsample_nearest_backward(const Tensor& input,
                               const Tensor& output_gradient,
                               const Tensor& input_gradient,
                               Activation input_activation,
                               cudaStream_t stream);
// One-channel images; the image float32.
void space_to_depth(const Tensor& image, const Tensor& output, cudaStream_t stream);
void depth_to_space(const Tensor& input, const Tensor& image, cudaStream_t stream);  // both float32
void depth_to_space_backward(const Tensor& image_gradient,
                             const Tensor& input_gradient,
                             cudaStream_t stream);

// Convolutions between a narrow tensor (1 to 4 channels, float32 or T) and a wide one (T). Weights
// w(tap, n, w) of narrow channel n and wide channel w lie at tap * tap_stride + n * narrow_stride +
// w * wide_stride elements.
struct NarrowConvolution {
  std::int64_t kernel_size = 3;
  bool flip = false;  // use tap k*k - 1 - tap: a gradient with respect to the input
  std::int64_t tap_stride = 0;
  std::int64_t narrow_stride = 0;
  std::int64_t wide_stride = 0;
  int multiprocessors = 1;  // of the GPU
};

// wide = activation(conv(narrow) + bias); with `mask`, a tensor like wide: wide = conv(narrow) *
// derivative(mask).
void convolve_narrow_to_wide(const Tensor& narrow,
                             const Tensor& wide,
                             const NarrowConvolution& convolution,
                             const void* weight,
                             const void* bias,
                             const Tensor& mask,
                             Activation activation,
                             cudaStream_t stream);

// narrow = conv(wide) + bias (null: no bias).
void convolve_wide_to_narrow(const Tensor& wide,
                             const Tensor& narrow,
                             const NarrowConvolution& convolution,
                             const void* weight,
                             const void* bias,
                             cudaStream_t stream);

// Gradient of those weights: dw(tap, n, w) = sum over pixels of wide[p, w] * narrow[p + tap - k/2,
// n]. Sums are taken in a fixed order. Needs narrow_gradient_workspace() bytes. `weight_gradient`
// has the type of wide, and so has `wide_sums`: the sum of wide over pixels, null: not wanted.
std::size_t narrow_gradient_workspace(const Shape& wide,
                                      std::int64_t narrow_channels,
                                      const NarrowConvolution& convolution);
void narrow_weight_gradient(const Tensor& wide,
                            const Tensor& narrow,
                            const NarrowConvolution& convolution,
                            void* weight_gradient,
                            void* wide_sums,
                            void* workspace,
                            cudaStream_t stream);
// bias_gradient[n] = sum over pixels, for a narrow tensor; `bias_type` is the type of the result.
std::size_t narrow_column_sum_workspace();
void narrow_column_sum(const Tensor& narrow,
                       void* bias_gradient,
                       DataType bias_type,
                       void* workspace,
                       cudaStream_t stream);

// All gradients of a 1x1 convolution from a wide to a narrow tensor, from one reading of both.
// `weight`, `weight_gradient` and `bias_gradient` have the type of wide; `wide_gradient`,
// multiplied by the derivative of `wide_activation`, may be empty.
struct NarrowGradients {
  void* weight = nullptr;
  void* bias = nullptr;
};
std::size_t narrow_pixel_gradient_workspace(const Shape& wide,
                                            std::int64_t narrow_channels,
                                            const NarrowConvolution& convolution);
void narrow_pixel_gradients(const Tensor& wide,
                            const Tensor& narrow_gradient,
                            const NarrowConvolution& convolution,
                            const void* weight,
                            Activation wide_activation,
                            const Tensor& wide_gradient,
                            const NarrowGradients& results,
                            void* workspace,
                            cudaStream_t stream);

// Weighted mean squared error; see Loss. `value` is one double on the device, `partial`
// loss_workspace() bytes.
std::size_t loss_workspace();
void mean_squared_error(const Tensor& prediction,
                        const Tensor& target,
                        const Tensor& weight,
                        const Tensor& gradient,
                        double* value,
                        void* partial,
                        cudaStream_t stream);

// One Adam update of a flat block; see Adam. Pointers to float32 unless said; average may be null.
struct AdamBlock {
  float* value = nullptr;
  void* working_copy = nullptr;  // bfloat16; null in a float32 network
  const void* gradient = nullptr;
  DataType gradient_type = DataType::float32;
  float* first_moment = nullptr;
  float* second_moment = nullptr;
  float* average = nullptr;
  std::int64_t count = 0;
};
// Values that change from step to step, on the device.
struct AdamScalars {
  float step_size;
  float second_correction;
  float gradient_scale;
  float average_decay;
};
std::size_t adam_workspace();
void set_adam_scalars(AdamScalars* scalars, const AdamScalars& values, cudaStream_t stream);
void adam_update(const AdamBlock& block,
                 const AdamDesc& desc,
                 AdamScalars* scalars,
                 void* workspace,
                 cudaStream_t stream);

void add_noise(const Tensor& clean,
               const Tensor& noisy,
               const NoiseDesc& desc,
               std::uint64_t seed,
               std::uint64_t stream_number,
               cudaStream_t stream);

// Fills those pixels of a float32 window (1, height, width, 1) that lie beyond the right and bottom
// edges of the image with its reflection; the window begins at `corner` of the image, and holds
// enough of it.
void fill_by_reflection(const Tensor& window,
                        const ImagePoint& corner,
                        std::int64_t image_width,
                        std::int64_t image_height,
                        cudaStream_t stream);

// See Crops.
void make_crops(std::span<const Crop> crops,
                std::int64_t size_px,
                std::uint64_t seed,
                const Tensor& input,
                const Tensor& target,
                const Tensor& loss_weight,
                cudaStream_t stream);

}  // namespace limpid::cuda
