#include "plugin/simulated_project/project_lists.h"

#include "core/io/star.h"
#include "tests/support/catch.h"

#include <string>
#include <vector>

using namespace limpid;

namespace {

MicrographRecord record_named(const std::string& name, double pixel_size_angstrom) {
  MicrographRecord record;
  record.files.micrograph = name + ".mrc";
  record.files.truth = name + "_CLEAN.mrc";
  record.settings.pixel_size_angstrom = pixel_size_angstrom;
  record.settings.ctf.defocus_u_angstrom = 15000;
  record.settings.ctf.defocus_v_angstrom = 14000;
  record.signal_sigma = record.noise_sigma = 1;
  return record;
}

std::string cell(const StarTable& table, std::int64_t row, const char* label) {
  return std::string(table.cell(row, table.column(label)));
}

}  // namespace

TEST_CASE("project lists: micrographs of equal optics share a group") {
  const std::vector<MicrographRecord> records = {
      record_named("a", 1.5), record_named("b", 0.7), record_named("c", 1.5)};
  const StarFile file = StarFile::parse(micrographs_star(records), "list");
  const StarTable& optics = file.table("optics");
  REQUIRE(optics.row_count() == 2);
  CHECK(std::stod(cell(optics, 1, "rlnMicrographPixelSize")) == Approx(0.7));
  const StarTable& micrographs = file.table("micrographs");
  CHECK(cell(micrographs, 0, "rlnOpticsGroup") == "1");
  CHECK(cell(micrographs, 1, "rlnOpticsGroup") == "2");
  CHECK(cell(micrographs, 2, "rlnOpticsGroup") == "1");
  CHECK(cell(micrographs, 2, "limpidTruthName") == "c_CLEAN.mrc");
  CHECK_FALSE(micrographs.find_column("rlnMicrographNameEven"));
}

TEST_CASE("project lists: a particle above the middle of the ice has less defocus") {
  std::vector<MicrographRecord> records = {record_named("a", 1)};
  ParticleRecord particle;
  particle.x_px = 12.25;
  particle.height_angstrom = 100;
  particle.structure = 1;
  records[0].particles = {particle};
  const StarFile file = StarFile::parse(particles_star(records), "list");
  const StarTable& particles = file.table("particles");
  REQUIRE(particles.row_count() == 1);
  CHECK(std::stod(cell(particles, 0, "rlnCoordinateX")) == 12.25);
  CHECK(std::stod(cell(particles, 0, "rlnDefocusU")) == Approx(14900));
  CHECK(std::stod(cell(particles, 0, "rlnDefocusV")) == Approx(13900));
  CHECK(cell(particles, 0, "rlnClassNumber") == "2");
}

TEST_CASE("project lists: without movies there is no list of them") {
  std::vector<MicrographRecord> records = {record_named("a", 1), record_named("b", 2)};
  CHECK(movies_star(records).empty());
  records[1].files.movie = "Movies/b.mrcs";
  const StarFile file = StarFile::parse(movies_star(records), "list");
  CHECK(file.table("optics").row_count() == 1);
  CHECK(cell(file.table("movies"), 0, "rlnMicrographMovieName") == "Movies/b.mrcs");
}
