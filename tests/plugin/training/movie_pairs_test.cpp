#include "plugin/training/movie_pairs.h"

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/io/mrc_writer.h"
#include "tests/support/captured_log.h"
#include "tests/support/catch.h"
#include "tests/support/io_mrc_bytes.h"
#include "tests/support/temporary_folder.h"

using namespace limpid;
using namespace limpid::test;

namespace {

constexpr std::int64_t smallest_px = 32;

struct Project {
  void add_movie(const std::string& name, std::int32_t side, std::int32_t frames) const {
    MrcBytes file(side, side, frames, 0);
    RandomSequence random(7, static_cast<std::uint64_t>(side));
    for (std::int32_t i = 0; i < side * side * frames; ++i)
      file.pixel(static_cast<std::int8_t>(random.below(20)));
    folder.write(name, file.bytes());
  }
  TrainJob job(const std::vector<std::string>& names) const {
    std::string list =
        "data_movies\nloop_\n_rlnMicrographMovieName\n_rlnMicrographOriginalPixelSize\n";
    for (const std::string& name : names)
      list += name + " 1.5\n";
    TrainJob result;
    result.movies.star_file = folder.write("movies.star", list);
    return result;
  }
  TemporaryFolder folder;
  CapturedLog log;
};

}  // namespace

TEST_CASE("movie pairs: those that can be read and are large enough") {
  const Project project;
  project.add_movie("a.mrcs", 64, 4);
  project.add_movie("b.mrcs", 64, 5);
  project.add_movie("single.mrcs", 64, 1);
  project.add_movie("small.mrcs", 31, 4);
  const TrainingPairs pairs = find_training_pairs(
      project.job({"a.mrcs", "gone.mrcs", "single.mrcs", "small.mrcs", "b.mrcs"}), smallest_px);
  CHECK(pairs.kind == PairKind::movies);
  REQUIRE(pairs.source->count() == 2);
  CHECK(pairs.source->name(1) == project.folder.path("b.mrcs"));
  REQUIRE(pairs.sizes.size() == 2);
  CHECK(pairs.sizes[0].side() == 64);
  CHECK(pairs.files.size() == 2);
  CHECK(pairs.smallest_pixel_size_angstrom == 1.5);
  CHECK(pairs.source->load(0).symmetric);
  for (const char* reason : {"gone.mrcs': No such file",
                             "1 of 1 frames can be used",
                             "small.mrcs' has 31 x 31 pixels",
                             "no shifts are recorded for 2 of 2 movies"})
    CHECK_THAT(project.log.warnings(), ContainsSubstring(reason));
}

TEST_CASE("movie pairs: another gain or grouping is another training") {
  const Project project;
  project.add_movie("a.mrcs", 64, 4);
  write_mrc(project.folder.path("gain.mrc"), Image(64, 64, 1.0f), {});
  TrainJob job = project.job({"a.mrcs"});
  const std::string plain = find_movie_pairs(job, smallest_px).fingerprint;
  CHECK(find_movie_pairs(job, smallest_px).fingerprint == plain);
  job.movies.gain_file = project.folder.path("gain.mrc");
  const TrainingPairs pairs = find_movie_pairs(job, smallest_px);
  CHECK(pairs.fingerprint != plain);
  CHECK(pairs.files.size() == 2);
  job.movies.gain_file.clear();
  job.movies.eer_grouping = 3;
  CHECK(find_movie_pairs(job, smallest_px).fingerprint != plain);
  write_mrc(project.folder.path("gain.mrc"), Image(32, 64, 1.0f), {});
  job.movies.gain_file = project.folder.path("gain.mrc");
  CHECK_THROWS_WITH(find_movie_pairs(job, smallest_px), ContainsSubstring("none of the movies"));
  CHECK_THAT(project.log.warnings(), ContainsSubstring("has 32 x 64 pixels, the frames of"));
}

TEST_CASE("movie pairs: jobs that contradict themselves") {
  const Project project;
  project.add_movie("a.mrcs", 64, 4);
  TrainJob job = project.job({"a.mrcs"});
  CHECK(learns_from_movies(job));
  CHECK_FALSE(learns_from_movies({}));
  job.pairs = PairKind::halves;
  CHECK_THROWS_WITH(find_training_pairs(job, smallest_px), ContainsSubstring("--pairs halves"));
  job.pairs = PairKind::movies;
  job.input.paths = {"a.mrc"};
  CHECK_THROWS_WITH(find_training_pairs(job, smallest_px), ContainsSubstring("both movies and"));
  job.input.paths.clear();
  job.movies.star_file.clear();
  CHECK_THROWS_WITH(find_training_pairs(job, smallest_px), ContainsSubstring("--in_movies"));
}
