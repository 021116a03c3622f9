#include "core/simulate/landscape.h"

#include "core/base/parallel.h"
#include "core/simulate/electron.h"
#include "core/simulate/ice.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <span>

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

void draw_undulation(const IceLayer& ice,
                     const FieldGrid& field,
                     RandomSequence& random,
                     LandscapePlan& plan) {
  if (ice.undulation <= 0)
    return;
  constexpr std::size_t wave_count = undulation_wave_count;
  const double amplitude = ice.undulation * std::sqrt(2.0 / wave_count);
  plan.wave_columns.reserve(wave_count * static_cast<std::size_t>(field.width));
  plan.wave_rows.reserve(wave_count * static_cast<std::size_t>(field.height));
  for (std::size_t i = 0; i < wave_count; ++i) {
    const double wavelength =
        ice.undulation_wavelength_angstrom * std::exp(random.uniform(0, std::log(6.0)));
    const double direction = random.uniform(0, 2 * pi);
    const double step = 2 * pi * field.pixel_size_angstrom / wavelength;
    const double step_x = step * std::cos(direction);
    const double step_y = step * std::sin(direction);
    const double phase = random.uniform(0, 2 * pi);
    for (std::int64_t x = 0; x < field.width; ++x) {
      const double angle = step_x * static_cast<double>(x);
      plan.wave_columns.push_back({static_cast<float>(amplitude * std::cos(angle)),
                                   static_cast<float>(amplitude * std::sin(angle))});
    }
    for (std::int64_t y = 0; y < field.height; ++y) {
      const double angle = step_y * static_cast<double>(y) + phase;
      plan.wave_rows.push_back(
          {static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle))});
    }
  }
}

// What undulations make of the thickness along a row.
void fill_relative_thickness(const LandscapePlan& plan,
                             std::int64_t y,
                             std::vector<float>& relative) {
  std::fill(relative.begin(), relative.end(), 1.0f);
  if (plan.wave_columns.empty())
    return;
  const auto height = static_cast<std::size_t>(plan.shape.field.height);
  for (std::size_t wave = 0; wave < undulation_wave_count; ++wave) {
    const WavePart* columns = plan.wave_columns.data() + wave * relative.size();
    const auto [cosine, sine] = plan.wave_rows[wave * height + static_cast<std::size_t>(y)];
    for (std::size_t x = 0; x < relative.size(); ++x)
      relative[x] += cosine * columns[x].cosine - sine * columns[x].sine;
  }
}

// Those that reach a row.
std::vector<Lump> lumps_near(const LandscapePlan& plan, std::int64_t y) {
  std::vector<Lump> near;
  const double at = static_cast<double>(y) * plan.shape.field.pixel_size_angstrom;
  std::copy_if(plan.lumps.begin(), plan.lumps.end(), std::back_inserter(near), [at](const Lump& l) {
    return std::abs(at - l.y()) <= l.reach();
  });
  return near;
}

}  // namespace

LandscapePlan plan_landscape(const SpecimenSettings& specimen,
                             const Illumination& illumination,
                             const FieldGrid& field,
                             double voltage_kv,
                             RandomSequence& random) {
  const double pixel = field.pixel_size_angstrom;
  const auto middle = [&](std::int64_t margin_px, std::int64_t size_px) {
    return pixel * (static_cast<double>(margin_px) + 0.5 * static_cast<double>(size_px));
  };
  LandscapePlan plan;
  draw_undulation(specimen.ice, field, random, plan);
  LandscapeShape& shape = plan.shape;
  shape.field = field;
  shape.ice = specimen.ice;
  shape.illumination = illumination;
  shape.film = FilmShape(specimen.carbon,
                         middle(field.margin_x_px, field.image_width),
                         middle(field.margin_y_px, field.image_height),
                         random);
  plan.lumps = draw_lumps(specimen.contamination,
                          static_cast<double>(field.width) * pixel,
                          static_cast<double>(field.height) * pixel,
                          random);
  const double carbon_angstrom = specimen.carbon.thickness_angstrom;
  shape.has_film = carbon_angstrom > 0;
  shape.ice_path_angstrom = ice_mean_free_path_angstrom(voltage_kv);
  shape.film_loss = carbon_angstrom / carbon_mean_free_path_angstrom(voltage_kv);
  shape.film_phase =
      interaction_constant(voltage_kv) * carbon_inner_potential_volts * carbon_angstrom;
  shape.phase_of_ice = interaction_constant(voltage_kv) * ice_inner_potential_volts();
  return plan;
}

Landscape make_landscape(const LandscapePlan& plan) {
  const FieldGrid& field = plan.shape.field;
  Landscape landscape;
  landscape.transmission = Image(field.width, field.height);
  if (plan.shape.has_film)
    landscape.film = Image(field.width, field.height);
  if (plan.has_phase())
    landscape.phase = Image(field.width, field.height);
  parallel_for(field.height, rows_at_a_time, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> relative(static_cast<std::size_t>(field.width));
    for (std::int64_t y = begin; y < end; ++y) {
      fill_relative_thickness(plan, y, relative);
      const std::vector<Lump> lumps = lumps_near(plan, y);
      for (std::int64_t x = 0; x < field.width; ++x) {
        const LandscapePixel pixel = landscape_at(
            plan.shape, lumps.data(), lumps.size(), x, y, relative[static_cast<std::size_t>(x)]);
        landscape.transmission.at(x, y) = pixel.transmission;
        if (!landscape.phase.empty())
          landscape.phase.at(x, y) = pixel.phase;
        if (!landscape.film.empty())
          landscape.film.at(x, y) = pixel.film;
      }
    }
  });
  return landscape;
}

}  // namespace limpid
