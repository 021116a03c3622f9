#pragma once

#include "core/backend/backend.h"
#include "core/base/random.h"

#include <cmath>
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

}  // namespace limpid::test
