#include "core/backend/cuda/block_sum.cuh"
#include "core/backend/cuda/check.h"
#include "core/backend/cuda/device_vector.cuh"
#include "core/backend/cuda/kernels.h"

namespace limpid::cuda {
namespace {

constexpr int block_size = 256;
constexpr int blocks = 1024;

__global__ void squared_error_kernel(const float* prediction,
                                     const float* target,
                                     const float* weight,
                                     float* gradient,
                                     std::int64_t count,
                                     std::int64_t per_weight,
                                     double* partial) {
  const float scale = 2.0f / static_cast<float>(count);
  double sum = 0;
  LIMPID_GRID_STRIDE(i, count) {
    const float pixel_weight = weight ? weight[i / per_weight] : 1.0f;
    const float difference = prediction[i] - target[i];
    sum += static_cast<double>(pixel_weight * difference * difference);
    gradient[i] = scale * pixel_weight * difference;
  }
  const double total = block_sum<block_size>(sum);
  if (threadIdx.x == 0)
    partial[blockIdx.x] = total;
}

__global__ void finish_loss_kernel(const double* partial, std::int64_t count, double* value) {
  double sum = 0;
  for (int i = threadIdx.x; i < blocks; i += block_size)
    sum += partial[i];
  const double total = block_sum<block_size>(sum);
  if (threadIdx.x == 0)
    *value = total / static_cast<double>(count);
}

}  // namespace

std::size_t loss_workspace() {
  return blocks * sizeof(double);
}

void mean_squared_error(const Tensor& prediction,
                        const Tensor& target,
                        const Tensor& weight,
                        const Tensor& gradient,
                        double* value,
                        void* partial,
                        cudaStream_t stream) {
  const std::int64_t count = prediction.shape().element_count();
  squared_error_kernel<<<blocks, block_size, 0, stream>>>(
      elements<float>(prediction),
      elements<float>(target),
      weight.empty() ? nullptr : elements<float>(weight),
      elements<float>(gradient),
      count,
      weight.empty() ? count : count / weight.shape().element_count(),
      static_cast<double*>(partial));
  LIMPID_CUDA_LAUNCH();
  finish_loss_kernel<<<1, block_size, 0, stream>>>(
      static_cast<const double*>(partial), count, value);
  LIMPID_CUDA_LAUNCH();
}

}  // namespace limpid::cuda
