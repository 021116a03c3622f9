#include "core/simulate/particle_spreading.h"

#include "core/base/parallel.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numbers>

namespace limpid {
namespace {

constexpr int kernel_width = spreading_width;
constexpr double kernel_shape = 10.5;
constexpr int kernel_phases = spreading_phases;
// Rows of 8 weights, the last two zero, let the compiler use whole vectors.
constexpr int padded_width = spreading_row;

double kernel(double x) {
  const double scaled = x / (0.5 * kernel_width);
  const double square = 1 - scaled * scaled;
  return square > 0 ? std::exp(kernel_shape * (std::sqrt(square) - 1)) : 0;
}

void add_kernel(float weight,
                const float* __restrict across,
                const float* __restrict up,
                float* __restrict target,
                std::int64_t width) {
  for (int y = 0; y < kernel_width; ++y) {
    const float row_weight = weight * up[y];
    for (int x = 0; x < padded_width; ++x)
      target[x] += row_weight * across[x];
    target += width;
  }
}

// A run of scatterers of one particle and the pixels they touch, slab by slab.
struct Patch {
  std::size_t particle = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::int64_t left = 0;
  std::int64_t bottom = 0;
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::int64_t first_slab = 0;
  std::int64_t slab_count = 0;
  std::vector<float> values;      // [slab][function][height][width]
  std::vector<bool> is_occupied;  // [slab]
};

constexpr std::size_t scatterers_in_a_patch = 16384;

class Spreader {
 public:
  Spreader(const FieldGrid& grid, const ScatteringBasis& basis, double slab_thickness)
      : grid_(grid), basis_(basis), slab_thickness_(static_cast<float>(slab_thickness)) {}

  void spread(const Structure& structure, const Placement& particle, Patch& patch) const {
    const std::vector<Eigen::Vector3f> pixels = transform(structure, particle, patch);
    enclose(pixels, patch);
    const std::int64_t layer = patch.width * patch.height;
    const auto rank = static_cast<std::int64_t>(basis_.rank());
    patch.values.assign(static_cast<std::size_t>(patch.slab_count * rank * layer), 0.0f);
    patch.is_occupied.assign(static_cast<std::size_t>(patch.slab_count), false);
    // Neighbours in a chain touch the same pixels, and adding to what was just stored at another
    // alignment stalls; strides keep them apart in time.
    constexpr std::size_t stride = 61;
    for (std::size_t lane = 0; lane < stride; ++lane)
      for (std::size_t i = lane; i < pixels.size(); i += stride)
        add_scatterer(structure, patch.begin + i, pixels[i], patch);
  }

  void accumulate(const Patch& patch, std::map<std::int64_t, Slab>& slabs) const {
    const std::size_t rank = basis_.rank();
    for (std::int64_t s = 0; s < patch.slab_count; ++s) {
      if (!patch.is_occupied[static_cast<std::size_t>(s)])
        continue;
      Slab& slab = slabs[patch.first_slab + s];
      if (slab.spread.empty()) {
        slab.height_angstrom =
            (static_cast<double>(patch.first_slab + s)) * static_cast<double>(slab_thickness_);
        slab.spread.assign(rank, Image(grid_.width, grid_.height));
      }
      for (std::size_t function = 0; function < rank; ++function) {
        const auto offset = static_cast<std::size_t>(s) * rank + function;
        add_layer(
            patch,
            patch.values.data() + static_cast<std::int64_t>(offset) * patch.width * patch.height,
            slab.spread[function]);
      }
    }
  }

 private:
  // Positions in pixels, heights in angstrom.
  std::vector<Eigen::Vector3f> transform(const Structure& structure,
                                         const Placement& particle,
                                         const Patch& patch) const {
    const auto scale = static_cast<float>(1 / grid_.pixel_size_angstrom);
    const Eigen::Matrix3f rotation = rotation_matrix(particle.angles);
    std::vector<Eigen::Vector3f> pixels(patch.end - patch.begin);
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      pixels[i] = rotation * structure.positions[patch.begin + i] + particle.position_angstrom;
      pixels[i].x() *= scale;
      pixels[i].y() *= scale;
    }
    return pixels;
  }

  std::int64_t slab_of(float height) const {
    return static_cast<std::int64_t>(std::floor(height / slab_thickness_ + 0.5f));
  }

  void enclose(const std::vector<Eigen::Vector3f>& pixels, Patch& patch) const {
    Eigen::Vector3f low = pixels.front();
    Eigen::Vector3f high = pixels.front();
    for (const Eigen::Vector3f& pixel : pixels) {
      low = low.cwiseMin(pixel);
      high = high.cwiseMax(pixel);
    }
    patch.left = static_cast<std::int64_t>(std::floor(low.x())) - 2;
    patch.bottom = static_cast<std::int64_t>(std::floor(low.y())) - 2;
    patch.width = static_cast<std::int64_t>(std::floor(high.x())) - 2 + padded_width - patch.left;
    patch.height =
        static_cast<std::int64_t>(std::floor(high.y())) - 2 + kernel_width - patch.bottom;
    patch.first_slab = slab_of(low.z());
    patch.slab_count = slab_of(high.z()) - patch.first_slab + 1;
  }

  void add_scatterer(const Structure& structure,
                     std::size_t scatterer,
                     const Eigen::Vector3f& pixel,
                     Patch& patch) const {
    const float column = std::floor(pixel.x());
    const float row = std::floor(pixel.y());
    const auto& across = row_of_weights(pixel.x() - column);
    const auto& up = row_of_weights(pixel.y() - row);
    const float strength = structure.strengths.empty() ? 1.0f : structure.strengths[scatterer];
    const std::size_t rank = basis_.rank();
    const std::int64_t slab = slab_of(pixel.z()) - patch.first_slab;
    patch.is_occupied[static_cast<std::size_t>(slab)] = true;
    const std::int64_t corner = (static_cast<std::int64_t>(row) - 2 - patch.bottom) * patch.width +
                                static_cast<std::int64_t>(column) - 2 - patch.left;
    float* target = patch.values.data() + corner +
                    slab * static_cast<std::int64_t>(rank) * patch.width * patch.height;
    for (std::size_t function = 0; function < rank; ++function) {
      add_kernel(strength * basis_.weight(structure.kinds[scatterer], function),
                 across.data(),
                 up.data(),
                 target,
                 patch.width);
      target += patch.width * patch.height;
    }
  }

  static const std::array<float, padded_width>& row_of_weights(float fraction) {
    const int phase = std::min(static_cast<int>(fraction * kernel_phases), kernel_phases - 1);
    return spreading_table()[static_cast<std::size_t>(phase)];
  }

  void add_layer(const Patch& patch, const float* layer, Image& image) const {
    for (std::int64_t y = 0; y < patch.height; ++y) {
      const std::int64_t row = wrap(patch.bottom + y, grid_.height);
      std::int64_t column = wrap(patch.left, grid_.width);
      const std::span<float> target = image.row(row);
      for (std::int64_t x = 0; x < patch.width; ++x) {
        target[static_cast<std::size_t>(column)] += layer[y * patch.width + x];
        column = column + 1 == grid_.width ? 0 : column + 1;
      }
    }
  }

  static std::int64_t wrap(std::int64_t index, std::int64_t size) {
    return (index % size + size) % size;
  }

  FieldGrid grid_;
  const ScatteringBasis& basis_;
  float slab_thickness_;
};

}  // namespace

std::vector<Slab> spread_particles(const FieldGrid& grid,
                                   std::span<const Structure> structures,
                                   std::span<const Placement> particles,
                                   const ScatteringBasis& basis,
                                   double slab_thickness_angstrom) {
  std::vector<Patch> patches;
  for (std::size_t particle = 0; particle < particles.size(); ++particle) {
    const std::size_t size = structures[particles[particle].structure].size();
    for (std::size_t begin = 0; begin < size; begin += scatterers_in_a_patch) {
      Patch patch;
      patch.particle = particle;
      patch.begin = begin;
      patch.end = std::min(size, begin + scatterers_in_a_patch);
      patches.push_back(std::move(patch));
    }
  }
  const Spreader spreader(grid, basis, slab_thickness_angstrom);
  // Patches are spread in parallel and added in order, a batch at a time to bound the memory.
  constexpr std::size_t batch_size = 64;
  std::map<std::int64_t, Slab> slabs;
  for (std::size_t first = 0; first < patches.size(); first += batch_size) {
    const std::size_t count = std::min(batch_size, patches.size() - first);
    parallel_for(static_cast<std::int64_t>(count), 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        Patch& patch = patches[first + static_cast<std::size_t>(i)];
        const Placement& placement = particles[patch.particle];
        spreader.spread(structures[placement.structure], placement, patch);
      }
    });
    for (std::size_t i = first; i < first + count; ++i) {
      spreader.accumulate(patches[i], slabs);
      patches[i].values = {};
    }
  }
  std::vector<Slab> result;
  for (auto& [index, slab] : slabs)
    result.push_back(std::move(slab));
  return result;
}

const SpreadingTable& spreading_table() {
  static const SpreadingTable table = [] {
    SpreadingTable rows{};
    for (int phase = 0; phase < kernel_phases; ++phase) {
      const double fraction = (phase + 0.5) / kernel_phases;
      for (int tap = 0; tap < kernel_width; ++tap)
        rows[static_cast<std::size_t>(phase)][static_cast<std::size_t>(tap)] =
            static_cast<float>(kernel(tap - 2 - fraction));
    }
    return rows;
  }();
  return table;
}

double spreading_kernel_transform(double cycles_per_px) {
  // Trapezoidal sums converge fast for a smooth kernel that vanishes at its ends.
  constexpr int steps = 600;
  double sum = 0;
  for (int i = -steps; i <= steps; ++i) {
    const double x = 0.5 * kernel_width * i / steps;
    sum += kernel(x) * std::cos(2 * std::numbers::pi * cycles_per_px * x);
  }
  return sum * 0.5 * kernel_width / steps;
}

std::vector<float> spreading_kernel_transforms(std::int64_t size) {
  // Interpolated: a smooth function, tabulated once.
  constexpr int table_size = 2049;
  static const std::vector<double> table = [] {
    std::vector<double> values(table_size);
    for (int i = 0; i < table_size; ++i)
      values[static_cast<std::size_t>(i)] = spreading_kernel_transform(0.5 * i / (table_size - 1));
    return values;
  }();
  std::vector<float> transforms(static_cast<std::size_t>(size));
  for (std::int64_t i = 0; i < size; ++i) {
    const std::int64_t index = std::min(i, size - i);
    const double position =
        2.0 * static_cast<double>(index) / static_cast<double>(size) * (table_size - 1);
    const auto lower = std::min<std::size_t>(static_cast<std::size_t>(position), table_size - 2);
    const double fraction = position - static_cast<double>(lower);
    transforms[static_cast<std::size_t>(i)] =
        static_cast<float>(table[lower] + fraction * (table[lower + 1] - table[lower]));
  }
  return transforms;
}

}  // namespace limpid
