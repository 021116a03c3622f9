#include "core/simulate/symmetry.h"

#include "core/base/error.h"

#include <cmath>
#include <numbers>

namespace limpid {
namespace {

using Eigen::AngleAxisd;
using Eigen::Matrix3d;
using Eigen::Vector3d;

constexpr double pi = std::numbers::pi;

// All products of the generators, found by closing the set. Groups here have at most 60 members.
SymmetryOperators generate_group(const std::vector<Matrix3d>& generators, std::size_t order) {
  std::vector<Matrix3d> members = {Matrix3d::Identity()};
  for (std::size_t next = 0; next < members.size(); ++next)
    for (const Matrix3d& generator : generators) {
      const Matrix3d product = generator * members[next];
      bool is_new = true;
      for (const Matrix3d& member : members)
        is_new = is_new && (product - member).norm() > 1e-6;
      if (is_new)
        members.push_back(product);
      require(members.size() <= order, "a point group of {} that does not close", order);
    }
  SymmetryOperators operators;
  for (const Matrix3d& member : members) {
    Eigen::Isometry3f motion = Eigen::Isometry3f::Identity();
    motion.linear() = member.cast<float>();
    operators.push_back(motion);
  }
  return operators;
}

Matrix3d turn(double degrees, const Vector3d& axis) {
  return AngleAxisd(degrees * pi / 180, axis.normalized()).toRotationMatrix();
}

}  // namespace

SymmetryOperators cyclic_symmetry(int order) {
  return generate_group({turn(360.0 / order, Vector3d::UnitZ())}, static_cast<std::size_t>(order));
}

SymmetryOperators dihedral_symmetry(int order) {
  return generate_group({turn(360.0 / order, Vector3d::UnitZ()), turn(180, Vector3d::UnitX())},
                        2 * static_cast<std::size_t>(order));
}

SymmetryOperators tetrahedral_symmetry() {
  return generate_group({turn(180, Vector3d::UnitZ()), turn(120, Vector3d(1, 1, 1))}, 12);
}

SymmetryOperators octahedral_symmetry() {
  return generate_group({turn(90, Vector3d::UnitZ()), turn(120, Vector3d(1, 1, 1))}, 24);
}

SymmetryOperators icosahedral_symmetry() {
  // A two-fold axis along z and a five-fold axis through a vertex (0, 1, golden ratio).
  const double golden = (1 + std::sqrt(5.0)) / 2;
  return generate_group({turn(180, Vector3d::UnitZ()), turn(72, Vector3d(0, 1, golden))}, 60);
}

SymmetryOperators helical_symmetry(int copies, double rise_angstrom, double twist_degrees) {
  SymmetryOperators operators;
  for (int i = 0; i < copies; ++i) {
    const int step = (i % 2 == 1 ? 1 : -1) * ((i + 1) / 2);
    Eigen::Isometry3d motion = Eigen::Isometry3d::Identity();
    motion.linear() = turn(step * twist_degrees, Vector3d::UnitZ());
    motion.translation() = Vector3d(0, 0, step * rise_angstrom);
    operators.push_back(motion.cast<float>());
  }
  return operators;
}

}  // namespace limpid
