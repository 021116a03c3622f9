#include "core/simulate/molecular_matter.h"

#include "tests/support/catch.h"

#include <cmath>
#include <numbers>

using namespace limpid;

namespace {

FillVolume ball(float radius) {
  return {Eigen::Vector3f::Zero(), radius, [radius](const Eigen::Vector3f& position) {
            return position.norm() < radius;
          }};
}

double volume_of_ball(double radius) {
  return 4 * std::numbers::pi / 3 * std::pow(radius, 3);
}

double share(const Structure& structure, AtomKind kind) {
  return count_kinds(structure)[static_cast<std::size_t>(kind)] /
         static_cast<double>(structure.size());
}

}  // namespace

TEST_CASE("molecular matter: protein has its mass density and elements, as helices or strands") {
  for (const double helix_fraction : {0.0, 0.5, 1.0}) {
    CAPTURE(helix_fraction);
    RandomSequence random(1, static_cast<std::uint64_t>(2 * helix_fraction));
    Structure structure;
    fill_with_protein(structure, ball(60), Eigen::Matrix3f::Identity(), helix_fraction, random);
    // Residues are kept when their place on the rod is inside.
    CHECK(mass_dalton(structure) / volume_of_ball(60) == Approx(0.81).epsilon(0.06));
    // C 4.94 N 1.36 O 1.48 S 0.04 of 7.82.
    CHECK(share(structure, AtomKind::carbon) == Approx(0.632).margin(0.02));
    CHECK(share(structure, AtomKind::nitrogen) == Approx(0.174).margin(0.02));
    CHECK(share(structure, AtomKind::oxygen) == Approx(0.189).margin(0.02));
    CHECK(share(structure, AtomKind::sulfur) < 0.02);
  }
}

TEST_CASE("molecular matter: strands repeat every 4.8 A, helix layers every 9.5 A") {
  const auto amplitude = [](const Structure& structure, const Eigen::Vector3f& direction, float d) {
    double cosine = 0;
    double sine = 0;
    for (const auto& position : structure.positions) {
      const double angle = 2 * std::numbers::pi * position.dot(direction) / d;
      cosine += std::cos(angle);
      sine += std::sin(angle);
    }
    return std::hypot(cosine, sine) / static_cast<double>(structure.size());
  };
  RandomSequence random(2, 1);
  Structure helices;
  fill_with_protein(helices, ball(50), Eigen::Matrix3f::Identity(), 1, random);
  CHECK(amplitude(helices, Eigen::Vector3f::UnitZ(), 9.5f) > 0.1);
  CHECK(amplitude(helices, Eigen::Vector3f::UnitZ(), 7.3f) < 0.03);
}

TEST_CASE("molecular matter: duplexes hold one phosphorus a nucleotide and 20 heavy atoms") {
  RandomSequence random(3, 1);
  Structure structure;
  fill_with_nucleic_acid(structure, ball(60), Eigen::Matrix3f::Identity(), random);
  CHECK(share(structure, AtomKind::phosphorus) == Approx(0.05).epsilon(0.01));
  // Two nucleotides of 320 Da in 2.8 A of a rod that takes 419 A^2.
  CHECK(mass_dalton(structure) / volume_of_ball(60) == Approx(640 / (2.8 * 419)).epsilon(0.12));
}

TEST_CASE("molecular matter: lipid fills a layer of 40 A with denser faces") {
  RandomSequence random(4, 1);
  Structure structure;
  fill_with_lipid(structure, ball(60), random);
  double core = 0;
  for (const auto& position : structure.positions) {
    REQUIRE(std::abs(position.z()) < 21);
    core += std::abs(position.z()) < 10 ? 1 : 0;
  }
  // One CH2 in 27 A^3 inside of the layer, cut from a ball.
  const double volume = std::numbers::pi * (60 * 60 * 20 - 2 * std::pow(10, 3) / 3);
  CHECK(core / volume == Approx(1.0 / 27).epsilon(0.05));
  CHECK(share(structure, AtomKind::phosphorus) > 0.01);
}
