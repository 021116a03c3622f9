#include "core/simulate/exposure_plan.h"

#include "core/base/error.h"
#include "core/simulate/image_formation.h"
#include "core/simulate/particle_spreading.h"
#include "core/simulate/poisson.h"
#include "core/simulate/projection.h"
#include "core/simulate/random_streams.h"
#include "core/simulate/scene.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace limpid {
namespace {

// Sums of more weights than 2^31 / this at one place would overflow; the most crowded pixels of
// large particles have a tenth of them.
constexpr double steps_of_a_weight = 262144;

std::int64_t slab_of(double height, double thickness) {
  return static_cast<std::int64_t>(std::floor(height / thickness + 0.5));
}

// The scatterers of all structures and what their weights are counted in. Returns where those of
// each structure begin.
std::vector<std::int64_t> plan_scatterers(std::span<const Structure> structures,
                                          const ScatteringBasis& basis,
                                          ExposurePlan& plan) {
  require(basis.rank() <= 2, "an exposure of a density map");
  std::array<std::array<float, 2>, atom_kind_count> weights_of_kind{};
  for (std::size_t kind = 0; kind < atom_kind_count; ++kind)
    for (std::size_t function = 0; function < basis.rank(); ++function)
      weights_of_kind[kind][function] = basis.weight(static_cast<AtomKind>(kind), function);
  std::size_t count = 0;
  for (const Structure& structure : structures)
    count += structure.size();
  plan.scatterers.reserve(count);
  std::vector<std::int64_t> first_scatterers;
  float largest[2] = {};
  for (const Structure& structure : structures) {
    first_scatterers.push_back(static_cast<std::int64_t>(plan.scatterers.size()));
    for (std::size_t i = 0; i < structure.size(); ++i) {
      const Eigen::Vector3f& at = structure.positions[i];
      const float strength = structure.strengths.empty() ? 1.0f : structure.strengths[i];
      const auto& weights = weights_of_kind[static_cast<std::size_t>(structure.kinds[i])];
      const PlannedScatterer scatterer{
          at.x(), at.y(), at.z(), {strength * weights[0], strength * weights[1]}};
      for (std::size_t function = 0; function < 2; ++function)
        largest[function] = std::max(largest[function], std::abs(scatterer.weights[function]));
      plan.scatterers.push_back(scatterer);
    }
  }
  for (std::size_t function = 0; function < 2; ++function)
    if (largest[function] > 0)
      plan.weight_quantum[function] =
          static_cast<float>(static_cast<double>(largest[function]) / steps_of_a_weight);
  return first_scatterers;
}

// How far the scatterers of a structure reach along any direction.
class Reach {
 public:
  struct Range {
    float low = std::numeric_limits<float>::max();
    float high = std::numeric_limits<float>::lowest();
  };

  explicit Reach(const Structure& structure)
      : positions_(static_cast<Eigen::Index>(structure.size()), 3) {
    for (std::size_t i = 0; i < structure.size(); ++i)
      positions_.row(static_cast<Eigen::Index>(i)) = structure.positions[i].transpose();
  }

  // The smallest and the largest product with `direction`.
  Range along(const Eigen::RowVector3f& direction) const {
    // In pieces that stay in the cache.
    constexpr Eigen::Index piece = 2048;
    Range range;
    Eigen::ArrayXf products(std::min(piece, positions_.rows()));
    for (Eigen::Index begin = 0; begin < positions_.rows(); begin += piece) {
      const Eigen::Index count = std::min(piece, positions_.rows() - begin);
      const auto part = [&](Eigen::Index column) {
        return positions_.col(column).segment(begin, count).array();
      };
      auto values = products.head(count);
      values = direction.x() * part(0) + direction.y() * part(1) + direction.z() * part(2);
      range.low = std::min(range.low, values.minCoeff());
      range.high = std::max(range.high, values.maxCoeff());
    }
    return range;
  }

 private:
  Eigen::Matrix<float, Eigen::Dynamic, 3> positions_;
};

void plan_particles(std::span<const Structure> structures,
                    std::span<const Placement> placements,
                    const ScatteringBasis& basis,
                    ExposurePlan& plan) {
  const std::vector<std::int64_t> first_scatterers = plan_scatterers(structures, basis, plan);
  const std::vector<Reach> reaches(structures.begin(), structures.end());
  double low = 1e9;
  double high = -1e9;
  for (const Placement& placement : placements) {
    const Structure& structure = structures[placement.structure];
    const Eigen::Matrix3f rotation = rotation_matrix(placement.angles);
    PlannedParticle particle;
    particle.first_place = plan.place_count;
    particle.first_scatterer = first_scatterers[placement.structure];
    for (int row = 0; row < 3; ++row) {
      for (int column = 0; column < 3; ++column)
        particle.rotation[3 * row + column] = rotation(row, column);
      particle.position_angstrom[row] = placement.position_angstrom[row];
    }
    const Reach::Range reach = reaches[placement.structure].along(rotation.row(2));
    const double height = static_cast<double>(placement.position_angstrom.z());
    low = std::min(low, static_cast<double>(reach.low) + height);
    high = std::max(high, static_cast<double>(reach.high) + height);
    plan.place_count += static_cast<std::int64_t>(structure.size());
    plan.particles.push_back(particle);
  }
  // A slab more on both sides where rounding could tell otherwise.
  constexpr double margin_angstrom = 0.01;
  plan.first_slab = slab_of(low - margin_angstrom, plan.slab_thickness_angstrom);
  plan.slab_count =
      slab_of(high + margin_angstrom, plan.slab_thickness_angstrom) - plan.first_slab + 1;
}

void plan_detector(const SimulationSettings& settings,
                   const Detector& detector,
                   const int (&frames)[2],
                   ExposurePlan& plan) {
  const DetectorSettings& camera = settings.detector;
  plan.detected_fraction = camera.detected_fraction;
  plan.half_streams[0] = random_stream(plan.micrograph_index, RandomPurpose::even_half);
  plan.half_streams[1] = random_stream(plan.micrograph_index, RandomPurpose::odd_half);
  plan.records_field = camera.kind == DetectorKind::integrating || camera.noise_blur > 0;
  if (detector.deposit())
    plan.energy_quantiles = detector.deposit()->quantiles();
  if (camera.noise_blur > 0)
    plan.noise_blur = detector.noise_blur_table();
  for (const std::int64_t pixel : detector.hot_pixels())
    plan.hot_pixels.push_back({pixel, {}});
  for (std::size_t half = 0; half < 2; ++half) {
    plan.read_noise[half] = camera.read_noise_electrons * std::sqrt(frames[half]);
    RandomSequence random(plan.seed, hot_pixel_stream(plan.half_streams[half]));
    for (PlannedHotPixel& hot : plan.hot_pixels)
      hot.electrons[half] = static_cast<float>(
          draw_poisson(camera.hot_pixel_electrons_per_frame * frames[half], random));
  }
  if (camera.gain_error > 0) {
    GainError error(camera.gain_error, settings.width, camera.camera_seed);
    plan.gain_rms = error.rms;
    plan.gain_pixel_share = error.pixel_share;
    plan.column_gain = std::move(error.columns);
    plan.camera_seed = camera.camera_seed;
  }
  plan.adu_per_electron = static_cast<float>(camera.adu_per_electron);
}

}  // namespace

ExposurePlan plan_exposure(const SimulationSettings& settings,
                           std::span<const Structure> structures,
                           std::uint64_t seed,
                           std::uint64_t micrograph_index) {
  check_settings(settings, structures.size());
  Scene scene = make_scene(settings, structures, seed, micrograph_index);
  ExposurePlan plan;
  plan.field = scene.field;
  plan.seed = seed;
  plan.micrograph_index = micrograph_index;
  // The gain, a number for each pixel, is drawn where the image is.
  DetectorSettings perfect_gain = settings.detector;
  perfect_gain.gain_error = 0;
  const Detector detector(perfect_gain, settings.width, settings.height);
  const ImageFormation formation(settings, scene.field, scene.motion, detector);
  plan.phase = formation.ctf().phase();
  plan.alpha = formation.ctf().alpha();
  plan.ice_thickness_angstrom = settings.specimen.ice.thickness_angstrom;
  plan.has_ice_noise = settings.has_ice_noise;
  plan.half_rows = formation.half_table().rows();
  if (!scene.particles.empty()) {
    const ScatteringBasis basis =
        make_scattering_basis(structures, scene.field.pixel_size_angstrom);
    plan.slab_thickness_angstrom = formation.slab_thickness_angstrom();
    plan_particles(structures, scene.particles, basis, plan);
    plan.scattering_rows = formation.scattering_table(basis).rows();
    plan.kernel_of_columns = spreading_kernel_transforms(scene.field.width);
    plan.kernel_of_rows = spreading_kernel_transforms(scene.field.height);
  }
  if (scene.landscape.shape.has_film && settings.has_ice_noise)
    plan.grain_rows = formation.grain_table().rows();
  plan.landscape = std::move(scene.landscape);
  const int frames[2] = {(settings.frame_count + 1) / 2, settings.frame_count / 2};
  plan.even_share = static_cast<float>(frames[0]) / static_cast<float>(settings.frame_count);
  const auto electrons_in = [&](int frame_count) {
    return settings.exposure_e_per_a2 * settings.pixel_size_angstrom *
           settings.pixel_size_angstrom * frame_count / settings.frame_count;
  };
  for (std::size_t half = 0; half < 2; ++half)
    plan.electrons[half] = electrons_in(frames[half]);
  plan.truth_scale = detector.response() * electrons_in(settings.frame_count);
  plan_detector(settings, detector, frames, plan);
  return plan;
}

}  // namespace limpid
