#pragma once

#include "core/backend/cuda/kernels.h"

// The ends of bfloat16 networks on a warp's matrix instructions (mma.sync): so few operations an
// element that to read and write the wide tensor once is all that takes time. From compute
// capability 8.0 on, as bfloat16 itself.
namespace limpid::cuda {

// A first layer: 3x3 from 1 or 4 channels to a multiple of 32.
bool narrow_matrix_fits(const Conv2dDesc& desc);

// As convolve_narrow_to_wide() without a mask. A float32 `narrow` counts as the sum of two
// bfloat16, 16 bits of each value.
void narrow_matrix_convolution(const Tensor& narrow,
                               const Tensor& wide,
                               const NarrowConvolution& convolution,
                               const void* weight,
                               const void* bias,
                               Activation activation,
                               cudaStream_t stream);

// As narrow_weight_gradient(), and with its workspace.
void narrow_matrix_gradient(const Tensor& wide,
                            const Tensor& narrow,
                            const NarrowConvolution& convolution,
                            void* weight_gradient,
                            void* wide_sums,
                            void* workspace,
                            cudaStream_t stream);

// A last layer: 1x1 from 32 or 64 channels of bfloat16 to at most 4.
bool pixel_product_fits(const Tensor& wide,
                        const Tensor& narrow,
                        const NarrowConvolution& convolution);

// As convolve_wide_to_narrow().
void pixel_product(const Tensor& wide,
                   const Tensor& narrow,
                   const NarrowConvolution& convolution,
                   const void* weight,
                   const void* bias,
                   cudaStream_t stream);

}  // namespace limpid::cuda
