#include "plugin/simulated_project/micrograph_record.h"

#include "tests/support/catch.h"

using namespace limpid;

namespace {

MicrographRecord example() {
  MicrographRecord record;
  record.fingerprint = "0123456789abcdef";
  record.settings.width = 100;
  record.settings.pixel_size_angstrom = 1.0 / 3;
  record.settings.ctf.defocus_u_angstrom = 12345.678901234567;
  record.settings.ctf.phase_shift_degrees = 90;
  record.mean = 31.5;
  record.signal_sigma = 1;
  record.noise_sigma = 10;
  record.structure_names = {"a \"quoted\" name"};
  ParticleRecord particle;
  particle.x_px = 0.1;
  particle.height_angstrom = -120.3;
  particle.structure = 2;
  particle.angles.tilt = 77.7;
  record.particles = {particle};
  return record;
}

}  // namespace

TEST_CASE("micrograph record: what is written is read back exactly") {
  const MicrographRecord record = example();
  const auto copy = parse_record(record_text(record));
  REQUIRE(copy);
  CHECK(copy->fingerprint == record.fingerprint);
  CHECK(copy->settings.width == 100);
  CHECK(copy->settings.pixel_size_angstrom == record.settings.pixel_size_angstrom);
  CHECK(copy->settings.ctf.defocus_u_angstrom == record.settings.ctf.defocus_u_angstrom);
  CHECK(copy->settings.ctf.phase_shift_degrees == 90);
  CHECK(copy->snr_per_px() == Approx(0.01));
  CHECK(copy->structure_names == record.structure_names);
  REQUIRE(copy->particles.size() == 1);
  CHECK(copy->particles[0].x_px == 0.1);
  CHECK(copy->particles[0].height_angstrom == -120.3);
  CHECK(copy->particles[0].structure == 2);
  CHECK(copy->particles[0].angles.tilt == 77.7);
  CHECK(record_text(*copy) == record_text(record));
}

TEST_CASE("micrograph record: a torn or foreign text is none") {
  const std::string text = record_text(example());
  CHECK_FALSE(parse_record(text.substr(0, text.size() / 2)));
  CHECK_FALSE(parse_record(""));
  CHECK_FALSE(parse_record("{}"));
  CHECK_FALSE(parse_record("[1, 2]"));
}
