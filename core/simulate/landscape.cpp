#include "core/simulate/landscape.h"

#include "core/base/parallel.h"
#include "core/simulate/electron.h"
#include "core/simulate/ice.h"
#include "core/simulate/scattering.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numbers>
#include <vector>

namespace limpid {
namespace {

constexpr double pi = std::numbers::pi;
constexpr std::int64_t rows_at_a_time = 16;

double smooth_step(double x) {
  const double t = std::clamp(x, 0.0, 1.0);
  return t * t * (3 - 2 * t);
}

// A closed or open wavy line: sum of a few sines of an angle or a length.
struct Waves {
  std::array<double, 6> frequencies{};
  std::array<double, 6> phases{};
  std::array<double, 6> amplitudes{};

  double operator()(double x) const {
    double sum = 0;
    for (std::size_t i = 0; i < frequencies.size(); ++i)
      sum += amplitudes[i] * std::sin(frequencies[i] * x + phases[i]);
    return sum;
  }
};

// Film of height 1 beyond the rim of the hole, whose edge is ragged and some 40 A wide.
class FilmShape {
 public:
  FilmShape(const CarbonEdge& carbon, double centre_x, double centre_y, RandomSequence& random)
      : radius_(carbon.hole_radius_angstrom) {
    const double direction = carbon.direction_degrees * pi / 180;
    const double to_hole = carbon.distance_angstrom - radius_;
    hole_x_ = centre_x + to_hole * std::cos(direction);
    hole_y_ = centre_y + to_hole * std::sin(direction);
    edge_width_ = random.uniform(25, 70);
    for (std::size_t i = 0; i < ragged_.frequencies.size(); ++i) {
      const double wavelength = std::exp(random.uniform(std::log(60.0), std::log(1500.0)));
      ragged_.frequencies[i] = 2 * pi / wavelength;
      ragged_.phases[i] = random.uniform(0, 2 * pi);
      ragged_.amplitudes[i] = 0.02 * wavelength * random.uniform();
    }
  }

  double operator()(double x, double y) const {
    const double dx = x - hole_x_;
    const double dy = y - hole_y_;
    const double beyond = std::sqrt(dx * dx + dy * dy) - radius_;
    if (beyond < -3 * edge_width_ - 100)
      return 0;
    const double along = radius_ * std::atan2(dy, dx);
    return smooth_step((beyond + ragged_(along)) / edge_width_ + 0.5);
  }

 private:
  double radius_;
  double hole_x_;
  double hole_y_;
  double edge_width_;
  Waves ragged_;
};

// A lump: a thickness profile over an outline. Frost has straight sides, cut where half planes
// meet, and a mottled inside; droplets are round caps.
class Lump {
 public:
  Lump(bool is_frost, double x, double y, double radius, RandomSequence& random)
      : is_frost_(is_frost), x_(x), y_(y), radius_(radius) {
    thickness_ = radius * (is_frost ? random.uniform(0.4, 1.2) : random.uniform(0.3, 1.0));
    edge_ = is_frost ? std::max(25.0, radius * random.uniform(0.1, 0.5)) : 0.7 * radius;
    const std::int64_t sides = is_frost ? 4 + random.below(5) : 0;
    const double turn = random.uniform(0, 2 * pi);
    for (std::int64_t i = 0; i < sides; ++i) {
      const double angle = turn + 2 * pi * (static_cast<double>(i) + random.uniform(-0.3, 0.3)) /
                                      static_cast<double>(sides);
      sides_.push_back({std::cos(angle), std::sin(angle), radius * random.uniform(0.65, 1.2)});
    }
    for (Waves* waves : {&outline_, &mottle_x_, &mottle_y_})
      for (std::size_t i = 0; i < waves->frequencies.size(); ++i) {
        waves->frequencies[i] = waves == &outline_ ? static_cast<double>(i + 2)
                                                   : 2 * pi * random.uniform(0.5, 4) / radius;
        waves->phases[i] = random.uniform(0, 2 * pi);
        waves->amplitudes[i] = 0.05 * random.uniform();
      }
  }

  double reach() const { return 1.6 * radius_; }
  double x() const { return x_; }
  double y() const { return y_; }

  double thickness(double x, double y) const {
    const double dx = x - x_;
    const double dy = y - y_;
    const double distance = std::sqrt(dx * dx + dy * dy);
    if (distance > reach())
      return 0;
    double inside = radius_ * (1.2 + outline_(std::atan2(dy, dx))) - distance;
    for (const Side& side : sides_)
      inside = std::min(inside, side.distance - side.x * dx - side.y * dy);
    const double mottle = is_frost_ ? 1 + mottle_x_(dx + 0.5 * dy) + mottle_y_(dy - 0.5 * dx) : 1;
    return thickness_ * mottle * smooth_step(inside / edge_);
  }

  // Crystals scatter out of the aperture by Bragg reflection on top of what amorphous ice does;
  // ethane is half as dense as ice.
  double absorption_factor() const { return is_frost_ ? 2.5 : 0.7; }
  double potential_factor() const { return is_frost_ ? 1.0 : 0.8; }

 private:
  struct Side {
    double x;
    double y;
    double distance;
  };

  bool is_frost_;
  double x_;
  double y_;
  double radius_;
  double thickness_;
  double edge_;
  std::vector<Side> sides_;
  Waves outline_;
  Waves mottle_x_;
  Waves mottle_y_;
};

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

void for_each_pixel(const Image& image,
                    const std::function<void(std::int64_t x, std::int64_t y)>& visit) {
  parallel_for(image.height(), rows_at_a_time, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t y = begin; y < end; ++y)
      for (std::int64_t x = 0; x < image.width(); ++x)
        visit(x, y);
  });
}

}  // namespace

Landscape make_landscape(const SpecimenSettings& specimen,
                         const Illumination& illumination,
                         const FieldGrid& field,
                         double voltage_kv,
                         RandomSequence& random) {
  const double pixel = field.pixel_size_angstrom;
  const double width = static_cast<double>(field.width) * pixel;
  const double height = static_cast<double>(field.height) * pixel;
  const double sigma = interaction_constant(voltage_kv);
  const double ice_path = ice_mean_free_path_angstrom(voltage_kv);
  const double ice_volts = ice_inner_potential_volts();
  const bool has_film = specimen.carbon.thickness_angstrom > 0;
  const double middle_x = pixel * (static_cast<double>(field.margin_x_px) +
                                   0.5 * static_cast<double>(field.image_width));
  const double middle_y = pixel * (static_cast<double>(field.margin_y_px) +
                                   0.5 * static_cast<double>(field.image_height));
  const FilmShape film(specimen.carbon, middle_x, middle_y, random);
  const std::vector<Lump> lumps = draw_lumps(specimen.contamination, width, height, random);

  Landscape landscape;
  landscape.transmission = Image(field.width, field.height);
  if (has_film)
    landscape.film = Image(field.width, field.height);
  if (has_film || !lumps.empty())
    landscape.phase = Image(field.width, field.height);

  const double film_loss =
      specimen.carbon.thickness_angstrom / carbon_mean_free_path_angstrom(voltage_kv);
  const double film_phase =
      sigma * carbon_inner_potential_volts * specimen.carbon.thickness_angstrom;
  for_each_pixel(landscape.transmission, [&](std::int64_t x, std::int64_t y) {
    const double u = field.fraction_x(static_cast<double>(x));
    const double v = field.fraction_y(static_cast<double>(y));
    double loss = ice_thickness_angstrom(specimen.ice, u, v) / ice_path;
    if (has_film) {
      const double on_film = film(static_cast<double>(x) * pixel, static_cast<double>(y) * pixel);
      landscape.film.at(x, y) = static_cast<float>(on_film);
      landscape.phase.at(x, y) = static_cast<float>(on_film * film_phase);
      loss += on_film * film_loss;
    }
    for (const Lump& lump : lumps) {
      const double px = static_cast<double>(x) * pixel;
      const double py = static_cast<double>(y) * pixel;
      if (std::abs(px - lump.x()) > lump.reach() || std::abs(py - lump.y()) > lump.reach())
        continue;
      const double thickness = lump.thickness(px, py);
      landscape.phase.at(x, y) +=
          static_cast<float>(sigma * ice_volts * thickness * lump.potential_factor());
      loss += lump.absorption_factor() * thickness / ice_path;
    }
    const double light =
        1 + illumination.gradient_x * (u - 0.5) + illumination.gradient_y * (v - 0.5) +
        illumination.curvature * 2 * ((u - 0.5) * (u - 0.5) + (v - 0.5) * (v - 0.5));
    landscape.transmission.at(x, y) = static_cast<float>(std::max(0.05, light) * std::exp(-loss));
  });
  return landscape;
}

}  // namespace limpid
