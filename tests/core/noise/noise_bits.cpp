#include "core/noise/poisson_gaussian.h"

using namespace limpid;

// A checksum (FNV-1a over words) of noisy pixels with means from 2^-10 to 2^30.
extern "C" __attribute__((visibility("default"))) std::uint64_t LIMPID_NOISE_HASH(
    std::uint64_t pixel_count) {
  const NoiseModel model{1.0f, 0.05f};
  std::uint64_t hash = 14695981039346656037ull;
  for (std::uint64_t i = 0; i < pixel_count; ++i) {
    const std::uint32_t bits = static_cast<std::uint32_t>(i * 2654435761u);
    const float mean = float_from_bits(((117u + (bits >> 8) % 40u) << 23) | (bits & 0x007fffffu));
    hash = (hash ^ float_bits(noisy_pixel(mean, model, 42, 7, i))) * 1099511628211ull;
  }
  return hash;
}
