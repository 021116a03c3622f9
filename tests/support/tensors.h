#pragma once

#include "core/backend/backend.h"
#include "core/base/random.h"

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <vector>

namespace limpid::test {

inline std::vector<float> random_values(std::int64_t count,
                                        std::uint64_t stream,
                                        double scale = 1.0) {
  RandomSequence random(2024, stream);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values)
    value = static_cast<float>(scale * random.normal());
  return values;
}

// Whole numbers from -largest to largest, most of them 0 for a density below 1. Sums of few
// products of such are exact in bfloat16 as well, in any order, and often equal.
inline std::vector<float> random_integers(std::int64_t count,
                                          std::uint64_t stream,
                                          int largest,
                                          double density = 1.0) {
  RandomSequence random(2025, stream);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values)
    if (random.uniform() < density)
      value = static_cast<float>(random.below(2 * largest + 1) - largest);
  return values;
}

inline std::vector<float> rounded_to(DataType type, std::vector<float> values) {
  if (type == DataType::bfloat16)
    for (float& value : values)
      value = static_cast<float>(BFloat16(value));
  return values;
}

inline std::vector<float> values_of(Backend& backend, const Tensor& tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.shape().element_count()));
  backend.download(tensor, values);
  return values;
}

// Fills a tensor with NaN: an element that is never written shows.
inline void poison(Backend& backend, const Tensor& tensor) {
  const std::vector<float> values(static_cast<std::size_t>(tensor.shape().element_count()),
                                  std::nanf(""));
  backend.upload(values, tensor);
  backend.synchronize();
}

// Before a backward pass: the block begins with zeros, among which one more would not show.
inline void poison_gradients(Backend& backend, const Parameters& parameters) {
  poison(backend, parameters.gradient());
}

// ||a - b|| / ||b||; NaN if anything is.
inline double relative_difference(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size())
    return std::nan("");
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
    norm += std::pow(static_cast<double>(b[i]), 2);
  }
  return norm > 0 ? std::sqrt(difference / norm) : std::sqrt(difference);
}

// Empty where both are the same; else how many values differ, and the first of them.
inline std::string difference(const std::vector<float>& found, const std::vector<float>& expected) {
  if (found.size() != expected.size())
    return fmt::format("{} values, expected {}", found.size(), expected.size());
  std::size_t count = 0, first = 0;
  for (std::size_t i = 0; i < found.size(); ++i)
    if (found[i] != expected[i] && count++ == 0)
      first = i;
  return count == 0 ? ""
                    : fmt::format("{} of {} differ, first at {}: {}, expected {}",
                                  count,
                                  found.size(),
                                  first,
                                  found[first],
                                  expected[first]);
}

}  // namespace limpid::test
