#include "core/simulate/projection.h"

#include "core/base/parallel.h"
#include "core/image/fourier.h"
#include "core/simulate/electron.h"
#include "core/simulate/molecular_matter.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>

using namespace limpid;
using std::numbers::pi;

namespace {

Structure random_atoms(int count, double size, std::uint64_t stream) {
  RandomSequence random(8, stream);
  Structure structure;
  constexpr std::array<AtomKind, 4> kinds = {
      AtomKind::carbon, AtomKind::nitrogen, AtomKind::oxygen, AtomKind::carbon};
  for (int i = 0; i < count; ++i) {
    const double x = random.uniform(-size, size);
    const double y = random.uniform(-size, size);
    const double z = random.uniform(-size, size);
    structure.add(Eigen::Vector3d(x, y, z).cast<float>(),
                  kinds[static_cast<std::size_t>(random.below(4))]);
  }
  return structure;
}

double sum_of(const Image& image) {
  double sum = 0;
  for (float value : image.pixels())
    sum += value;
  return sum;
}

}  // namespace

TEST_CASE("projection: the phase adds up to the contrast form factors at frequency 0") {
  const Structure structure = random_atoms(300, 30, 1);
  const FieldGrid grid{96, 80, 1.3};
  Placement particle;
  particle.angles = {10, 50, 70};
  particle.position_angstrom = {60, 50, 0};
  const Image phase = project_phase(grid, {&structure, 1}, {&particle, 1}, 300);
  // The basis keeps the total to 0.1 %.
  CHECK(sum_of(phase) * 1.3 * 1.3 ==
        Approx(interaction_constant(300) * integrated_contrast_v_a3(structure)).epsilon(2e-3));
}

TEST_CASE("projection: the transform equals the sum over atoms of phase factors") {
  const Structure structure = random_atoms(200, 20, 2);
  const double pixel = 1.1;
  const FieldGrid grid{64, 72, pixel};
  Placement particle;
  particle.angles = {-35, 110, 20};
  particle.position_angstrom = {33.3f, 40.7f, 5};
  const Spectrum phase =
      fourier_transform(project_phase(grid, {&structure, 1}, {&particle, 1}, 200));
  const Eigen::Matrix3f rotation = rotation_matrix(particle.angles);
  const double scale = interaction_constant(200) * volts_per_form_factor / (pixel * pixel);
  double error = 0;
  double power = 0;
  for (std::int64_t y = 0; y < phase.height(); ++y)
    for (std::int64_t x = 0; x < phase.width(); ++x) {
      const double fx = phase.frequency_x(x);
      const double fy = phase.frequency_y(y);
      if (std::hypot(fx, fy) > 0.35)
        continue;
      std::complex<double> sum = 0;
      for (std::size_t i = 0; i < structure.size(); ++i) {
        const Eigen::Vector3f place =
            rotation * structure.positions[i] + particle.position_angstrom;
        sum += contrast_form_factor(structure.kinds[i], std::hypot(fx, fy) / pixel) *
               std::polar(1.0, -2 * pi * (fx * place.x() + fy * place.y()) / pixel);
      }
      error += std::norm(scale * sum - std::complex<double>(phase.at(x, y)));
      power += std::norm(scale * sum);
    }
  // The two functions of the basis reproduce single kinds to a few per cent at high frequencies.
  CHECK(std::sqrt(error / power) < 0.03);
}

TEST_CASE("projection: atoms of one kind are exact up to the interpolation") {
  Structure structure = random_atoms(50, 15, 3);
  for (AtomKind& kind : structure.kinds)
    kind = AtomKind::carbon;
  const FieldGrid grid{64, 64, 1};
  Placement particle;
  particle.position_angstrom = {31.2f, 30.1f, 0};
  const Spectrum phase =
      fourier_transform(project_phase(grid, {&structure, 1}, {&particle, 1}, 300));
  const double scale = interaction_constant(300) * volts_per_form_factor;
  const Eigen::Matrix3f rotation = rotation_matrix(particle.angles);
  for (const auto& [x, y] : {std::pair{0, 0}, {5, 3}, {20, 0}, {12, 18}}) {
    std::complex<double> sum = 0;
    const double k = std::hypot(x, y) / 64.0;
    for (const auto& position : structure.positions) {
      const Eigen::Vector3f place = rotation * position + particle.position_angstrom;
      sum += contrast_form_factor(AtomKind::carbon, k) *
             std::polar(1.0, -2 * pi * (x * place.x() + y * place.y()) / 64);
    }
    // The table of kernel weights has 1024 positions in a pixel.
    CHECK(std::abs(std::complex<double>(phase.at(x, y)) - scale * sum) <
          0.003 * scale * std::sqrt(50.0) * 2.5);
  }
}

TEST_CASE("projection: a sphere of protein shifts the phase as its inner potential says") {
  constexpr float radius = 50;
  RandomSequence random(8, 4);
  Structure structure;
  const FillVolume ball{Eigen::Vector3f::Zero(), radius, [](const Eigen::Vector3f& position) {
                          return position.norm() < radius;
                        }};
  fill_with_protein(structure, ball, Eigen::Matrix3f::Identity(), 0.5, random);
  const FieldGrid grid{128, 128, 1.5};
  Placement particle;
  particle.angles = {20, 40, 0};
  particle.position_angstrom = {96, 96, 0};
  const Image phase = project_phase(grid, {&structure, 1}, {&particle, 1}, 300);
  double sum = 0;
  double chord_sum = 0;
  int pixels = 0;
  for (std::int64_t y = 0; y < 128; ++y)
    for (std::int64_t x = 0; x < 128; ++x) {
      const double r = 1.5 * std::hypot(static_cast<double>(x - 64), static_cast<double>(y - 64));
      if (r > 35)
        continue;
      sum += phase.at(x, y);
      chord_sum += 2 * std::sqrt(radius * radius - r * r);
      ++pixels;
    }
  REQUIRE(pixels > 1000);
  // Protein of 1.35 g/cm^3 has 7.8 V by superposition of atoms, ice 4.57 V: 3.25 V of contrast.
  // Side chains stick out of the sphere that holds the axes of the rods, hence 7 %.
  CHECK(sum == Approx(interaction_constant(300) * 3.25 * chord_sum).epsilon(0.07));
}

TEST_CASE("projection: what leaves on one side enters on the other") {
  const Structure structure = random_atoms(40, 8, 5);
  const FieldGrid grid{48, 40, 1};
  Placement inside;
  inside.position_angstrom = {24, 20, 0};
  Placement corner = inside;
  corner.position_angstrom = {0, 40, 0};
  const Image a = project_phase(grid, {&structure, 1}, {&inside, 1}, 300);
  const Image b = project_phase(grid, {&structure, 1}, {&corner, 1}, 300);
  for (std::int64_t y = 0; y < 40; ++y)
    for (std::int64_t x = 0; x < 48; ++x)
      REQUIRE(a.at(x, y) == Approx(b.at((x + 24) % 48, (y + 20) % 40)).margin(1e-5));
}

TEST_CASE("projection: the number of threads does not change a bit") {
  const Structure structure = random_atoms(40000, 60, 6);
  std::vector<Placement> particles(5);
  for (std::size_t i = 0; i < particles.size(); ++i)
    particles[i].position_angstrom =
        Eigen::Vector3f(30 * static_cast<float>(i), 70, 20 * static_cast<float>(i));
  const FieldGrid grid{128, 128, 1.2};
  set_thread_count(1);
  const Image one = project_phase(grid, {&structure, 1}, particles, 300);
  set_thread_count(4);
  const Image four = project_phase(grid, {&structure, 1}, particles, 300);
  set_thread_count(0);
  CHECK(std::equal(one.pixels().begin(), one.pixels().end(), four.pixels().begin()));
}
