#include "core/simulate/movie.h"

#include "core/simulate/micrograph_simulator.h"
#include "tests/core/simulate/statistics.h"
#include "tests/support/catch.h"

#include <cmath>

using namespace limpid;

TEST_CASE("movie: a shift by whole pixels moves the image round") {
  RandomSequence random(1, 1);
  Image image(24, 20);
  for (float& value : image.pixels())
    value = static_cast<float>(random.normal());
  Spectrum spectrum = fourier_transform(image);
  shift(spectrum, 3, -2);
  const Image moved = inverse_fourier_transform(spectrum);
  for (std::int64_t y = 0; y < 20; ++y)
    for (std::int64_t x = 0; x < 24; ++x)
      REQUIRE(moved.at((x + 3) % 24, (y + 18) % 20) == Approx(image.at(x, y)).margin(1e-5));
}

TEST_CASE("movie: the ice of its frames adds up to that of the halves") {
  SimulationSettings settings;
  settings.width = settings.height = 192;
  settings.pixel_size_angstrom = 1.2;
  settings.frame_count = 9;
  settings.exposure_e_per_a2 = 30;
  settings.specimen.ice.thickness_angstrom = 500;
  const FieldGrid field{192, 192, 1.2, 0, 0, 192, 192};
  const Detector detector(settings.detector, 192, 192);
  const std::vector<double> still(9);
  const FrameMotion motion{still, still, still};
  const ImageFormation formation(settings, field, motion, detector);
  const Spectrum nothing(192, 192);
  const Spectrum no_film;
  constexpr int movies = 12;
  for (const double frequency : {0.06, 0.15, 0.3}) {
    CAPTURE(frequency);
    double direct_power = 0, movie_power = 0, direct_cross = 0, movie_cross = 0, modes = 0;
    for (std::uint64_t index = 0; index < movies; ++index) {
      const HalfContrasts halves = formation.form_halves(nothing, no_film, 3, index);
      MovieFormation movie(formation, nothing, no_film, 4, index);
      Spectrum even(192, 192);
      Spectrum odd(192, 192);
      for (int frame = 0; frame < 9; ++frame) {
        const Spectrum contrast = movie.next_frame();
        Spectrum& half = frame % 2 == 0 ? even : odd;
        for (std::size_t i = 0; i < half.values().size(); ++i)
          half.values()[i] += contrast.values()[i] / (frame % 2 == 0 ? 5.0f : 4.0f);
      }
      const RingSums direct = ring_of(halves.even, halves.odd, frequency - 0.01, frequency + 0.01);
      const RingSums summed = ring_of(even, odd, frequency - 0.01, frequency + 0.01);
      direct_power += direct.power_a;
      movie_power += summed.power_a;
      direct_cross += direct.cross;
      movie_cross += summed.cross;
      modes += direct.count;
    }
    const double tolerance = 5 * std::sqrt(2 / modes);
    CHECK(movie_power == Approx(direct_power).epsilon(tolerance));
    CHECK(movie_cross == Approx(direct_cross).margin(tolerance * direct_power));
  }
}

TEST_CASE("movie: aligned frames add up to the halves") {
  SimulationSettings settings;
  settings.width = 96;
  settings.height = 80;
  settings.frame_count = 5;
  settings.exposure_e_per_a2 = 10;
  settings.keeps_frames = true;
  const SimulatedMicrograph micrograph = simulate_micrograph(settings, {}, 1, 1);
  REQUIRE(micrograph.frames.size() == 5);
  Image even = micrograph.frames[0];
  for (std::size_t frame : {2, 4})
    even = sum_of(even, micrograph.frames[frame]);
  const Image odd = sum_of(micrograph.frames[1], micrograph.frames[3]);
  CHECK(std::equal(even.pixels().begin(), even.pixels().end(), micrograph.even.pixels().begin()));
  CHECK(std::equal(odd.pixels().begin(), odd.pixels().end(), micrograph.odd.pixels().begin()));
  const double expected = mean_of(micrograph.truth) / 5;
  for (const Image& frame : micrograph.frames)
    CHECK(mean_of(frame) == Approx(expected).epsilon(0.03));
}

TEST_CASE("movie: moving frames show the specimen where the record says, the halves stand still") {
  SimulationSettings settings;
  settings.width = settings.height = 192;
  settings.pixel_size_angstrom = 2;
  settings.frame_count = 4;
  settings.exposure_e_per_a2 = 1000;
  settings.has_radiation_damage = false;
  settings.has_ice_noise = false;
  settings.keeps_frames = true;
  settings.aligns_frames = false;
  settings.motion = {0.024, 0, 1};  // 6 A a frame
  settings.specimen.carbon.thickness_angstrom = 300;
  settings.specimen.contamination.droplet_count = 3;
  settings.specimen.contamination.largest_radius_angstrom = 60;
  const SimulatedMicrograph micrograph = simulate_micrograph(settings, {}, 1, 3);
  const auto distance = [&](std::size_t frame, double x, double y) {
    Spectrum spectrum = fourier_transform(micrograph.frames[frame]);
    shift(spectrum, x, y);
    Image back = inverse_fourier_transform(spectrum);
    // Away from the border, which wraps round.
    double sum = 0;
    for (std::int64_t row = 20; row < 172; ++row)
      for (std::int64_t column = 20; column < 172; ++column) {
        const double d = back.at(column, row) - 0.25 * micrograph.truth.at(column, row);
        sum += d * d;
      }
    return sum;
  };
  for (const std::size_t frame : {0, 3}) {
    const double x = -micrograph.motion.shift_x_angstrom[frame] / 2;
    const double y = -micrograph.motion.shift_y_angstrom[frame] / 2;
    CHECK(std::hypot(x, y) == Approx(4.5));
    CHECK(distance(frame, x, y) < distance(frame, 0, 0));
    CHECK(distance(frame, x, y) < distance(frame, -x, -y));
  }
}
