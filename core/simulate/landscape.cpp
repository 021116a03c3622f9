#include "core/simulate/landscape.h"

#include "core/base/parallel.h"
#include "core/simulate/electron.h"
#include "core/simulate/ice.h"
#include "core/simulate/scattering.h"
#include "core/simulate/surface_shapes.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>
#include <utility>
#include <vector>

namespace limpid {
namespace {

constexpr double pi = std::numbers::pi;
constexpr std::int64_t rows_at_a_time = 16;

std::vector<Lump> draw_lumps(const Contamination& contamination,
                             double width,
                             double height,
                             RandomSequence& random) {
  std::vector<Lump> lumps;
  const int count = contamination.frost_count + contamination.droplet_count;
  for (int i = 0; i < count; ++i) {
    const double x = random.uniform(0, width);
    const double y = random.uniform(0, height);
    const double radius = std::exp(random.uniform(std::log(contamination.smallest_radius_angstrom),
                                                  std::log(contamination.largest_radius_angstrom)));
    lumps.emplace_back(i < contamination.frost_count, x, y, radius, random);
  }
  return lumps;
}

// Slow undulations of the thickness: a sum of plane waves, which split into products of functions
// of x and of y.
class Undulation {
 public:
  Undulation(const IceLayer& ice, const FieldGrid& field, RandomSequence& random) {
    if (ice.undulation <= 0)
      return;
    const double amplitude = ice.undulation * std::sqrt(2.0 / wave_count);
    for (std::size_t i = 0; i < wave_count; ++i) {
      const double wavelength =
          ice.undulation_wavelength_angstrom * std::exp(random.uniform(0, std::log(6.0)));
      const double direction = random.uniform(0, 2 * pi);
      const double step = 2 * pi * field.pixel_size_angstrom / wavelength;
      Wave wave;
      wave.step_y = step * std::sin(direction);
      wave.phase = random.uniform(0, 2 * pi);
      for (std::int64_t x = 0; x < field.width; ++x) {
        const double angle = step * std::cos(direction) * static_cast<double>(x);
        wave.cosine.push_back(static_cast<float>(amplitude * std::cos(angle)));
        wave.sine.push_back(static_cast<float>(amplitude * std::sin(angle)));
      }
      waves_.push_back(std::move(wave));
    }
  }

  // Relative change of the thickness along a row.
  void add_row(std::int64_t y, std::vector<float>& row) const {
    for (const Wave& wave : waves_) {
      const double angle = wave.step_y * static_cast<double>(y) + wave.phase;
      const auto cosine = static_cast<float>(std::cos(angle));
      const auto sine = static_cast<float>(std::sin(angle));
      for (std::size_t x = 0; x < row.size(); ++x)
        row[x] += cosine * wave.cosine[x] - sine * wave.sine[x];
    }
  }

 private:
  static constexpr std::size_t wave_count = 16;
  struct Wave {
    double step_y = 0;
    double phase = 0;
    std::vector<float> cosine;
    std::vector<float> sine;
  };
  std::vector<Wave> waves_;
};

// What the rows of the landscape are made of.
struct Ground {
  const SpecimenSettings& specimen;
  const Illumination& illumination;
  const FieldGrid& field;
  double voltage_kv;
  const Undulation& undulation;
  const FilmShape& film;
  const std::vector<Lump>& lumps;

  bool has_film() const { return specimen.carbon.thickness_angstrom > 0; }

  void fill_row(std::int64_t y, Landscape& landscape) const {
    std::vector<float> relative(static_cast<std::size_t>(field.width), 1.0f);
    undulation.add_row(y, relative);
    const double v = field.fraction_y(static_cast<double>(y));
    const double ice_path = ice_mean_free_path_angstrom(voltage_kv);
    // Losses first, in mean free paths; then the light that is left.
    const std::span<float> row = landscape.transmission.row(y);
    for (std::size_t x = 0; x < row.size(); ++x) {
      const double u = field.fraction_x(static_cast<double>(x));
      row[x] = std::max(0.1f, relative[x]) *
               static_cast<float>(ice_thickness_angstrom(specimen.ice, u, v) / ice_path);
    }
    if (has_film())
      add_film(y, landscape);
    for (const Lump& lump : lumps)
      add_lump(lump, y, landscape);
    for (std::size_t x = 0; x < row.size(); ++x) {
      const double u = field.fraction_x(static_cast<double>(x)) - 0.5;
      const double light = 1 + illumination.gradient_x * u + illumination.gradient_y * (v - 0.5) +
                           illumination.curvature * 2 * (u * u + (v - 0.5) * (v - 0.5));
      row[x] = static_cast<float>(std::max(0.05, light)) * std::exp(-row[x]);
    }
  }

 private:
  void add_film(std::int64_t y, Landscape& landscape) const {
    const double thickness = specimen.carbon.thickness_angstrom;
    const double loss = thickness / carbon_mean_free_path_angstrom(voltage_kv);
    const double phase =
        interaction_constant(voltage_kv) * carbon_inner_potential_volts * thickness;
    const double pixel = field.pixel_size_angstrom;
    for (std::int64_t x = 0; x < field.width; ++x) {
      const double on_film = film(static_cast<double>(x) * pixel, static_cast<double>(y) * pixel);
      landscape.film.at(x, y) = static_cast<float>(on_film);
      landscape.phase.at(x, y) += static_cast<float>(on_film * phase);
      landscape.transmission.at(x, y) += static_cast<float>(on_film * loss);
    }
  }

  void add_lump(const Lump& lump, std::int64_t y, Landscape& landscape) const {
    const double pixel = field.pixel_size_angstrom;
    const double py = static_cast<double>(y) * pixel;
    if (std::abs(py - lump.y()) > lump.reach())
      return;
    const auto first = static_cast<std::int64_t>((lump.x() - lump.reach()) / pixel);
    const auto last = static_cast<std::int64_t>((lump.x() + lump.reach()) / pixel) + 1;
    const double loss = lump.absorption_factor() / ice_mean_free_path_angstrom(voltage_kv);
    const double phase =
        interaction_constant(voltage_kv) * ice_inner_potential_volts() * lump.potential_factor();
    for (std::int64_t x = std::max<std::int64_t>(0, first); x < std::min(field.width, last); ++x) {
      const double thickness = lump.thickness(static_cast<double>(x) * pixel, py);
      landscape.phase.at(x, y) += static_cast<float>(phase * thickness);
      landscape.transmission.at(x, y) += static_cast<float>(loss * thickness);
    }
  }
};

}  // namespace

Landscape make_landscape(const SpecimenSettings& specimen,
                         const Illumination& illumination,
                         const FieldGrid& field,
                         double voltage_kv,
                         RandomSequence& random) {
  const double pixel = field.pixel_size_angstrom;
  const auto middle = [&](std::int64_t margin_px, std::int64_t size_px) {
    return pixel * (static_cast<double>(margin_px) + 0.5 * static_cast<double>(size_px));
  };
  const Undulation undulation(specimen.ice, field, random);
  const FilmShape film(specimen.carbon,
                       middle(field.margin_x_px, field.image_width),
                       middle(field.margin_y_px, field.image_height),
                       random);
  const std::vector<Lump> lumps = draw_lumps(specimen.contamination,
                                             static_cast<double>(field.width) * pixel,
                                             static_cast<double>(field.height) * pixel,
                                             random);
  const Ground ground{specimen, illumination, field, voltage_kv, undulation, film, lumps};
  Landscape landscape;
  landscape.transmission = Image(field.width, field.height);
  if (ground.has_film())
    landscape.film = Image(field.width, field.height);
  if (ground.has_film() || !lumps.empty())
    landscape.phase = Image(field.width, field.height);
  parallel_for(field.height, rows_at_a_time, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t y = begin; y < end; ++y)
      ground.fill_row(y, landscape);
  });
  return landscape;
}

}  // namespace limpid
