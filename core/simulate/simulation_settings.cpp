#include "core/simulate/simulation_settings.h"

#include "core/base/error.h"

#include <string_view>

namespace limpid {

void check_settings(const SimulationSettings& settings, std::size_t structure_count) {
  const auto expect =
      [](bool condition, std::string_view what, auto value, std::string_view expected) {
        if (!condition)
          fail(ErrorKind::usage, "simulation: {} is {} ({} is expected)", what, value, expected);
      };
  // Rows have their own random streams, 2^18 of them.
  expect(settings.width >= 16 && settings.width <= 100000,
         "the width",
         settings.width,
         "16 to 100000 px");
  expect(settings.height >= 16 && settings.height <= 100000,
         "the height",
         settings.height,
         "16 to 100000 px");
  expect(settings.pixel_size_angstrom >= 0.1 && settings.pixel_size_angstrom <= 20,
         "the pixel size",
         settings.pixel_size_angstrom,
         "0.1 to 20 A");
  expect(settings.exposure_e_per_a2 > 0 && settings.exposure_e_per_a2 <= 1000,
         "the exposure",
         settings.exposure_e_per_a2,
         "more than 0, up to 1000 e/A^2");
  expect(settings.frame_count >= 2 && settings.frame_count <= 10000,
         "the number of frames",
         settings.frame_count,
         "2 to 10000");
  check_specimen(settings.specimen, structure_count);
}

}  // namespace limpid
