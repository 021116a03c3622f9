#pragma once

#include "core/backend/backend.h"

#include <memory>

namespace limpid {

// Operations that are one pass over float32 host memory; the reference and the CPU backend share
// them. Sums are taken in fixed pieces, so results do not depend on the number of threads.
std::unique_ptr<Loss> make_host_loss(const LossDesc& desc);
std::unique_ptr<Adam> make_host_adam(Backend& backend,
                                     const AdamDesc& desc,
                                     Parameters& parameters);
std::unique_ptr<Noise> make_host_noise(const NoiseDesc& desc);
std::unique_ptr<Crops> make_host_crops(const CropsDesc& desc);

// Where work runs when it is queued, there is nothing to overlap with or to wait for.
std::unique_ptr<Uploader> make_host_uploader();
std::unique_ptr<Mark> make_host_mark();

}  // namespace limpid
