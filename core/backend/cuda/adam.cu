#include "core/backend/cuda/block_sum.cuh"
#include "core/backend/cuda/check.h"
#include "core/backend/cuda/device_vector.cuh"
#include "core/backend/cuda/kernels.h"

namespace limpid::cuda {
namespace {

constexpr int block_size = 256;
constexpr int norm_blocks = 256;

__global__ void set_scalars_kernel(AdamScalars* scalars, AdamScalars values) {
  *scalars = values;
}

// Sum of squares of a flat gradient, in a fixed order: one partial sum a block.
template <class G>
__global__ void square_sum_kernel(const G* gradient, std::int64_t count, double* partial) {
  double sum = 0;
  LIMPID_GRID_STRIDE(i, count) {
    const double g = to_float(gradient[i]);
    sum += g * g;
  }
  const double total = block_sum<block_size>(sum);
  if (threadIdx.x == 0)
    partial[blockIdx.x] = total;
}

// As torch.nn.utils.clip_grad_norm_. One block, one thread a partial sum.
__global__ void clip_kernel(const double* partial, float limit, AdamScalars* scalars) {
  const double total = block_sum<norm_blocks>(partial[threadIdx.x]);
  const double scale = static_cast<double>(limit) / (sqrt(total) + 1e-6);
  if (threadIdx.x == 0)
    scalars->gradient_scale = static_cast<float>(scale < 1.0 ? scale : 1.0);
}

template <class G>
__global__ void update_kernel(AdamBlock block,
                              const G* gradient,
                              AdamDesc desc,
                              const AdamScalars* scalars) {
  const AdamScalars s = *scalars;
  auto* working_copy = static_cast<__nv_bfloat16*>(block.working_copy);
  LIMPID_GRID_STRIDE(i, block.count) {
    const float g = s.gradient_scale * to_float(gradient[i]);
    const float m = desc.beta1 * block.first_moment[i] + (1.0f - desc.beta1) * g;
    const float v = desc.beta2 * block.second_moment[i] + (1.0f - desc.beta2) * g * g;
    const float value =
        block.value[i] - s.step_size * m / (sqrtf(v) / s.second_correction + desc.epsilon);
    block.first_moment[i] = m;
    block.second_moment[i] = v;
    block.value[i] = value;
    if (working_copy)
      working_copy[i] = __float2bfloat16_rn(value);
    if (block.average)
      block.average[i] = s.average_decay * block.average[i] + (1.0f - s.average_decay) * value;
  }
}

}  // namespace

std::size_t adam_workspace() {
  return norm_blocks * sizeof(double);
}

void set_adam_scalars(AdamScalars* scalars, const AdamScalars& values, cudaStream_t stream) {
  set_scalars_kernel<<<1, 1, 0, stream>>>(scalars, values);
  LIMPID_CUDA_LAUNCH();
}

void adam_update(const AdamBlock& block,
                 const AdamDesc& desc,
                 AdamScalars* scalars,
                 void* workspace,
                 cudaStream_t stream) {
  with_element_type(block.gradient_type, [&]<class G>(G*) {
    const auto* gradient = static_cast<const G*>(block.gradient);
    if (desc.max_gradient_norm > 0.0f) {
      auto* partial = static_cast<double*>(workspace);
      square_sum_kernel<G><<<norm_blocks, block_size, 0, stream>>>(gradient, block.count, partial);
      LIMPID_CUDA_LAUNCH();
      clip_kernel<<<1, norm_blocks, 0, stream>>>(partial, desc.max_gradient_norm, scalars);
      LIMPID_CUDA_LAUNCH();
    }
    update_kernel<G><<<grid_size(block.count, block_size), block_size, 0, stream>>>(
        block, gradient, desc, scalars);
  });
  LIMPID_CUDA_LAUNCH();
}

}  // namespace limpid::cuda
