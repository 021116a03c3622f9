#include "core/data/frame_sum.h"

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/noise/exposure_filter.h"

#include <cmath>
#include <complex>
#include <numbers>

namespace limpid {
namespace {

constexpr std::int64_t rows_per_thread = 16;

// How much more a dose destroys than at 300 kV.
double damage_factor(double voltage_kv) {
  constexpr double tolerance_kv = 2;
  const struct {
    double voltage_kv, factor;
  } known[] = {{300, 1.0}, {200, 1 / 0.8}, {100, 1 / 0.64}};
  for (const auto& entry : known)
    if (std::abs(voltage_kv - entry.voltage_kv) <= tolerance_kv)
      return entry.factor;
  fail(ErrorKind::usage,
       "dose weighting at {:g} kV: the damage is known at 300, 200 and 100 kV",
       voltage_kv);
}

// exp(-2 pi i f shift) for each frequency.
template <class Frequency>
std::vector<std::complex<float>> phase_ramp(std::int64_t count,
                                            double shift_px,
                                            Frequency&& frequency) {
  std::vector<std::complex<float>> ramp(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i)
    ramp[static_cast<std::size_t>(i)] =
        std::complex<float>(std::polar(1.0, -2 * std::numbers::pi * frequency(i) * shift_px));
  return ramp;
}

std::size_t weight_step(double frequency_x, double frequency_y) {
  return static_cast<std::size_t>(
      std::lround(std::sqrt(frequency_x * frequency_x + frequency_y * frequency_y) *
                  FrequencyWeights::steps_per_cycle_per_pixel));
}

}  // namespace

FrequencyWeights::FrequencyWeights(const DoseWeighting& dose, std::int64_t frame)
    : values_(step_count) {
  if (!(dose.pixel_size_angstrom > 0) || !(dose.dose_per_frame_e_per_square_angstrom > 0))
    fail(ErrorKind::usage,
         "dose weighting with {:g} e/A^2 a frame and pixels of {:g} A: expected positive numbers",
         dose.dose_per_frame_e_per_square_angstrom,
         dose.pixel_size_angstrom);
  const double exposure =
      (dose.dose_before_e_per_square_angstrom +
       dose.dose_per_frame_e_per_square_angstrom * static_cast<double>(frame + 1)) *
      damage_factor(dose.voltage_kv);
  values_[0] = 1;  // nothing destroys the mean
  for (std::size_t i = 1; i < step_count; ++i) {
    const double frequency =
        static_cast<double>(i) / steps_per_cycle_per_pixel / dose.pixel_size_angstrom;
    values_[i] = std::exp(-exposure / (2 * critical_exposure(frequency)));
  }
}

FrameSum::FrameSum(std::int64_t width, std::int64_t height, bool is_weighted)
    : sum_(width, height), squared_weights_(is_weighted ? FrequencyWeights::step_count : 0) {}

void FrameSum::add(const Spectrum& frame,
                   const FrameShift& shift,
                   const FrequencyWeights* weights) {
  require((weights != nullptr) == !squared_weights_.empty(), "weights for all frames or for none");
  require(frame.image_width() == sum_.image_width() && frame.image_height() == sum_.image_height(),
          "frames of different size");
  const auto ramp_x =
      phase_ramp(sum_.width(), shift.x_px, [&](std::int64_t x) { return sum_.frequency_x(x); });
  const auto ramp_y =
      phase_ramp(sum_.height(), shift.y_px, [&](std::int64_t y) { return sum_.frequency_y(y); });
  parallel_for(sum_.height(), rows_per_thread, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t y = begin; y < end; ++y)
      for (std::int64_t x = 0; x < sum_.width(); ++x) {
        std::complex<float> value = frame.at(x, y) * ramp_x[static_cast<std::size_t>(x)] *
                                    ramp_y[static_cast<std::size_t>(y)];
        if (weights != nullptr)
          value *= static_cast<float>(
              weights->values()[weight_step(sum_.frequency_x(x), sum_.frequency_y(y))]);
        sum_.at(x, y) += value;
      }
  });
  if (weights != nullptr)
    for (std::size_t i = 0; i < squared_weights_.size(); ++i)
      squared_weights_[i] += weights->values()[i] * weights->values()[i];
}

Image FrameSum::finish() {
  if (!squared_weights_.empty())
    parallel_for(sum_.height(), rows_per_thread, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t y = begin; y < end; ++y)
        for (std::int64_t x = 0; x < sum_.width(); ++x) {
          const double squared =
              squared_weights_[weight_step(sum_.frequency_x(x), sum_.frequency_y(y))];
          // Far beyond any useful exposure weights underflow to 0, and so does the sum.
          sum_.at(x, y) *= static_cast<float>(squared > 0 ? 1 / std::sqrt(squared) : 0.0);
        }
    });
  return inverse_fourier_transform(sum_);
}

}  // namespace limpid
