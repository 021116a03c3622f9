#include "plugin/patches/patch_cutting.h"

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/parallel.h"
#include "core/data/patch_loader.h"
#include "core/io/half.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace limpid {
namespace {

// Apart from the streams of other users of the seed.
constexpr std::uint64_t noise_stream = 0x4000000000000000ull;
constexpr int bits_of_patch_number = 28;
// Enough for all threads, little beside a micrograph.
constexpr std::uint64_t most_bytes_at_once = std::uint64_t{64} << 20;

}  // namespace

PatchCutter::PatchCutter(const PreparedDataset& dataset, std::uint64_t micrograph_number)
    : dataset_(dataset), micrograph_number_(micrograph_number) {}

void PatchCutter::cut(const ImagePair& pair,
                      PatchedMicrograph& micrograph,
                      const std::function<void(const PatchBytes&)>& take) const {
  micrograph.mean = pair.noise_mean;
  micrograph.sigma = pair.noise_sigma;
  micrograph.grey_offset = pair.grey_offset;
  micrograph.grey_range = pair.grey_range;
  micrograph.loss_weight = static_cast<double>(pair.loss_weight);

  const std::uint64_t patch_bytes = dataset_.patch_bytes();
  const auto at_once = static_cast<std::int64_t>(std::clamp<std::uint64_t>(
      most_bytes_at_once / patch_bytes, 1, static_cast<std::uint64_t>(micrograph.patch_count())));
  const std::size_t buffer_bytes = static_cast<std::size_t>(at_once) * patch_bytes;
  std::vector<std::byte> inputs(dataset_.has_inputs ? buffer_bytes : 0);
  std::vector<std::byte> targets(buffer_bytes);
  ContentHash input_hash;
  ContentHash target_hash;
  for (std::int64_t first = 0; first < micrograph.patch_count(); first += at_once) {
    const std::int64_t count = std::min(at_once, micrograph.patch_count() - first);
    const auto part = [&](std::vector<std::byte>& buffer, std::int64_t i) {
      return std::span(buffer).subspan(static_cast<std::size_t>(i) * patch_bytes, patch_bytes);
    };
    parallel_for(count, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        if (dataset_.has_inputs)
          encode(pair, micrograph, first + i, PatchRole::input, part(inputs, i));
        encode(pair, micrograph, first + i, PatchRole::target, part(targets, i));
      }
    });
    const std::size_t filled = static_cast<std::size_t>(count) * patch_bytes;
    const PatchBytes bytes{std::span(inputs).first(dataset_.has_inputs ? filled : 0),
                           std::span(targets).first(filled)};
    input_hash.update(bytes.input);
    target_hash.update(bytes.target);
    take(bytes);
  }
  micrograph.input_xxh64 = dataset_.has_inputs ? input_hash.hex() : std::string();
  micrograph.target_xxh64 = target_hash.hex();
}

void PatchCutter::encode(const ImagePair& pair,
                         const PatchedMicrograph& micrograph,
                         std::int64_t patch,
                         PatchRole role,
                         std::span<std::byte> bytes) const {
  const std::int64_t size = dataset_.patch_size_px;
  std::vector<float> values(static_cast<std::size_t>(size * size));
  copy_patch(role == PatchRole::input ? pair.input : pair.target_image(),
             patch % micrograph.columns * dataset_.stride_px,
             patch / micrograph.columns * dataset_.stride_px,
             0,
             size,
             values.data());
  if (role == PatchRole::input) {
    const std::uint64_t stream = noise_stream + (micrograph_number_ << bits_of_patch_number) +
                                 static_cast<std::uint64_t>(patch);
    if (pair.noise.electrons_per_unit > 0 || pair.noise.sigma > 0)
      for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = noisy_pixel(values[i], pair.noise, dataset_.seed, stream, i);
  }
  if (!dataset_.is_float16) {
    std::memcpy(bytes.data(), values.data(), bytes.size());
    return;
  }
  // Only a truth far beyond its micrograph's own range comes near the limit.
  for (float& value : values)
    value = std::clamp(value, -largest_half, largest_half);
  std::vector<std::uint16_t> halves(values.size());
  float_to_half(values, halves);
  std::memcpy(bytes.data(), halves.data(), bytes.size());
}

}  // namespace limpid
