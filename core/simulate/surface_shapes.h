#pragma once

#include "core/base/host_device.h"
#include "core/base/random.h"

#include <cmath>

// Shapes of what lies on the specimen, alike on the host and on devices. Lengths in angstrom from
// the corner of the field.
namespace limpid {

struct CarbonEdge;

LIMPID_HOST_DEVICE inline double smooth_step(double x) {
  const double t = x < 0 ? 0 : (x > 1 ? 1 : x);
  return t * t * (3 - 2 * t);
}

// A closed or open wavy line: a sum of sines of an angle or a length.
struct Waves {
  static constexpr int count = 6;
  double frequencies[count] = {};
  double phases[count] = {};
  double amplitudes[count] = {};

  LIMPID_HOST_DEVICE double operator()(double x) const {
    double sum = 0;
    for (int i = 0; i < count; ++i)
      sum += amplitudes[i] * std::sin(frequencies[i] * x + phases[i]);
    return sum;
  }
  // No value is further from 0.
  LIMPID_HOST_DEVICE double bound() const {
    double sum = 0;
    for (const double amplitude : amplitudes)
      sum += amplitude;
    return sum;
  }
};

// Carbon film beyond the rim of a hole, whose edge is ragged and 25 to 70 A wide.
class FilmShape {
 public:
  FilmShape() = default;
  FilmShape(const CarbonEdge& carbon, double middle_x, double middle_y, RandomSequence& random);

  // 1 on the film, 0 in the hole.
  LIMPID_HOST_DEVICE double operator()(double x, double y) const {
    const double dx = x - hole_x_;
    const double dy = y - hole_y_;
    const double beyond = std::sqrt(dx * dx + dy * dy) - radius_;
    if (beyond < -3 * edge_width_ - 100)
      return 0;
    // Where the rags, which are most of the work, change nothing.
    const double bound = ragged_.bound();
    if (beyond - bound > 0.5 * edge_width_)
      return 1;
    if (beyond + bound < -0.5 * edge_width_)
      return 0;
    const double along = radius_ * std::atan2(dy, dx);
    return smooth_step((beyond + ragged_(along)) / edge_width_ + 0.5);
  }

 private:
  double radius_ = 0;
  double hole_x_ = 0;
  double hole_y_ = 0;
  double edge_width_ = 1;
  Waves ragged_;
};

// A lump: a thickness profile over an outline. Frost has straight sides, cut where half planes
// meet, and a mottled inside; droplets are round caps.
class Lump {
 public:
  Lump() = default;
  Lump(bool is_frost, double x, double y, double radius, RandomSequence& random);

  LIMPID_HOST_DEVICE double reach() const { return 1.6 * radius_; }
  double x() const { return x_; }
  double y() const { return y_; }

  LIMPID_HOST_DEVICE double thickness(double x, double y) const {
    const double dx = x - x_;
    const double dy = y - y_;
    const double distance = std::sqrt(dx * dx + dy * dy);
    if (distance > reach())
      return 0;
    double inside = 2 * radius_;
    for (int i = 0; i < side_count_; ++i) {
      const double to_side = sides_[i].distance - sides_[i].x * dx - sides_[i].y * dy;
      inside = to_side < inside ? to_side : inside;
    }
    // Before the sines, which are most of the work.
    if (inside <= 0)
      return 0;
    const double to_outline = radius_ * (1.2 + outline_(std::atan2(dy, dx))) - distance;
    inside = to_outline < inside ? to_outline : inside;
    if (inside <= 0)
      return 0;
    const double mottle = is_frost_ ? 1 + mottle_x_(dx + 0.5 * dy) + mottle_y_(dy - 0.5 * dx) : 1;
    return thickness_ * mottle * smooth_step(inside / edge_);
  }

  // Relative to ice. Crystals scatter out of the aperture by Bragg reflection on top of what
  // amorphous ice does; ethane is half as dense as ice.
  LIMPID_HOST_DEVICE double absorption_factor() const { return is_frost_ ? 2.5 : 0.7; }
  LIMPID_HOST_DEVICE double potential_factor() const { return is_frost_ ? 1.0 : 0.8; }

 private:
  struct Side {
    double x;
    double y;
    double distance;
  };
  static constexpr int most_sides = 8;

  bool is_frost_ = false;
  double x_ = 0;
  double y_ = 0;
  double radius_ = 0;
  double thickness_ = 0;
  double edge_ = 1;
  Side sides_[most_sides] = {};
  int side_count_ = 0;
  Waves outline_;
  Waves mottle_x_;
  Waves mottle_y_;
};

}  // namespace limpid
