#include "plugin/trust/white_noise.h"

#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/image/image.h"

namespace limpid {
namespace {

// Of variance 1.
Image white_noise(std::int64_t width, std::int64_t height, std::uint64_t seed) {
  constexpr std::uint64_t noise_stream = 0x7000000000000000ull;
  Image noise(width, height);
  parallel_for(height, 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t y = begin; y < end; ++y) {
      RandomSequence random(seed, noise_stream + static_cast<std::uint64_t>(y));
      for (float& value : noise.row(y))
        value = static_cast<float>(random.normal());
    }
  });
  return noise;
}

}  // namespace

WhiteNoise::WhiteNoise(std::int64_t width, std::int64_t height, std::uint64_t seed)
    : spectrum(fourier_transform(white_noise(width, height, seed))),
      sums(measure_ring_sums(spectrum, spectrum)) {}

std::shared_ptr<const WhiteNoise> WhiteNoises::of(std::int64_t width,
                                                  std::int64_t height,
                                                  std::uint64_t seed) {
  const std::lock_guard lock(mutex_);
  auto& noise = made_[{width, height, seed}];
  if (!noise)
    noise = std::make_shared<WhiteNoise>(width, height, seed);
  return noise;
}

}  // namespace limpid
