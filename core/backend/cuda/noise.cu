#include "core/backend/cuda/check.h"
#include "core/backend/cuda/device_vector.cuh"
#include "core/backend/cuda/kernels.h"
#include "core/noise/poisson_gaussian.h"

namespace limpid::cuda {
namespace {

constexpr int block_size = 256;

// One thread a pixel.
__global__ void noise_kernel(const float* clean,
                             float* noisy,
                             NoiseModel model,
                             std::uint64_t seed,
                             std::uint64_t stream_number,
                             std::int64_t per_image,
                             std::int64_t count) {
  LIMPID_GRID_STRIDE(i, count) {
    noisy[i] = noisy_pixel(clean[i],
                           model,
                           seed,
                           stream_number + static_cast<std::uint64_t>(i / per_image),
                           static_cast<std::uint64_t>(i % per_image));
  }
}

}  // namespace

void add_noise(const Tensor& clean,
               const Tensor& noisy,
               const NoiseDesc& desc,
               std::uint64_t seed,
               std::uint64_t stream_number,
               cudaStream_t stream) {
  const NoiseModel model{.electrons_per_unit = desc.electrons_per_unit, .sigma = desc.sigma};
  const std::int64_t count = desc.images.element_count();
  noise_kernel<<<grid_size(count, block_size), block_size, 0, stream>>>(elements<float>(clean),
                                                                        elements<float>(noisy),
                                                                        model,
                                                                        seed,
                                                                        stream_number,
                                                                        count / desc.images.batch,
                                                                        count);
  LIMPID_CUDA_LAUNCH();
}

}  // namespace limpid::cuda
