#include "core/simulate/orientation.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace limpid {
namespace {

constexpr double degrees = 180 / std::numbers::pi;

// Wood 1994, Commun. Stat. Simul. 23:157: the cosine to the mean direction on the sphere.
double draw_von_mises_fisher_cosine(double concentration, RandomSequence& random) {
  const double u = random.uniform();
  return 1 + std::log(u + (1 - u) * std::exp(-2 * concentration)) / concentration;
}

}  // namespace

Eigen::Matrix3f rotation_matrix(const EulerAngles& angles) {
  using Eigen::AngleAxisd;
  using Eigen::Vector3d;
  // The frame turns, so the object turns the other way.
  const Eigen::Matrix3d matrix = (AngleAxisd(-angles.psi / degrees, Vector3d::UnitZ()) *
                                  AngleAxisd(-angles.tilt / degrees, Vector3d::UnitY()) *
                                  AngleAxisd(-angles.rot / degrees, Vector3d::UnitZ()))
                                     .toRotationMatrix();
  return matrix.cast<float>();
}

Eigen::Vector3f draw_direction(RandomSequence& random) {
  const double z = random.uniform(-1, 1);
  const double angle = random.uniform(0, 2 * std::numbers::pi);
  const double radius = std::sqrt(std::max(0.0, 1 - z * z));
  return Eigen::Vector3d(radius * std::cos(angle), radius * std::sin(angle), z).cast<float>();
}

EulerAngles draw_orientation(const ViewDistribution& views, RandomSequence& random) {
  EulerAngles angles;
  angles.psi = random.uniform(-180, 180);
  const double around = random.uniform(-180, 180);
  if (views.concentration <= 0) {
    angles.rot = around;
    angles.tilt = std::acos(random.uniform(-1, 1)) * degrees;
    return angles;
  }
  const double cosine = draw_von_mises_fisher_cosine(views.concentration, random);
  const double sine = std::sqrt(std::max(0.0, 1 - cosine * cosine));
  const Eigen::Vector3d about_z(
      sine * std::cos(around / degrees), sine * std::sin(around / degrees), cosine);
  const Eigen::Vector3d view =
      Eigen::AngleAxisd(views.preferred_rot_degrees / degrees, Eigen::Vector3d::UnitZ()) *
      Eigen::AngleAxisd(views.preferred_tilt_degrees / degrees, Eigen::Vector3d::UnitY()) * about_z;
  angles.rot = std::atan2(view.y(), view.x()) * degrees;
  angles.tilt = std::acos(std::clamp(view.z(), -1.0, 1.0)) * degrees;
  return angles;
}

EulerAngles draw_flat_orientation(double tilt_spread_degrees, RandomSequence& random) {
  return {random.uniform(-180, 180),
          90 + tilt_spread_degrees * random.normal(),
          random.uniform(-180, 180)};
}

}  // namespace limpid
