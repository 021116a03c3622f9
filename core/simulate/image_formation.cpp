#include "core/simulate/image_formation.h"

#include "core/simulate/complex_normal.h"
#include "core/simulate/electron.h"
#include "core/simulate/ice.h"
#include "core/simulate/particle_spreading.h"
#include "core/simulate/projection.h"
#include "core/simulate/radiation_damage.h"
#include "core/simulate/random_streams.h"
#include "core/simulate/spectrum_loop.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace limpid {
namespace {

using Complex = std::complex<float>;
using std::numbers::pi;

}  // namespace

ImageFormation::ImageFormation(const SimulationSettings& settings,
                               const FieldGrid& field,
                               const FrameMotion& motion,
                               const Detector& detector)
    : settings_(settings),
      field_(field),
      motion_(motion),
      detector_(detector),
      ctf_(settings.ctf) {}

double ImageFormation::frame_exposure() const {
  return settings_.exposure_e_per_a2 / settings_.frame_count;
}

double ImageFormation::frame_survival(double k, int frame) const {
  return frame_survival(k, critical_exposure(k, settings_.ctf.voltage_kv), frame);
}

double ImageFormation::frame_survival(double k, double critical, int frame) const {
  const double blur = motion_blur(k, motion_.travel_angstrom[static_cast<std::size_t>(frame)]);
  if (!settings_.has_radiation_damage)
    return blur;
  return blur *
         surviving_amplitude(critical, frame * frame_exposure(), (frame + 1) * frame_exposure());
}

std::array<double, 2> ImageFormation::survival_sums(double k) const {
  // The same for all frames, and the dearest part.
  const double critical = critical_exposure(k, settings_.ctf.voltage_kv);
  std::array<double, 2> sums{};
  for (int frame = 0; frame < settings_.frame_count; ++frame)
    sums[static_cast<std::size_t>(frame % 2)] += frame_survival(k, critical, frame);
  return sums;
}

double ImageFormation::transfer_before(double cycles_per_px) const {
  return ctf_.envelope(cycles_per_px / field_.pixel_size_angstrom) *
         detector_.blur_before(cycles_per_px);
}

double ImageFormation::transfer_in_all(double cycles_per_px) const {
  return ctf_.envelope(cycles_per_px / field_.pixel_size_angstrom) *
         detector_.blur_in_all(cycles_per_px);
}

double ImageFormation::depth_averaged_power(double kx, double ky) const {
  return depth_averaged_transfer_power(
      ctf_.phase(), ctf_.alpha(), settings_.specimen.ice.thickness_angstrom, kx, ky);
}

double ImageFormation::ice_sigma(double k) const {
  const double pixel_area = field_.pixel_size_angstrom * field_.pixel_size_angstrom;
  const double power =
      ice_phase_power(k, settings_.specimen.ice.thickness_angstrom, settings_.ctf.voltage_kv);
  return std::sqrt(power * static_cast<double>(field_.width * field_.height) / pixel_area);
}

double ImageFormation::roughness_sigma(double k) const {
  const double pixel_area = field_.pixel_size_angstrom * field_.pixel_size_angstrom;
  const double power =
      roughness_phase_power(k, settings_.specimen.ice.roughness, settings_.ctf.voltage_kv);
  return std::sqrt(power * static_cast<double>(field_.width * field_.height) / pixel_area);
}

double ImageFormation::slab_thickness_angstrom() const {
  // The phase gamma of what lies half a slab off is wrong by pi / 8 at 1 / (4 A) or at the Nyquist
  // frequency, whichever comes first.
  const double k = std::min(0.25, 0.5 / field_.pixel_size_angstrom);
  return 0.25 / (ctf_.wavelength_angstrom() * k * k);
}

RadialTable<largest_basis_rank> ImageFormation::scattering_table(
    const ScatteringBasis& basis) const {
  const double pixel = field_.pixel_size_angstrom;
  const double scale = -2 * interaction_constant(settings_.ctf.voltage_kv) * volts_per_form_factor /
                       (pixel * pixel * std::cos(ctf_.alpha()));
  return RadialTable<largest_basis_rank>([&](double frequency) {
    std::array<float, largest_basis_rank> values{};
    for (std::size_t function = 0; function < basis.rank(); ++function)
      values[function] = static_cast<float>(scale * basis.value(function, frequency / pixel));
    return values;
  });
}

Spectrum ImageFormation::particle_contrast(std::span<const Structure> structures,
                                           std::span<const Placement> particles) const {
  Spectrum contrast(field_.width, field_.height);
  if (particles.empty())
    return contrast;
  const double pixel = field_.pixel_size_angstrom;
  const ScatteringBasis basis = make_scattering_basis(structures, pixel);
  std::vector<Slab> slabs =
      spread_particles(field_, structures, particles, basis, slab_thickness_angstrom());
  const auto columns = spreading_kernel_transforms(field_.width);
  const auto rows = spreading_kernel_transforms(field_.height);
  const auto basis_values = scattering_table(basis);
  for (Slab& slab : slabs) {
    std::vector<Spectrum> spreads;
    for (Image& spread : slab.spread) {
      spreads.push_back(fourier_transform(spread));
      spread = Image();
    }
    for_each_frequency(contrast, [&](std::int64_t x, std::int64_t y, double fx, double fy) {
      const auto values = basis_values.at(fx, fy);
      Complex phase = 0;
      for (std::size_t function = 0; function < spreads.size(); ++function)
        phase += values[function] * spreads[function].at(x, y);
      const float kernel = columns[static_cast<std::size_t>(x)] * rows[static_cast<std::size_t>(y)];
      const float transfer = reduced_sine(ctf_.phase(fx / pixel, fy / pixel, slab.height_angstrom));
      contrast.at(x, y) += transfer / kernel * phase;
    });
  }
  return contrast;
}

Spectrum ImageFormation::phase_contrast(const Image& phase) const {
  Spectrum contrast = fourier_transform(phase);
  const double pixel = field_.pixel_size_angstrom;
  for_each_frequency(contrast, [&](std::int64_t x, std::int64_t y, double fx, double fy) {
    contrast.at(x, y) *= -2 * reduced_sine(ctf_.phase(fx / pixel, fy / pixel) - ctf_.alpha());
  });
  return contrast;
}

RadialTable<HalfColumn::count> ImageFormation::half_table() const {
  const double pixel = field_.pixel_size_angstrom;
  const int frames = settings_.frame_count;
  return RadialTable<HalfColumn::count>([&](double frequency) {
    const double k = frequency / pixel;
    const auto [even_sum, odd_sum] = survival_sums(k);
    // Cholesky factor of the covariance of the ice in both halves.
    const HalfCovariance moving =
        half_covariance(ice_decay_rate(k, settings_.ctf.voltage_kv), frame_exposure(), frames);
    const double fresh = settings_.has_ice_noise ? ice_sigma(k) * ice_sigma(k) : 0;
    const double rough = settings_.has_ice_noise ? roughness_sigma(k) * roughness_sigma(k) : 0;
    const double even = std::sqrt(fresh * moving.even + rough);
    const double cross = even > 0 ? (fresh * moving.cross + rough) / even : 0;
    const double odd = std::sqrt(std::max(0.0, fresh * moving.odd + rough - cross * cross));
    return std::array{static_cast<float>(transfer_before(frequency)),
                      static_cast<float>(transfer_in_all(frequency)),
                      static_cast<float>(even_sum / ((frames + 1) / 2)),
                      static_cast<float>(odd_sum / (frames / 2)),
                      static_cast<float>(even),
                      static_cast<float>(cross),
                      static_cast<float>(odd)};
  });
}

HalfContrasts ImageFormation::form_halves(const Spectrum& particles,
                                          const Spectrum& film,
                                          std::uint64_t seed,
                                          std::uint64_t micrograph_index) const {
  const double pixel = field_.pixel_size_angstrom;
  const int frames = settings_.frame_count;
  const auto table = half_table();
  const float even_share = static_cast<float>((frames + 1) / 2) / static_cast<float>(frames);

  HalfContrasts halves{Spectrum(field_.width, field_.height),
                       Spectrum(field_.width, field_.height),
                       Spectrum(field_.width, field_.height)};
  const bool has_film = !film.values().empty();
  for_each_frequency(particles, [&](std::int64_t x, std::int64_t y, double fx, double fy) {
    const auto row = table.at(fx, fy);
    const Complex particle = particles.at(x, y);
    const Complex still = has_film ? film.at(x, y) : Complex();
    Complex even = row[HalfColumn::even_part] * particle + still;
    Complex odd = row[HalfColumn::odd_part] * particle + still;
    halves.truth.at(x, y) = row[HalfColumn::in_all] * (even_share * even + (1 - even_share) * odd);
    if (settings_.has_ice_noise && (x > 0 || y > 0)) {
      const auto normals = draw_complex_normals(
          seed,
          random_stream(micrograph_index, RandomPurpose::ice, static_cast<std::uint64_t>(y)),
          static_cast<std::uint64_t>(x));
      const float transfer =
          static_cast<float>(std::sqrt(depth_averaged_power(fx / pixel, fy / pixel))) *
          half_spectrum_factor(x, field_.width);
      even += transfer * row[HalfColumn::even_ice] * normals.first;
      odd += transfer * (row[HalfColumn::cross_ice] * normals.first +
                         row[HalfColumn::odd_ice] * normals.second);
    }
    halves.even.at(x, y) = row[HalfColumn::before] * even;
    halves.odd.at(x, y) = row[HalfColumn::before] * odd;
  });
  return halves;
}

RadialTable<1> ImageFormation::grain_table() const {
  const double pixel = field_.pixel_size_angstrom;
  const auto pixel_count = static_cast<double>(field_.width * field_.height);
  return RadialTable<1>([&](double frequency) {
    const double power = carbon_phase_power(
        frequency / pixel, settings_.specimen.carbon.thickness_angstrom, settings_.ctf.voltage_kv);
    return std::array{static_cast<float>(transfer_before(frequency) *
                                         std::sqrt(power * pixel_count / (pixel * pixel)))};
  });
}

Image ImageFormation::film_grain(std::uint64_t seed, std::uint64_t micrograph_index) const {
  const double pixel = field_.pixel_size_angstrom;
  const RadialTable<1> sigma = grain_table();
  Spectrum grain(field_.width, field_.height);
  for_each_frequency(grain, [&](std::int64_t x, std::int64_t y, double fx, double fy) {
    const auto normals = draw_complex_normals(
        seed,
        random_stream(micrograph_index, RandomPurpose::carbon, static_cast<std::uint64_t>(y)),
        static_cast<std::uint64_t>(x));
    grain.at(x, y) = 2 * reduced_sine(ctf_.phase(fx / pixel, fy / pixel)) *
                     half_spectrum_factor(x, field_.width) * sigma.at(fx, fy)[0] * normals.first;
  });
  grain.at(0, 0) = 0;
  return inverse_fourier_transform(grain);
}

}  // namespace limpid
