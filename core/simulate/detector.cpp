#include "core/simulate/detector.h"

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/image/fourier.h"
#include "core/simulate/poisson.h"
#include "core/simulate/random_streams.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace limpid {
namespace {

constexpr std::int64_t rows_at_a_time = 16;

struct Preset {
  std::string_view name;
  DetectorKind kind;
  double mtf_at_half_nyquist;
  double mtf_at_nyquist;
  double detected_fraction;
  double noise_blur;
  double deposit_relative_variance;
  double read_noise_electrons;
};

constexpr std::array<Preset, 7> presets = {{
    {"k2", DetectorKind::counting, 0.80, 0.48, 0.83, 0.0, 0.5, 0.0},
    {"k3", DetectorKind::counting, 0.83, 0.55, 0.90, 0.0, 0.5, 0.0},
    {"falcon3-counting", DetectorKind::counting, 0.80, 0.45, 0.85, 0.0, 0.5, 0.0},
    {"falcon4", DetectorKind::counting, 0.88, 0.73, 0.92, 0.0, 0.5, 0.0},
    {"falcon3-integrating", DetectorKind::integrating, 0.74, 0.40, 1.0, 0.5, 0.55, 0.15},
    {"falcon2", DetectorKind::integrating, 0.68, 0.32, 1.0, 0.5, 0.70, 0.30},
    {"ccd", DetectorKind::integrating, 0.35, 0.10, 1.0, 0.75, 0.60, 0.50},
}};

// Of the error, in rms: columns and blocks of 64 columns (read-out channels); the rest is pixels.
constexpr double column_share = 0.2;
constexpr double channel_share = 0.1;

Image make_gain(std::int64_t width, std::int64_t height, double rms, std::uint64_t camera_seed) {
  Image gain(width, height, 1.0f);
  const GainError error(rms, width, camera_seed);
  parallel_for(height, rows_at_a_time, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t y = begin; y < end; ++y) {
      RandomSequence random(camera_seed, GainError::stream_of_row(y));
      for (std::int64_t x = 0; x < width; ++x)
        gain.at(x, y) += static_cast<float>(rms * (error.pixel_share * random.normal() +
                                                   error.columns[static_cast<std::size_t>(x)]));
    }
  });
  return gain;
}

}  // namespace

GainError::GainError(double rms_error, std::int64_t width, std::uint64_t camera_seed)
    : rms(rms_error),
      pixel_share(std::sqrt(1 - column_share * column_share - channel_share * channel_share)),
      columns(static_cast<std::size_t>(width)) {
  RandomSequence random(camera_seed, random_stream(0, RandomPurpose::camera));
  double channel = 0;
  for (std::size_t x = 0; x < columns.size(); ++x) {
    if (x % 64 == 0)
      channel = random.normal();
    columns[x] = column_share * random.normal() + channel_share * channel;
  }
}

std::uint64_t GainError::stream_of_row(std::int64_t y) {
  return random_stream(0, RandomPurpose::camera, static_cast<std::uint64_t>(y + 1));
}

std::uint64_t read_noise_stream(std::uint64_t stream) {
  return stream + (std::uint64_t{1} << 19);
}

std::uint64_t hot_pixel_stream(std::uint64_t stream) {
  return read_noise_stream(stream) + (std::uint64_t{1} << 18);
}

DetectorSettings detector_preset(std::string_view name) {
  for (const Preset& preset : presets)
    if (preset.name == name) {
      DetectorSettings settings;
      settings.kind = preset.kind;
      settings.mtf = Mtf(preset.mtf_at_half_nyquist, preset.mtf_at_nyquist);
      settings.detected_fraction = preset.detected_fraction;
      settings.noise_blur = preset.noise_blur;
      settings.deposit_relative_variance = preset.deposit_relative_variance;
      settings.read_noise_electrons = preset.read_noise_electrons;
      return settings;
    }
  fail(ErrorKind::usage,
       "detector '{}' is not known; these are: {}",
       name,
       fmt::join(detector_preset_names(), ", "));
}

std::vector<std::string_view> detector_preset_names() {
  std::vector<std::string_view> names;
  for (const Preset& preset : presets)
    names.push_back(preset.name);
  return names;
}

Detector::Detector(const DetectorSettings& settings, std::int64_t width, std::int64_t height)
    : settings_(settings), width_(width), height_(height) {
  const auto expect = [](bool condition, std::string_view what, double value) {
    if (!condition)
      fail(ErrorKind::usage, "detector: {} cannot be {}", what, value);
  };
  expect(settings.detected_fraction > 0 && settings.detected_fraction <= 1,
         "the detected fraction",
         settings.detected_fraction);
  expect(settings.noise_blur >= 0 && settings.noise_blur <= 1, "noise_blur", settings.noise_blur);
  expect(settings.read_noise_electrons >= 0, "the read noise", settings.read_noise_electrons);
  expect(
      settings.gain_error >= 0 && settings.gain_error < 0.5, "the gain error", settings.gain_error);
  expect(settings.adu_per_electron > 0, "the response", settings.adu_per_electron);
  expect(settings.hot_pixels_per_megapixel >= 0 && settings.hot_pixels_per_megapixel < 1e5,
         "the number of hot pixels in a megapixel",
         settings.hot_pixels_per_megapixel);
  if (settings.kind == DetectorKind::integrating)
    deposit_.emplace(settings.deposit_relative_variance);
  if (settings.gain_error > 0)
    gain_ = make_gain(width, height, settings.gain_error, settings.camera_seed);
  RandomSequence random(settings.camera_seed, random_stream(1, RandomPurpose::camera));
  const auto hot_count = static_cast<std::int64_t>(
      std::lround(settings.hot_pixels_per_megapixel * 1e-6 * static_cast<double>(width * height)));
  for (std::int64_t i = 0; i < hot_count; ++i)
    hot_pixels_.push_back(random.below(width * height));
}

double Detector::blur_before(double cycles_per_px) const {
  const double mtf = settings_.mtf(cycles_per_px);
  return settings_.noise_blur > 0 ? std::pow(mtf, 1 - settings_.noise_blur) : mtf;
}

double Detector::blur_in_all(double cycles_per_px) const {
  return settings_.mtf(cycles_per_px);
}

std::vector<float> Detector::noise_blur_table() const {
  std::vector<float> blur(noise_blur_steps + 2);
  for (std::size_t i = 0; i < blur.size(); ++i)
    blur[i] = static_cast<float>(
        std::pow(settings_.mtf(noise_blur_corner * static_cast<double>(i) / noise_blur_steps),
                 settings_.noise_blur));
  return blur;
}

double Detector::response() const {
  return settings_.detected_fraction * settings_.adu_per_electron;
}

Image Detector::record(const Image& expected,
                       std::int64_t left,
                       std::int64_t bottom,
                       int frame_count,
                       std::uint64_t seed,
                       std::uint64_t stream) const {
  require(expected.width() >= width_ + left && expected.height() >= height_ + bottom,
          "an expected image of {} x {} for a detector of {} x {} at ({}, {})",
          expected.width(),
          expected.height(),
          width_,
          height_,
          left,
          bottom);
  Image image(width_, height_);
  if (settings_.kind == DetectorKind::counting && settings_.noise_blur == 0) {
    count(expected, left, bottom, seed, stream, image);
  } else {
    const Image whole = integrate(expected, seed, stream);
    for (std::int64_t y = 0; y < height_; ++y)
      std::copy_n(whole.row(y + bottom).begin() + left, width_, image.row(y).begin());
  }
  read_out(frame_count, seed, stream, image);
  return image;
}

void Detector::count(const Image& expected,
                     std::int64_t left,
                     std::int64_t bottom,
                     std::uint64_t seed,
                     std::uint64_t stream,
                     Image& image) const {
  parallel_for(height_, rows_at_a_time, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t y = begin; y < end; ++y) {
      RandomSequence random(seed, stream + static_cast<std::uint64_t>(y));
      for (std::int64_t x = 0; x < width_; ++x)
        image.at(x, y) = static_cast<float>(
            draw_poisson(settings_.detected_fraction * expected.at(x + left, y + bottom), random));
    }
  });
}

Image Detector::integrate(const Image& expected, std::uint64_t seed, std::uint64_t stream) const {
  Image energy(expected.width(), expected.height());
  parallel_for(energy.height(), rows_at_a_time, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t y = begin; y < end; ++y) {
      RandomSequence random(seed, stream + static_cast<std::uint64_t>(y));
      for (std::int64_t x = 0; x < energy.width(); ++x) {
        const auto electrons =
            draw_poisson(settings_.detected_fraction * expected.at(x, y), random);
        energy.at(x, y) = static_cast<float>(deposit_ ? deposit_->draw_sum(electrons, random)
                                                      : static_cast<double>(electrons));
      }
    }
  });
  if (settings_.noise_blur == 0)
    return energy;
  Spectrum spectrum = fourier_transform(energy);
  const std::vector<float> blur = noise_blur_table();
  parallel_for(spectrum.height(), rows_at_a_time, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t y = begin; y < end; ++y)
      for (std::int64_t x = 0; x < spectrum.width(); ++x) {
        const double fx = spectrum.frequency_x(x);
        const double fy = spectrum.frequency_y(y);
        const double position = std::sqrt(fx * fx + fy * fy) / noise_blur_corner * noise_blur_steps;
        const auto index = static_cast<std::size_t>(position);
        const auto fraction = static_cast<float>(position - static_cast<double>(index));
        spectrum.at(x, y) *= blur[index] + fraction * (blur[index + 1] - blur[index]);
      }
  });
  return inverse_fourier_transform(spectrum);
}

void Detector::read_out(int frame_count,
                        std::uint64_t seed,
                        std::uint64_t stream,
                        Image& image) const {
  const std::uint64_t read_stream = read_noise_stream(stream);
  const double read_noise = settings_.read_noise_electrons * std::sqrt(frame_count);
  if (read_noise > 0)
    parallel_for(height_, rows_at_a_time, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t y = begin; y < end; ++y) {
        RandomSequence random(seed, read_stream + static_cast<std::uint64_t>(y));
        for (float& pixel : image.row(y))
          pixel += static_cast<float>(read_noise * random.normal());
      }
    });
  RandomSequence hot(seed, hot_pixel_stream(stream));
  for (std::int64_t pixel : hot_pixels_)
    image.pixels()[static_cast<std::size_t>(pixel)] += static_cast<float>(
        draw_poisson(settings_.hot_pixel_electrons_per_frame * frame_count, hot));
  if (!gain_.empty())
    for (std::int64_t i = 0; i < image.pixel_count(); ++i)
      image.pixels()[static_cast<std::size_t>(i)] *= gain_.pixels()[static_cast<std::size_t>(i)];
  if (settings_.adu_per_electron != 1)
    for (float& pixel : image.pixels())
      pixel *= static_cast<float>(settings_.adu_per_electron);
}

}  // namespace limpid
