#include "core/simulate/packing.h"

#include "core/base/random.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <cmath>

using namespace limpid;

namespace {

std::vector<PackedSphere> random_spheres(int count, float radius, float size, float height) {
  RandomSequence random(4, static_cast<std::uint64_t>(count));
  std::vector<PackedSphere> spheres(static_cast<std::size_t>(count));
  for (PackedSphere& sphere : spheres) {
    const double x = random.uniform(0, size);
    const double y = random.uniform(0, size);
    const double z = random.uniform(-height, height);
    sphere.centre = Eigen::Vector3d(x, y, z).cast<float>();
    sphere.radius = radius;
  }
  return spheres;
}

double smallest_distance(const std::vector<PackedSphere>& spheres,
                         const std::vector<std::size_t>& kept,
                         float size) {
  double smallest = 1e9;
  for (std::size_t i : kept)
    for (std::size_t j : kept)
      if (i < j) {
        Eigen::Vector3f way = spheres[i].centre - spheres[j].centre;
        way.x() -= size * std::round(way.x() / size);
        way.y() -= size * std::round(way.y() / size);
        smallest = std::min<double>(smallest, way.norm());
      }
  return smallest;
}

}  // namespace

TEST_CASE("packing: a crowded layer relaxes without losing spheres") {
  // 60 % of the area, beyond what random placing without relaxation reaches (55 %).
  auto spheres = random_spheres(190, 50, 1580, 0);
  const auto kept = relax_packing(spheres, 1580, 1580);
  CHECK(kept.size() >= 185);
  CHECK(smallest_distance(spheres, kept, 1580) > 90);
}

TEST_CASE("packing: in a thick layer spheres may lie above each other") {
  auto spheres = random_spheres(300, 40, 800, 400);
  const auto kept = relax_packing(spheres, 800, 800);
  CHECK(smallest_distance(spheres, kept, 800) > 72);
  // 300 discs of this size would cover the field 2.4 times.
  CHECK(kept.size() > 250);
}

TEST_CASE("packing: too many spheres are thinned out") {
  auto spheres = random_spheres(400, 50, 1000, 0);
  const auto kept = relax_packing(spheres, 1000, 1000);
  CHECK(kept.size() < 130);
  CHECK(kept.size() > 50);
  CHECK(smallest_distance(spheres, kept, 1000) > 90);
}

TEST_CASE("packing: small fields and spheres without size are no trouble") {
  std::vector<PackedSphere> none;
  CHECK(relax_packing(none, 100, 100).empty());
  std::vector<PackedSphere> points(3);
  CHECK(relax_packing(points, 100, 100).size() == 3);
  auto wide = random_spheres(3, 80, 100, 0);
  CHECK(relax_packing(wide, 100, 100).size() == 1);
}

TEST_CASE("packing: spheres without size stay where they are among others") {
  auto spheres = random_spheres(120, 4, 400, 0);
  for (std::size_t i = 0; i < spheres.size(); i += 2)
    spheres[i].radius = 0;
  const auto before = spheres;
  const auto kept = relax_packing(spheres, 400, 400);
  std::vector<std::size_t> with_size;
  std::size_t points = 0;
  for (const std::size_t i : kept)
    if (spheres[i].radius > 0)
      with_size.push_back(i);
    else
      ++points;
  CHECK(points == 60);
  CHECK(with_size.size() > 55);
  CHECK(smallest_distance(spheres, with_size, 400) > 7.2);
  for (std::size_t i = 0; i < spheres.size(); i += 2)
    CHECK(spheres[i].centre == before[i].centre);
}
