#include "plugin/benchmark/noise_values.h"

#include "core/base/random.h"

namespace limpid {

std::vector<float> noise_values(std::int64_t count) {
  constexpr std::size_t period = 4099;  // a prime, so that rows differ
  RandomSequence random(1, 1);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = i < period ? static_cast<float>(random.normal()) : values[i - period];
  return values;
}

void fill_with_noise(Backend& backend, const Tensor& tensor) {
  const std::vector<float> values = noise_values(tensor.shape().element_count());
  backend.upload(values, tensor);
  backend.synchronize();
}

}  // namespace limpid
