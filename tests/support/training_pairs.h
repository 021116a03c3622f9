#pragma once

#include "core/base/random.h"
#include "core/data/pair_source.h"

#include <cmath>

namespace limpid::test {

// A smooth pattern, unlike for every seed.
inline Image smooth_image(std::int64_t width, std::int64_t height, std::uint64_t seed) {
  RandomSequence random(seed, 17);
  const double fx = random.uniform(0.05, 0.2), fy = random.uniform(0.05, 0.2),
               phase = random.uniform(0, 6);
  Image image(width, height);
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x)
      image.at(x, y) = static_cast<float>(std::sin(fx * static_cast<double>(x) + phase) *
                                          std::cos(fy * static_cast<double>(y)));
  return image;
}

inline Image with_noise(const Image& clean, float sigma, std::uint64_t seed) {
  Image noisy;
  add_noise(clean, noisy, {.electrons_per_unit = 0.0f, .sigma = sigma}, seed, 0);
  return noisy;
}

// Noisy patterns and their truth, in memory.
class MemoryPairs : public PairSource {
 public:
  MemoryPairs(std::int64_t count, std::int64_t width, std::int64_t height)
      : count_(count), width_(width), height_(height) {}
  std::int64_t count() const override { return count_; }
  std::string name(std::int64_t index) const override { return "pattern " + std::to_string(index); }
  ImageSize size(std::int64_t) const override { return {width_, height_}; }
  ImagePair load(std::int64_t index) const override {
    const auto seed = static_cast<std::uint64_t>(index);
    ImagePair pair;
    pair.target = smooth_image(width_, height_, seed);
    pair.input = with_noise(pair.target, 1.0f, seed);
    return pair;
  }

 private:
  std::int64_t count_, width_, height_;
};

}  // namespace limpid::test
