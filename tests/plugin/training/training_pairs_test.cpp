#include "plugin/training/training_pairs.h"

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/io/mrc_writer.h"
#include "tests/support/captured_log.h"
#include "tests/support/catch.h"
#include "tests/support/io_mrc_bytes.h"
#include "tests/support/temporary_folder.h"

#include <filesystem>

using namespace limpid;
using namespace limpid::test;

namespace {

constexpr std::int64_t smallest_px = 32;

struct Project {
  void add(const std::string& name, std::int64_t width = 64, std::int64_t height = 48) const {
    Image image(width, height);
    RandomSequence random(1, 1);
    for (float& pixel : image.pixels())
      pixel = static_cast<float>(random.normal());
    MrcWriteOptions options;
    options.pixel_size_angstrom = 1.5;
    write_mrc(folder.path(name), image, options);
  }
  TrainingPairs find(PairKind kind) const {
    TrainJob job;
    job.input.paths = {folder.path()};
    job.pairs = kind;
    return find_training_pairs(job, smallest_px);
  }
  TemporaryFolder folder;
  CapturedLog log;
};

}  // namespace

TEST_CASE("training pairs: a model to begin with splits lone micrographs by noise") {
  const Project project;
  project.add("a.mrc");
  project.add("b.mrc");
  TrainJob job;
  job.input.paths = {project.folder.path()};
  job.start_model = "start";
  const TrainingPairs pairs = find_training_pairs(job, smallest_px);
  CHECK(pairs.kind == PairKind::single);
  CHECK_FALSE(pairs.noise_radius_px);
  REQUIRE(pairs.noise_spectrum);
  const ImagePair pair = pairs.source->load(0);
  CHECK(pair.symmetric);
  CHECK(pair.input.row(0)[0] != pair.target.row(0)[0]);
}

TEST_CASE("training pairs: halves where most micrographs have them, else single") {
  const Project project;
  for (const char* name : {"a.mrc", "b.mrc", "c.mrc", "a_EVN.mrc", "a_ODD.mrc"})
    project.add(name);
  const TrainingPairs lone = project.find(PairKind::automatic);
  CHECK(lone.kind == PairKind::single);
  CHECK(lone.noise_radius_px == 0);
  CHECK_FALSE(lone.read_halves);
  CHECK_FALSE(lone.noise_spectrum);
  project.add("b_EVN.mrc");
  project.add("b_ODD.mrc");
  const TrainingPairs pairs = project.find(PairKind::automatic);
  CHECK(pairs.kind == PairKind::halves);
  CHECK(pairs.source->count() == 2);
  CHECK(pairs.files.size() == 4);
  CHECK(pairs.smallest_pixel_size_angstrom == Approx(1.5));
  CHECK(pairs.read_halves(1).odd.width() == 64);
  CHECK_THAT(project.log.warnings(), ContainsSubstring("1 of 3 micrographs"));
  CHECK_THAT(project.log.warnings(), ContainsSubstring("c.mrc"));
}

TEST_CASE("training pairs: halves that a list names but that are gone are not chosen") {
  const Project project;
  project.add("a.mrc");
  project.add("b.mrc");
  TrainJob job;
  job.input.star_file = project.folder.write(
      "list.star",
      "data_micrographs\nloop_\n_rlnMicrographName\n_rlnMicrographNameEven\n_rlnMicrographNameOdd\n"
      "a.mrc gone_1.mrc gone_2.mrc\nb.mrc gone_3.mrc gone_4.mrc\n");
  CHECK(find_training_pairs(job, smallest_px).kind == PairKind::single);
  CHECK_THAT(project.log.warnings(), ContainsSubstring("not there"));
  job.pairs = PairKind::halves;
  CHECK_THROWS_WITH(find_training_pairs(job, smallest_px), ContainsSubstring("none of the 2"));
}

TEST_CASE("training pairs: listed movies that are there come before lone micrographs") {
  const Project project;
  project.add("a.mrc");
  project.add("b.mrc");
  const auto add_record = [&](const std::string& name) {
    project.folder.write(name + ".star",
                         "data_general\n_rlnMicrographMovieName " + name +
                             ".mrcs\n\ndata_global_shift\nloop_\n_rlnMicrographFrameNumber\n"
                             "_rlnMicrographShiftX\n_rlnMicrographShiftY\n1 0 0\n2 0 0\n");
  };
  add_record("a");
  add_record("b");
  TrainJob job;
  job.input.star_file =
      project.folder.write("list.star",
                           "data_micrographs\nloop_\n_rlnMicrographName\n_rlnMicrographMetadata\n"
                           "a.mrc a.star\nb.mrc b.star\n");
  CHECK(find_training_pairs(job, smallest_px).kind == PairKind::single);
  CHECK(project.log.warnings().empty());
  for (const char* name : {"a.mrcs", "b.mrcs"}) {
    MrcBytes movie(64, 64, 2, 0);
    RandomSequence random(3, 3);
    for (std::int32_t i = 0; i < 2 * 64 * 64; ++i)
      movie.pixel(static_cast<std::int8_t>(random.below(20)));
    project.folder.write(name, movie.bytes());
  }
  CHECK(find_training_pairs(job, smallest_px).kind == PairKind::movies);
}

TEST_CASE("training pairs: a half whose partner is missing is no pair") {
  const Project project;
  for (const char* name : {"a.mrc", "b.mrc", "a_EVN.mrc", "a_ODD.mrc", "b_EVN.mrc"})
    project.add(name);
  CHECK(project.find(PairKind::halves).source->count() == 1);
  CHECK_THAT(project.log.warnings(), ContainsSubstring("1 of 2 micrographs"));
}

TEST_CASE("training pairs: halves of different size are left out, mixed pixels are named") {
  const Project project;
  for (const char* name : {"a.mrc", "b.mrc", "a_EVN.mrc", "a_ODD.mrc", "b_EVN.mrc"})
    project.add(name);
  project.add("b_ODD.mrc", 66, 48);
  Image other(64, 48);
  other.at(1, 1) = 1;
  MrcWriteOptions options;
  options.pixel_size_angstrom = 2.0;
  write_mrc(project.folder.path("b.mrc"), other, options);
  CHECK(project.find(PairKind::halves).source->count() == 1);
  CHECK_THAT(project.log.warnings(), ContainsSubstring("66 x 48"));
  CHECK_THAT(project.log.warnings(), ContainsSubstring("pixels of 1.5 to 2 A"));
}

TEST_CASE("training pairs: a kind that does not exist is an error") {
  const Project project;
  project.add("a.mrc");
  CHECK_THROWS_WITH(project.find(PairKind::halves), ContainsSubstring("even and an odd half"));
  CHECK_THROWS_WITH(project.find(PairKind::truth), ContainsSubstring("has a truth"));
}

TEST_CASE("training pairs: what cannot be used is left out and named") {
  const Project project;
  for (const char* name :
       {"a.mrc", "b.mrc", "c.mrc", "cut.mrc", "a_CLEAN.mrc", "b_CLEAN.mrc", "cut_CLEAN.mrc"})
    project.add(name);
  project.add("c_CLEAN.mrc", 62, 48);
  std::filesystem::resize_file(project.folder.path("cut.mrc"), 2000);
  project.folder.write("text.mrc", "text");
  const TrainingPairs pairs = project.find(PairKind::truth);
  CHECK(pairs.source->count() == 2);
  CHECK(pairs.sizes.size() == 2);
  CHECK_THAT(project.log.warnings(), ContainsSubstring("cut.mrc"));
  CHECK_THAT(project.log.warnings(), ContainsSubstring("62 x 48"));
  CHECK(project.find(PairKind::simulated).source->count() == 3);
}

TEST_CASE("training pairs: small ones are left out, unless all are small") {
  const Project project;
  for (const char* name : {"a.mrc", "b.mrc", "c.mrc"})
    project.add(name, 200, 180);
  project.add("small.mrc", 200, 80);  // less than half of the others
  const TrainingPairs pairs = project.find(PairKind::simulated);
  CHECK(pairs.source->count() == 3);
  CHECK_THAT(project.log.warnings(), ContainsSubstring("small.mrc"));
  const Project tiny;
  tiny.add("a.mrc", 31, 100);
  CHECK_THROWS_WITH(tiny.find(PairKind::simulated), ContainsSubstring("too small"));
}

TEST_CASE("training pairs: nothing readable is an error") {
  const Project project;
  project.folder.write("a.mrc", "x");
  CHECK_THROWS_WITH(project.find(PairKind::simulated), ContainsSubstring("none of the 1"));
}

TEST_CASE("training pairs: the fingerprint follows the files") {
  const Project project;
  project.add("a.mrc");
  project.add("b.mrc");
  const std::string before = project.find(PairKind::simulated).fingerprint;
  CHECK(before == project.find(PairKind::simulated).fingerprint);
  project.add("b.mrc", 66, 48);
  CHECK(before != project.find(PairKind::simulated).fingerprint);
}
