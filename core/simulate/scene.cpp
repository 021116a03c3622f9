#include "core/simulate/scene.h"

#include "core/simulate/ctf.h"
#include "core/simulate/random_streams.h"

#include <algorithm>
#include <cmath>

namespace limpid {
namespace {

std::int64_t fast_size_from(std::int64_t size) {
  const auto is_fast = [](std::int64_t n) {
    for (std::int64_t factor : {2, 3, 5, 7})
      while (n % factor == 0)
        n /= factor;
    return n == 1;
  };
  size += size % 2;
  while (!is_fast(size))
    size += 2;
  return size;
}

}  // namespace

FieldGrid make_field(const SimulationSettings& settings) {
  const Ctf ctf(settings.ctf);
  const double reach_angstrom =
      ctf.wavelength_angstrom() * std::abs(ctf.mean_defocus_angstrom()) / 8;
  const auto margin = static_cast<std::int64_t>(
      std::clamp(reach_angstrom / settings.pixel_size_angstrom, 32.0, 128.0));
  FieldGrid field;
  field.pixel_size_angstrom = settings.pixel_size_angstrom;
  field.width = fast_size_from(settings.width + 2 * margin);
  field.height = fast_size_from(settings.height + 2 * margin);
  field.margin_x_px = (field.width - settings.width) / 2;
  field.margin_y_px = (field.height - settings.height) / 2;
  field.image_width = settings.width;
  field.image_height = settings.height;
  return field;
}

Scene make_scene(const SimulationSettings& settings,
                 std::span<const Structure> structures,
                 std::uint64_t seed,
                 std::uint64_t micrograph_index) {
  const auto sequence = [&](RandomPurpose purpose) {
    return RandomSequence(seed, random_stream(micrograph_index, purpose));
  };
  RandomSequence specimen_random = sequence(RandomPurpose::specimen);
  RandomSequence landscape_random = sequence(RandomPurpose::landscape);
  RandomSequence motion_random = sequence(RandomPurpose::motion);
  Scene scene;
  scene.field = make_field(settings);
  scene.particles = place_particles(settings.specimen, scene.field, structures, specimen_random);
  scene.landscape = plan_landscape(settings.specimen,
                                   settings.illumination,
                                   scene.field,
                                   settings.ctf.voltage_kv,
                                   landscape_random);
  scene.motion = draw_motion(settings.motion,
                             settings.frame_count,
                             settings.exposure_e_per_a2 / settings.frame_count,
                             motion_random);
  return scene;
}

}  // namespace limpid
