#include "core/simulate/surface_shapes.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace limpid {
namespace {

constexpr double pi = std::numbers::pi;

double smooth_step(double x) {
  const double t = std::clamp(x, 0.0, 1.0);
  return t * t * (3 - 2 * t);
}

}  // namespace

double Waves::operator()(double x) const {
  double sum = 0;
  for (std::size_t i = 0; i < frequencies.size(); ++i)
    sum += amplitudes[i] * std::sin(frequencies[i] * x + phases[i]);
  return sum;
}

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
  for (std::size_t i = 0; i < ragged_.frequencies.size(); ++i) {
    const double wavelength = std::exp(random.uniform(std::log(60.0), std::log(1500.0)));
    ragged_.frequencies[i] = 2 * pi / wavelength;
    ragged_.phases[i] = random.uniform(0, 2 * pi);
    ragged_.amplitudes[i] = 0.02 * wavelength * random.uniform();
  }
}

double FilmShape::operator()(double x, double y) const {
  const double dx = x - hole_x_;
  const double dy = y - hole_y_;
  const double beyond = std::sqrt(dx * dx + dy * dy) - radius_;
  if (beyond < -3 * edge_width_ - 100)
    return 0;
  const double along = radius_ * std::atan2(dy, dx);
  return smooth_step((beyond + ragged_(along)) / edge_width_ + 0.5);
}

Lump::Lump(bool is_frost, double x, double y, double radius, RandomSequence& random)
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

double Lump::thickness(double x, double y) const {
  const double dx = x - x_;
  const double dy = y - y_;
  const double distance = std::sqrt(dx * dx + dy * dy);
  if (distance > reach())
    return 0;
  double inside = 2 * radius_;
  for (const Side& side : sides_)
    inside = std::min(inside, side.distance - side.x * dx - side.y * dy);
  // Before the sines, which are most of the work.
  if (inside <= 0)
    return 0;
  inside = std::min(inside, radius_ * (1.2 + outline_(std::atan2(dy, dx))) - distance);
  if (inside <= 0)
    return 0;
  const double mottle = is_frost_ ? 1 + mottle_x_(dx + 0.5 * dy) + mottle_y_(dy - 0.5 * dx) : 1;
  return thickness_ * mottle * smooth_step(inside / edge_);
}

}  // namespace limpid
