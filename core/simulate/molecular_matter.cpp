#include "core/simulate/molecular_matter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace limpid {
namespace {

using Eigen::Matrix3f;
using Eigen::Vector3f;

constexpr float pi = std::numbers::pi_v<float>;

// Layer spacing x rod spacing x rise is the volume of a residue, 111 Da / 0.81 Da/A^3 = 137 A^3.
constexpr float helix_layer_spacing = 9.5f;
constexpr float helix_spacing = 9.6f;
constexpr float helix_rise = 1.5f;
constexpr float strand_layer_spacing = 8.7f;
constexpr float strand_spacing = 4.8f;
constexpr float strand_rise = 3.3f;

constexpr float duplex_spacing = 22.0f;
constexpr float duplex_rise = 2.8f;
constexpr float duplex_turn = 32.7f * pi / 180;

float uniform(RandomSequence& random, float low, float high) {
  return static_cast<float>(random.uniform(low, high));
}

Vector3f jitter(RandomSequence& random, float amplitude) {
  const float x = uniform(random, -amplitude, amplitude);
  const float y = uniform(random, -amplitude, amplitude);
  const float z = uniform(random, -amplitude, amplitude);
  return {x, y, z};
}

// Numbers of heavy atoms in a side chain, by how often the amino acids occur: 3.9 on average.
int draw_side_chain_size(RandomSequence& random) {
  static constexpr std::array<std::pair<double, int>, 9> cumulative = {{{0.070, 0},
                                                                        {0.153, 1},
                                                                        {0.233, 2},
                                                                        {0.403, 3},
                                                                        {0.703, 4},
                                                                        {0.863, 5},
                                                                        {0.889, 6},
                                                                        {0.979, 7},
                                                                        {0.999, 8}}};
  const double u = random.uniform();
  for (const auto& [limit, size] : cumulative)
    if (u < limit)
      return size;
  return 10;
}

// Of the third and later atoms; the first two are carbon. Makes C 4.94 N 1.36 O 1.48 S 0.04 of a
// residue.
AtomKind draw_side_chain_kind(RandomSequence& random) {
  const double u = random.uniform();
  if (u < 0.57)
    return AtomKind::carbon;
  if (u < 0.74)
    return AtomKind::nitrogen;
  return u < 0.98 ? AtomKind::oxygen : AtomKind::sulfur;
}

// Cylinder coordinates about a rod: `along` runs down the axis, `across` and `up` span its section.
struct RodFrame {
  Vector3f origin;
  Vector3f along;
  Vector3f across;
  Vector3f up;

  Vector3f at(float radius, float angle, float distance) const {
    return origin + distance * along + radius * (std::cos(angle) * across + std::sin(angle) * up);
  }
};

void add_side_chain(Structure& structure,
                    const Vector3f& root,
                    const Vector3f& outward,
                    RandomSequence& random) {
  const int size = draw_side_chain_size(random);
  for (int i = 0; i < size; ++i) {
    const float reach = std::min(1.3f + 0.95f * static_cast<float>(i), 4.6f);
    const AtomKind kind = i < 2 ? AtomKind::carbon : draw_side_chain_kind(random);
    structure.add(root + reach * outward + jitter(random, i == 0 ? 0.3f : 0.9f), kind);
  }
}

// Cylindrical coordinates of the backbone of an alpha helix: Arnott and Dover 1967, J. Mol. Biol.
// 30:209, rounded.
void add_helix_residue(Structure& structure,
                       const RodFrame& rod,
                       float phase,
                       float distance,
                       RandomSequence& random) {
  structure.add(rod.at(1.55f, phase - 0.48f, distance - 0.9f), AtomKind::nitrogen);
  structure.add(rod.at(2.29f, phase, distance), AtomKind::carbon);
  structure.add(rod.at(1.68f, phase + 0.46f, distance + 1.1f), AtomKind::carbon);
  structure.add(rod.at(2.03f, phase + 0.37f, distance + 2.3f), AtomKind::oxygen);
  const Vector3f root = rod.at(2.29f, phase, distance);
  const Vector3f outward = rod.at(1, phase, 0) - rod.origin;
  add_side_chain(structure, root, outward, random);
}

void add_strand_residue(
    Structure& structure, const RodFrame& rod, int index, float distance, RandomSequence& random) {
  const float side = index % 2 == 0 ? 1.0f : -1.0f;
  const Vector3f alpha = rod.origin + distance * rod.along + 0.85f * side * rod.up;
  structure.add(alpha - 1.2f * rod.along - 0.5f * side * rod.up, AtomKind::nitrogen);
  structure.add(alpha, AtomKind::carbon);
  const Vector3f carbonyl = alpha + 1.2f * rod.along - 0.5f * side * rod.up;
  structure.add(carbonyl, AtomKind::carbon);
  structure.add(carbonyl + 1.2f * side * rod.across, AtomKind::oxygen);
  add_side_chain(structure, alpha, side * rod.up, random);
}

void fill_rod(Structure& structure,
              RodFrame rod,
              bool is_helix,
              const FillVolume& volume,
              RandomSequence& random) {
  const float rise = is_helix ? helix_rise : strand_rise;
  const int steps = static_cast<int>(volume.radius / rise) + 1;
  const float first_phase = uniform(random, 0, 2 * pi);
  std::int64_t until_break = 6 + random.below(18);
  for (int i = -steps; i <= steps; ++i) {
    const float distance = rise * static_cast<float>(i);
    if (!volume.inside(rod.origin + distance * rod.along))
      continue;
    // Elements end after 6 to 24 residues; the next one starts a little aside.
    if (--until_break <= 0) {
      rod.origin += uniform(random, -1, 1) * rod.across;
      rod.origin += uniform(random, -1, 1) * rod.up;
      until_break = 6 + random.below(18);
    }
    if (is_helix)
      add_helix_residue(
          structure, rod, first_phase + static_cast<float>(i) * 100 * pi / 180, distance, random);
    else
      add_strand_residue(structure, rod, i, distance, random);
  }
}

void add_nucleotide(Structure& structure,
                    const RodFrame& rod,
                    float phase,
                    float distance,
                    RandomSequence& random) {
  structure.add(rod.at(8.7f, phase, distance), AtomKind::phosphorus);
  // Sugar and phosphate oxygens near the backbone, base towards the axis: C 9.5 N 3.8 O 6 P 1.
  for (int i = 0; i < 6; ++i)
    structure.add(rod.at(i < 4 ? 9.0f : 7.5f, phase + 0.1f * static_cast<float>(i % 3), distance) +
                      jitter(random, 1.2f),
                  AtomKind::oxygen);
  for (int i = 0; i < 5; ++i)
    structure.add(
        rod.at(8.0f, phase + 0.25f, distance + 0.4f * static_cast<float>(i)) + jitter(random, 1.3f),
        AtomKind::carbon);
  for (int i = 0; i < 8; ++i) {
    const float radius = 0.8f + 0.75f * static_cast<float>(i);
    const AtomKind kind = i % 2 == 0 ? AtomKind::carbon : AtomKind::nitrogen;
    structure.add(rod.at(radius, phase + 0.5f, distance + 1.0f) + jitter(random, 0.9f), kind);
  }
}

void fill_duplex(Structure& structure,
                 const RodFrame& rod,
                 const FillVolume& volume,
                 RandomSequence& random) {
  const int steps = static_cast<int>(volume.radius / duplex_rise) + 1;
  const float first_phase = uniform(random, 0, 2 * pi);
  for (int i = -steps; i <= steps; ++i) {
    const float distance = duplex_rise * static_cast<float>(i);
    if (!volume.inside(rod.origin + distance * rod.along))
      continue;
    const float phase = first_phase + duplex_turn * static_cast<float>(i);
    add_nucleotide(structure, rod, phase, distance, random);
    add_nucleotide(structure, rod, phase + 0.85f * pi, distance, random);
  }
}

}  // namespace

void fill_with_protein(Structure& structure,
                       const FillVolume& volume,
                       const Matrix3f& axes,
                       double helix_fraction,
                       RandomSequence& random) {
  // Helix layers cross at -40 or +20 degrees, strand layers at -30 (Chothia 1984, Annu. Rev.
  // Biochem. 53:537).
  const float helix_turn = random.uniform() < 0.5 ? -0.7f : 0.35f;
  float angle = 0;
  float height = -volume.radius;
  while (height < volume.radius) {
    const bool is_helix = random.uniform() < helix_fraction;
    const Vector3f along = axes * Vector3f(std::cos(angle), std::sin(angle), 0);
    const Vector3f across = axes * Vector3f(-std::sin(angle), std::cos(angle), 0);
    const Vector3f up = axes.col(2);
    const float spacing = is_helix ? helix_spacing : strand_spacing;
    const int rods = static_cast<int>(volume.radius / spacing) + 1;
    const float offset = uniform(random, 0, spacing);
    for (int rod = -rods; rod <= rods; ++rod) {
      const float aside = offset + spacing * static_cast<float>(rod);
      const float shift = uniform(random, 0, 5.4f);
      const Vector3f origin = volume.centre + height * up + aside * across + shift * along;
      // Rods of a layer are not quite parallel; strands are.
      const Vector3f direction =
          (along + (is_helix ? uniform(random, -0.12f, 0.12f) : 0) * across).normalized();
      fill_rod(structure, {origin, direction, up.cross(direction), up}, is_helix, volume, random);
    }
    height += is_helix ? helix_layer_spacing : strand_layer_spacing;
    angle += is_helix ? helix_turn : -0.5f;
  }
}

void fill_with_nucleic_acid(Structure& structure,
                            const FillVolume& volume,
                            const Matrix3f& axes,
                            RandomSequence& random) {
  const int rows = static_cast<int>(volume.radius / (0.866f * duplex_spacing)) + 1;
  const int columns = static_cast<int>(volume.radius / duplex_spacing) + 1;
  for (int row = -rows; row <= rows; ++row)
    for (int column = -columns; column <= columns; ++column) {
      const float aside =
          duplex_spacing * (static_cast<float>(column) + (row % 2 != 0 ? 0.5f : 0.0f));
      const Vector3f place =
          axes * Vector3f(0, aside, 0.866f * duplex_spacing * static_cast<float>(row));
      const Vector3f along = (axes.col(0) + 0.2f * jitter(random, 1)).normalized();
      const Vector3f across = axes.col(2).cross(along).normalized();
      const RodFrame rod{
          volume.centre + place + jitter(random, 3.0f), along, across, along.cross(across)};
      fill_duplex(structure, rod, volume, random);
    }
}

void fill_with_lipid(Structure& structure, const FillVolume& volume, RandomSequence& random) {
  // One CH2 in 27 A^3. A jittered lattice, because atoms of a liquid do not clump as points thrown
  // at random do.
  constexpr float cell = 3.0f;
  const int cells = static_cast<int>(volume.radius / cell) + 1;
  const int layers = static_cast<int>(20.0f / cell);
  for (int layer = -layers; layer <= layers; ++layer)
    for (int row = -cells; row <= cells; ++row)
      for (int column = -cells; column <= cells; ++column) {
        const Vector3f lattice = cell * Vector3f(static_cast<float>(column),
                                                 static_cast<float>(row),
                                                 static_cast<float>(layer));
        Vector3f position = lattice + jitter(random, 1.3f);
        position.x() += volume.centre.x();
        position.y() += volume.centre.y();
        if (!volume.inside(position))
          continue;
        const bool is_head = std::abs(lattice.z()) > 14;
        if (!is_head)
          structure.add(position, AtomKind::carbon);
        else if (random.uniform() < 0.14)
          structure.add(position, AtomKind::phosphorus);
        else
          structure.add(position, random.uniform() < 0.5 ? AtomKind::oxygen : AtomKind::carbon);
        // Head groups hold more heavy atoms than the tails: 0.05 in an A^3.
        if (is_head && random.uniform() < 0.4)
          structure.add(position + jitter(random, 1.5f), AtomKind::oxygen);
      }
}

}  // namespace limpid
