#pragma once

#include "core/backend/cuda/context.h"
#include "core/backend/ops.h"
#include "core/backend/parameters.h"

#include <memory>

namespace limpid::cuda {

std::unique_ptr<Resample> make_cuda_resample(Context& context, const ResampleDesc& desc);
std::unique_ptr<Loss> make_cuda_loss(Context& context, const LossDesc& desc);
std::unique_ptr<Adam> make_cuda_adam(Context& context,
                                     const AdamDesc& desc,
                                     Parameters& parameters);
std::unique_ptr<Noise> make_cuda_noise(Context& context, const NoiseDesc& desc);
std::unique_ptr<Crops> make_cuda_crops(Context& context, const CropsDesc& desc);

}  // namespace limpid::cuda
