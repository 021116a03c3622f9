#include "core/simulate/orientation.h"

#include "tests/support/catch.h"

#include <cmath>
#include <numbers>

using namespace limpid;

TEST_CASE("orientation: the matrix is that of the ZYZ convention written out") {
  const EulerAngles angles{25, 70, -130};
  const double degree = std::numbers::pi / 180;
  const double ca = std::cos(angles.rot * degree), sa = std::sin(angles.rot * degree);
  const double cb = std::cos(angles.tilt * degree), sb = std::sin(angles.tilt * degree);
  const double cg = std::cos(angles.psi * degree), sg = std::sin(angles.psi * degree);
  Eigen::Matrix3d expected;
  expected << cg * cb * ca - sg * sa, cg * cb * sa + sg * ca, -cg * sb, -sg * cb * ca - cg * sa,
      -sg * cb * sa + cg * ca, sg * sb, sb * ca, sb * sa, cb;
  CHECK((rotation_matrix(angles).cast<double>() - expected).norm() < 1e-6);
}

TEST_CASE("orientation: without preference all directions are equally likely") {
  RandomSequence random(3, 1);
  constexpr int draws = 20000;
  Eigen::Matrix3d mean = Eigen::Matrix3d::Zero();
  Eigen::Matrix3d mean_square = Eigen::Matrix3d::Zero();
  for (int i = 0; i < draws; ++i) {
    const Eigen::Matrix3d matrix = rotation_matrix(draw_orientation({}, random)).cast<double>();
    mean += matrix / draws;
    mean_square += matrix.cwiseProduct(matrix) / draws;
  }
  // Each element has mean 0, variance 1/3 and fourth moment 1/5 under the Haar measure.
  CHECK(mean.cwiseAbs().maxCoeff() < 5 * std::sqrt(1.0 / 3 / draws));
  CHECK((mean_square.array() - 1.0 / 3).abs().maxCoeff() <
        5 * std::sqrt((1.0 / 5 - 1.0 / 9) / draws));
}

TEST_CASE("orientation: preferred views gather as a von Mises-Fisher distribution") {
  RandomSequence random(3, 2);
  const ViewDistribution views{8, 40, 60};
  const Eigen::Vector3f preferred =
      rotation_matrix({views.preferred_rot_degrees, views.preferred_tilt_degrees, 0})
          .row(2)
          .transpose();
  constexpr int draws = 20000;
  double mean_cosine = 0;
  for (int i = 0; i < draws; ++i)
    mean_cosine += rotation_matrix(draw_orientation(views, random)).row(2).dot(preferred) / draws;
  // coth(kappa) - 1 / kappa.
  CHECK(mean_cosine == Approx(1 / std::tanh(8.0) - 1.0 / 8).margin(5 * 0.13 / std::sqrt(draws)));
}

TEST_CASE("orientation: flat objects have their axis in the plane") {
  RandomSequence random(3, 3);
  for (int i = 0; i < 100; ++i)
    CHECK(std::abs(rotation_matrix(draw_flat_orientation(2, random))(2, 2)) < 0.2);
}
