#include "core/nn/initialize.h"

#include "core/base/random.h"

#include <cmath>

namespace limpid {
namespace {

// FNV-1a, to turn a name into a random stream.
std::uint64_t hash_of(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325ull;
  for (const char c : text)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  return hash;
}

}  // namespace

std::vector<std::vector<float>> initial_parameters(const UNetDescription& description,
                                                   std::uint64_t seed) {
  std::vector<std::vector<float>> values;
  for (const ParameterSpec& spec : description.parameters()) {
    std::vector<float>& tensor =
        values.emplace_back(static_cast<std::size_t>(spec.element_count()), 0.0f);
    if (spec.shape.size() == 1)
      continue;
    const bool transposed = spec.name.starts_with("up");
    // A 2x2 transposed convolution gives each output one tap per input channel.
    const std::int64_t fan_in =
        transposed ? spec.shape[0] : spec.shape[1] * spec.shape[2] * spec.shape[3];
    const double gain = spec.name.starts_with("out") ? 0.1 : 1.0;
    const double sigma = gain * std::sqrt((transposed ? 1.0 : 2.0) / static_cast<double>(fan_in));
    RandomSequence random(seed, hash_of(spec.name));
    for (float& value : tensor)
      value = static_cast<float>(sigma * random.normal());
  }
  return values;
}

}  // namespace limpid
