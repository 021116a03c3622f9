#include "core/simulate/surface_shapes.h"

#include "core/simulate/specimen.h"

#include <algorithm>
#include <cstdint>
#include <numbers>

namespace limpid {
namespace {

constexpr double pi = std::numbers::pi;

}  // namespace

FilmShape::FilmShape(const CarbonEdge& carbon,
                     double middle_x,
                     double middle_y,
                     RandomSequence& random)
    : radius_(carbon.hole_radius_angstrom) {
  const double direction = carbon.direction_degrees * pi / 180;
  const double to_hole = carbon.distance_angstrom - radius_;
  hole_x_ = middle_x + to_hole * std::cos(direction);
  hole_y_ = middle_y + to_hole * std::sin(direction);
  edge_width_ = random.uniform(25, 70);
  for (int i = 0; i < Waves::count; ++i) {
    const double wavelength = std::exp(random.uniform(std::log(60.0), std::log(1500.0)));
    ragged_.frequencies[i] = 2 * pi / wavelength;
    ragged_.phases[i] = random.uniform(0, 2 * pi);
    ragged_.amplitudes[i] = 0.02 * wavelength * random.uniform();
  }
}

Lump::Lump(bool is_frost, double x, double y, double radius, RandomSequence& random)
    : is_frost_(is_frost), x_(x), y_(y), radius_(radius) {
  thickness_ = radius * (is_frost ? random.uniform(0.4, 1.2) : random.uniform(0.3, 1.0));
  edge_ = is_frost ? std::max(25.0, radius * random.uniform(0.1, 0.5)) : 0.7 * radius;
  side_count_ = is_frost ? static_cast<int>(4 + random.below(5)) : 0;
  const double turn = random.uniform(0, 2 * pi);
  for (int i = 0; i < side_count_; ++i) {
    const double angle = turn + 2 * pi * (static_cast<double>(i) + random.uniform(-0.3, 0.3)) /
                                    static_cast<double>(side_count_);
    sides_[i] = {std::cos(angle), std::sin(angle), radius * random.uniform(0.65, 1.2)};
  }
  for (Waves* waves : {&outline_, &mottle_x_, &mottle_y_})
    for (int i = 0; i < Waves::count; ++i) {
      waves->frequencies[i] = waves == &outline_ ? static_cast<double>(i + 2)
                                                 : 2 * pi * random.uniform(0.5, 4) / radius;
      waves->phases[i] = random.uniform(0, 2 * pi);
      waves->amplitudes[i] = 0.05 * random.uniform();
    }
}

}  // namespace limpid
