#pragma once

#include "tests/support/tensors.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

namespace limpid::test {

// How far, in x or y, the prediction of a network of `side` x `side` pixels changes around an input
// pixel that does, at any place on the pooling grid. With positive weights no change cancels or
// dies in a ReLU.
template <class Network>
std::int64_t measure_reach(Backend& backend,
                           Network& network,
                           std::int64_t side,
                           std::int64_t grid) {
  const std::vector<float> base(static_cast<std::size_t>(side * side), 1.0f);
  const auto predict = [&](const std::vector<float>& image) {
    backend.upload(image, network.image());
    network.forward();
    return values_of(backend, network.prediction());
  };
  const std::vector<float> before = predict(base);
  std::int64_t farthest = 0;
  for (std::int64_t shift = 0; shift < grid; ++shift) {
    const std::int64_t at = side / 2 + shift;
    std::vector<float> changed = base;
    changed[static_cast<std::size_t>(at * side + at)] += 1000.0f;
    const std::vector<float> after = predict(changed);
    for (std::int64_t y = 0; y < side; ++y)
      for (std::int64_t x = 0; x < side; ++x)
        if (after[static_cast<std::size_t>(y * side + x)] !=
            before[static_cast<std::size_t>(y * side + x)])
          farthest = std::max({farthest, std::abs(y - at), std::abs(x - at)});
  }
  return farthest;
}

// Makes all weights positive.
inline void make_positive(std::vector<std::vector<float>>& values) {
  for (std::vector<float>& tensor : values)
    for (float& value : tensor)
      value = std::abs(value);
}

}  // namespace limpid::test
