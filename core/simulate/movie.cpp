#include "core/simulate/movie.h"

#include "core/simulate/complex_normal.h"
#include "core/simulate/ice.h"
#include "core/simulate/radial_table.h"
#include "core/simulate/random_streams.h"
#include "core/simulate/spectrum_loop.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace limpid {
namespace {

// Rows of the streams of frame 0 start the process; those of frame f + 1 take it through frame f.
std::uint64_t ice_stream(std::uint64_t micrograph_index, int frame, std::int64_t row) {
  return random_stream(
      micrograph_index,
      RandomPurpose::ice,
      frame_item(static_cast<std::uint64_t>(frame)) + static_cast<std::uint64_t>(row));
}

}  // namespace

MovieFormation::MovieFormation(const ImageFormation& formation,
                               const Spectrum& particles,
                               const Spectrum& film,
                               std::uint64_t seed,
                               std::uint64_t micrograph_index)
    : formation_(formation),
      particles_(particles),
      film_(film),
      seed_(seed),
      micrograph_index_(micrograph_index) {
  if (!formation.settings().has_ice_noise)
    return;
  const FieldGrid& field = formation.field();
  ice_ = Spectrum(field.width, field.height);
  roughness_ = Spectrum(field.width, field.height);
  for_each_frequency(ice_, [&](std::int64_t x, std::int64_t y, double, double) {
    const auto normals = draw_complex_normals(
        seed, ice_stream(micrograph_index, 0, y), static_cast<std::uint64_t>(x));
    const float factor = half_spectrum_factor(x, formation_.field().width);
    ice_.at(x, y) = factor * normals.first;
    roughness_.at(x, y) = factor * normals.second;
  });
}

Spectrum MovieFormation::next_frame() {
  const double pixel = formation_.field().pixel_size_angstrom;
  const bool has_film = !film_.values().empty();
  const RadialTable<2> table([&](double frequency) {
    return std::array{static_cast<float>(formation_.transfer_before(frequency)),
                      static_cast<float>(formation_.frame_survival(frequency / pixel, frame_))};
  });
  Spectrum frame(formation_.field().width, formation_.field().height);
  if (formation_.settings().has_ice_noise)
    age_ice(frame);
  for_each_frequency(frame, [&](std::int64_t x, std::int64_t y, double fx, double fy) {
    const auto [transfer, survival] = table.at(fx, fy);
    std::complex<float> contrast = frame.at(x, y) + survival * particles_.at(x, y);
    if (has_film)
      contrast += film_.at(x, y);
    frame.at(x, y) = transfer * contrast;
  });
  ++frame_;
  return frame;
}

void MovieFormation::age_ice(Spectrum& frame) {
  // Of a process x with correlation exp(-lag), given x at the beginning of a frame of length s:
  //   end     = e x + a z1,             e = exp(-s), a^2 = 1 - e^2
  //   average = m x + b z1 + c z2,      m = frame_mean(s), a b = m (1 - e),
  //                                     b^2 + c^2 = frame_variance(s) - m^2.
  const double pixel = formation_.field().pixel_size_angstrom;
  enum Column { keep, renew, mean, shared, own, fresh, rough, column_count };
  const RadialTable<column_count> table([&](double frequency) {
    const double k = frequency / pixel;
    const double s =
        ice_decay_rate(k, formation_.settings().ctf.voltage_kv) * formation_.frame_exposure();
    const double e = std::exp(-s);
    const double a = std::sqrt(-std::expm1(-2 * s));
    const double m = frame_mean(s);
    const double b = a > 0 ? m * -std::expm1(-s) / a : 0;
    const double c = std::sqrt(std::max(0.0, frame_variance(s) - m * m - b * b));
    return std::array{static_cast<float>(e),
                      static_cast<float>(a),
                      static_cast<float>(m),
                      static_cast<float>(b),
                      static_cast<float>(c),
                      static_cast<float>(formation_.ice_sigma(k)),
                      static_cast<float>(formation_.roughness_sigma(k))};
  });
  for_each_frequency(frame, [&](std::int64_t x, std::int64_t y, double fx, double fy) {
    if (x == 0 && y == 0)
      return;
    const auto row = table.at(fx, fy);
    const auto normals = draw_complex_normals(
        seed_, ice_stream(micrograph_index_, frame_ + 1, y), static_cast<std::uint64_t>(x));
    const float factor = half_spectrum_factor(x, formation_.field().width);
    const auto first = factor * normals.first;
    const auto average =
        row[mean] * ice_.at(x, y) + row[shared] * first + row[own] * factor * normals.second;
    ice_.at(x, y) = row[keep] * ice_.at(x, y) + row[renew] * first;
    const auto transfer =
        static_cast<float>(std::sqrt(formation_.depth_averaged_power(fx / pixel, fy / pixel)));
    frame.at(x, y) = transfer * (row[fresh] * average + row[rough] * roughness_.at(x, y));
  });
}

void shift(Spectrum& spectrum, double x_px, double y_px) {
  for_each_frequency(spectrum, [&](std::int64_t x, std::int64_t y, double fx, double fy) {
    const double angle = -2 * std::numbers::pi * (fx * x_px + fy * y_px);
    spectrum.at(x, y) *= std::complex<float>(static_cast<float>(std::cos(angle)),
                                             static_cast<float>(std::sin(angle)));
  });
}

}  // namespace limpid
