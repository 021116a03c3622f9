#include "core/backend/host/host_ops.h"
#include "core/base/parallel.h"
#include "core/noise/poisson_gaussian.h"

namespace limpid {
namespace {

class HostNoise : public Noise {
 public:
  explicit HostNoise(const NoiseDesc& desc)
      : desc_(desc), model_{.electrons_per_unit = desc.electrons_per_unit, .sigma = desc.sigma} {}

  void apply(const Tensor& clean,
             const Tensor& noisy,
             std::uint64_t seed,
             std::uint64_t stream) override {
    const std::int64_t per_image = desc_.images.element_count() / desc_.images.batch;
    const float* in = clean.data_as<float>();
    float* out = noisy.data_as<float>();
    parallel_for(desc_.images.element_count(), 1 << 14, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        out[i] = noisy_pixel(in[i],
                             model_,
                             seed,
                             stream + static_cast<std::uint64_t>(i / per_image),
                             static_cast<std::uint64_t>(i % per_image));
    });
  }

 private:
  NoiseDesc desc_;
  NoiseModel model_;
};

}  // namespace

std::unique_ptr<Noise> make_host_noise(const NoiseDesc& desc) {
  return std::make_unique<HostNoise>(desc);
}

}  // namespace limpid
