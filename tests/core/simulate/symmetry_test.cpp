#include "core/simulate/symmetry.h"

#include "tests/support/catch.h"

#include <cmath>
#include <numbers>

using namespace limpid;

namespace {

void check_group(const SymmetryOperators& operators, std::size_t order) {
  REQUIRE(operators.size() == order);
  CHECK(operators.front().isApprox(Eigen::Isometry3f::Identity()));
  for (const auto& a : operators) {
    CHECK(a.linear().determinant() == Approx(1).margin(1e-5));
    for (const auto& b : operators) {
      const Eigen::Matrix3f product = a.linear() * b.linear();
      bool is_member = false;
      for (const auto& c : operators)
        is_member = is_member || (product - c.linear()).norm() < 1e-4f;
      REQUIRE(is_member);
    }
  }
}

}  // namespace

TEST_CASE("symmetry: point groups are closed and have their order") {
  check_group(cyclic_symmetry(1), 1);
  check_group(cyclic_symmetry(7), 7);
  check_group(dihedral_symmetry(2), 4);
  check_group(dihedral_symmetry(7), 14);
  check_group(tetrahedral_symmetry(), 12);
  check_group(octahedral_symmetry(), 24);
  check_group(icosahedral_symmetry(), 60);
}

TEST_CASE("symmetry: a helix climbs by its rise and turns by its twist, middle first") {
  const auto helix = helical_symmetry(5, 10, 36);
  REQUIRE(helix.size() == 5);
  CHECK(helix.front().isApprox(Eigen::Isometry3f::Identity()));
  const Eigen::Vector3f start(20, 0, 0);
  float lowest = 0;
  float highest = 0;
  for (const auto& motion : helix) {
    const Eigen::Vector3f place = motion * start;
    lowest = std::min(lowest, place.z());
    highest = std::max(highest, place.z());
    const double angle = place.z() / 10 * 36 * std::numbers::pi / 180;
    CHECK(place.x() == Approx(20 * std::cos(angle)).margin(1e-4));
    CHECK(place.y() == Approx(20 * std::sin(angle)).margin(1e-4));
  }
  CHECK(lowest == Approx(-20));
  CHECK(highest == Approx(20));
}
