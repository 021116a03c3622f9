#include "core/data/noise_halves.h"

#include "core/base/random.h"
#include "core/image/radial_filter.h"
#include "core/image/statistics.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>

using namespace limpid;

namespace {

constexpr std::int64_t side = 256;

Image white_noise(std::uint64_t stream) {
  Image image(side, side);
  RandomSequence random(3, stream);
  for (float& value : image.pixels())
    value = static_cast<float>(random.normal());
  return image;
}

// Power of noise of a blurring camera, and of a signal that is stronger at low frequencies.
double noise_power(double frequency) {
  return std::exp(-4 * frequency);
}
double signal_power(double frequency) {
  return 6 * std::exp(-frequency * frequency / (2 * 0.05 * 0.05));
}
Image noise(std::uint64_t stream) {
  return radially_filtered(white_noise(stream), [](double f) { return std::sqrt(noise_power(f)); });
}
Image signal() {
  return radially_filtered(white_noise(100), [](double f) { return std::sqrt(signal_power(f)); });
}
Image sum_of(const Image& a, const Image& b, float factor = 1) {
  Image sum = a;
  for (std::size_t i = 0; i < sum.pixels().size(); ++i)
    sum.pixels()[i] += factor * b.pixels()[i];
  return sum;
}
// What the best linear filter removes.
Image removed_from(const Image& image) {
  return radially_filtered(
      image, [](double f) { return noise_power(f) / (noise_power(f) + signal_power(f)); });
}

double correlation(const Image& a, const Image& b) {
  double product = 0, a_square = 0, b_square = 0;
  for (std::size_t i = 0; i < a.pixels().size(); ++i) {
    const double x = static_cast<double>(a.pixels()[i]), y = static_cast<double>(b.pixels()[i]);
    product += x * y;
    a_square += x * x;
    b_square += y * y;
  }
  return product / std::sqrt(a_square * b_square);
}

// One micrograph that exists in memory alone.
class OneImage : public PairSource {
 public:
  explicit OneImage(Image image) : image_(std::move(image)) {}
  std::int64_t count() const override { return 2; }
  std::string name(std::int64_t) const override { return "one"; }
  ImageSize size(std::int64_t) const override { return {image_.width(), image_.height()}; }
  ImagePair load(std::int64_t) const override {
    ImagePair pair;
    pair.input = image_;
    pair.grey_offset = 50;
    pair.grey_range = 2;
    return pair;
  }

 private:
  Image image_;
};

}  // namespace

TEST_CASE("noise halves: the spectrum of the noise is found where there is signal, too") {
  NoiseSpectrum spectrum;
  CHECK(spectrum.power(0.1) == 1);
  for (std::uint64_t i = 0; i < 8; ++i) {
    const Image image = sum_of(signal(), noise(i));
    spectrum.add(fourier_transform(image), fourier_transform(removed_from(image)));
  }
  const double unit = spectrum.power(0.4) / noise_power(0.4);
  for (const double frequency : {0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 0.6}) {
    CAPTURE(frequency);
    CHECK(spectrum.power(frequency) / unit == Approx(noise_power(frequency)).epsilon(0.15));
  }
}

TEST_CASE("noise halves: noise like that of an image, by seed and stream") {
  NoiseSpectrum spectrum;
  spectrum.add(fourier_transform(noise(0)), fourier_transform(noise(0)));
  const Image image = sum_of(signal(), noise(1));
  const Image made = noise_like(image, spectrum, 5, 7);
  CHECK(measure_statistics(made).sigma == Approx(measure_statistics(noise(1)).sigma).epsilon(0.03));
  const Image again = noise_like(image, spectrum, 5, 7);
  CHECK(std::equal(made.pixels().begin(), made.pixels().end(), again.pixels().begin()));
  CHECK(std::abs(correlation(made, noise_like(image, spectrum, 5, 8))) < 0.05);
  CHECK(std::abs(correlation(made, noise_like(image, spectrum, 6, 7))) < 0.05);
}

TEST_CASE("noise halves: two images of one signal whose noise is independent") {
  auto spectrum = std::make_shared<NoiseSpectrum>();
  spectrum->add(fourier_transform(noise(0)), fourier_transform(noise(0)));
  const Image clean = signal(), own_noise = noise(1);
  const auto pairs =
      make_noise_halves(std::make_unique<OneImage>(sum_of(clean, own_noise)), spectrum, 9);
  CHECK(pairs->count() == 2);
  CHECK(pairs->size(0).width == side);
  CHECK(pairs->cost(0).pair_bytes == 2 * sizeof(float) * side * side);
  CHECK(pairs->cost(0).loading_bytes >= 2 * sizeof(float) * side * side);
  const ImagePair pair = pairs->load(1);
  CHECK(pair.symmetric);
  CHECK(measure_statistics(pair.input).sigma == Approx(1).epsilon(0.01));
  CHECK(measure_statistics(pair.target).sigma == Approx(1).epsilon(0.01));
  CHECK(correlation(pair.input, pairs->load(0).input) < 0.99);
  const auto grey = [&](const Image& image) {
    Image result = image;
    for (float& value : result.pixels())
      value = static_cast<float>((pair.grey_offset - 50) / 2 +
                                 pair.grey_range / 2 * static_cast<double>(value));
    return result;
  };
  const Image first = sum_of(grey(pair.input), clean, -1);
  const Image second = sum_of(grey(pair.target), clean, -1);
  CHECK(std::abs(correlation(first, second)) < 0.03);
  CHECK(correlation(first, own_noise) == Approx(std::sqrt(0.5)).margin(0.03));
}
