#include "core/data/noise_halves.h"

#include "core/base/random.h"
#include "core/image/radial_filter.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <string>
#include <utility>

namespace limpid {
namespace {

constexpr std::size_t bin_count = 96;
constexpr double highest_frequency = 0.7072;  // in the corners
constexpr double bins_per_cycle = bin_count / highest_frequency;

// Mean square of a - b - c + d over squares of 2 x 2 pixels: nearly all of it from the highest
// frequencies.
double fine_power(const Image& image) {
  double sum = 0;
  for (std::int64_t y = 1; y < image.height(); ++y) {
    const auto above = image.row(y - 1), row = image.row(y);
    double row_sum = 0;
    for (std::size_t x = 1; x < row.size(); ++x) {
      const auto difference =
          static_cast<double>(row[x] - row[x - 1]) - static_cast<double>(above[x] - above[x - 1]);
      row_sum += difference * difference;
    }
    sum += row_sum;
  }
  return sum / static_cast<double>((image.width() - 1) * (image.height() - 1));
}

Image white_noise(std::int64_t width,
                  std::int64_t height,
                  std::uint64_t seed,
                  std::uint64_t stream) {
  Image noise(width, height);
  RandomSequence random(seed, stream);
  for (float& value : noise.pixels())
    value = static_cast<float>(random.normal());
  return noise;
}

class NoiseHalves : public PairSource {
 public:
  NoiseHalves(std::unique_ptr<PairSource> singles,
              std::shared_ptr<const NoiseSpectrum> spectrum,
              std::uint64_t seed)
      : singles_(std::move(singles)), spectrum_(std::move(spectrum)), seed_(seed) {}

  std::int64_t count() const override { return singles_->count(); }
  std::string name(std::int64_t index) const override { return singles_->name(index); }
  ImageSize size(std::int64_t index) const override { return singles_->size(index); }
  std::vector<std::string> files(std::int64_t index) const override {
    return singles_->files(index);
  }
  // The noise takes the place of the other half; its spectrum, and room for either transform.
  PairCost cost(std::int64_t index) const override {
    PairCost cost = singles_->cost(index);
    const std::size_t image_bytes = sizeof(float) * static_cast<std::size_t>(cost.pixel_count);
    cost.pair_bytes = 2 * image_bytes;
    cost.loading_bytes = std::max(cost.loading_bytes, 2 * image_bytes);
    return cost;
  }
  ImagePair load(std::int64_t index) const override {
    ImagePair single = singles_->load(index);
    Image other = noise_like(single.input, *spectrum_, seed_, static_cast<std::uint64_t>(index));
    for (std::size_t i = 0; i < other.pixels().size(); ++i) {
      const float value = single.input.pixels()[i];
      const float noise = other.pixels()[i];
      single.input.pixels()[i] = value + noise;
      other.pixels()[i] = value - noise;
    }
    ImagePair halves = make_half_pair(std::move(single.input), std::move(other));
    halves.grey_offset = single.grey_offset + single.grey_range * halves.grey_offset;
    halves.grey_range *= single.grey_range;
    return halves;
  }

 private:
  std::unique_ptr<PairSource> singles_;
  std::shared_ptr<const NoiseSpectrum> spectrum_;
  std::uint64_t seed_;
};

}  // namespace

NoiseSpectrum::NoiseSpectrum() : sums_(bin_count), modes_(bin_count) {}

void NoiseSpectrum::add(const Spectrum& image, const Spectrum& removed) {
  for (std::int64_t y = 0; y < image.height(); ++y)
    for (std::int64_t x = 0; x < image.width(); ++x) {
      const double frequency = std::hypot(image.frequency_x(x), image.frequency_y(y));
      const auto bin =
          std::min(static_cast<std::size_t>(frequency * bins_per_cycle), bin_count - 1);
      sums_[bin] += static_cast<double>(std::real(image.at(x, y) * std::conj(removed.at(x, y))));
      modes_[bin] += 1;
    }
}

double NoiseSpectrum::bin_power(std::size_t bin) const {
  return modes_[bin] > 0 ? std::max(0.0, sums_[bin] / modes_[bin]) : 1;
}

double NoiseSpectrum::power(double frequency) const {
  const double place = std::clamp(frequency * bins_per_cycle - 0.5, 0.0, bin_count - 1.0);
  const auto bin = std::min(static_cast<std::size_t>(place), bin_count - 2);
  return std::lerp(bin_power(bin), bin_power(bin + 1), place - static_cast<double>(bin));
}

Image noise_like(const Image& image,
                 const NoiseSpectrum& spectrum,
                 std::uint64_t seed,
                 std::uint64_t stream) {
  Image noise =
      radially_filtered(white_noise(image.width(), image.height(), seed, stream),
                        [&](double frequency) { return std::sqrt(spectrum.power(frequency)); });
  const double power = fine_power(noise);
  const auto factor = static_cast<float>(power > 0 ? std::sqrt(fine_power(image) / power) : 0.0);
  for (float& value : noise.pixels())
    value *= factor;
  return noise;
}

std::unique_ptr<PairSource> make_noise_halves(std::unique_ptr<PairSource> singles,
                                              std::shared_ptr<const NoiseSpectrum> spectrum,
                                              std::uint64_t seed) {
  return std::make_unique<NoiseHalves>(std::move(singles), std::move(spectrum), seed);
}

}  // namespace limpid
