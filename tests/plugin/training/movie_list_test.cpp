#include "plugin/training/movie_list.h"

#include "core/base/error.h"
#include "tests/support/captured_log.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using namespace limpid;
using namespace limpid::test;

namespace {

constexpr const char* optics =
    "data_optics\nloop_\n_rlnOpticsGroupName\n_rlnOpticsGroup\n_rlnMicrographOriginalPixelSize\n"
    "_rlnVoltage\ng1 1 1.06 300\ng2 2 0.83 200\n\n";

// As motion correction writes it: a movie whose first of four frames was left out.
constexpr const char* motion =
    "\n# version 30001\n\ndata_general\n\n_rlnImageSizeZ 4\n_rlnMicrographMovieName movie.eer\n"
    "_rlnMicrographGainName gain.mrc\n_rlnMicrographOriginalPixelSize 0.5\n"
    "_rlnMicrographDoseRate 1.25\n_rlnMicrographPreExposure 2.5\n_rlnVoltage 200\n"
    "_rlnEERUpsampling 2\n_rlnEERGrouping 32\n\n"
    "data_global_shift\n\nloop_\n_rlnMicrographFrameNumber #1\n_rlnMicrographShiftX #2\n"
    "_rlnMicrographShiftY #3\n1 -9999.00000 -9999.00000\n2 0.0 0.0\n3 -1.5 2.25\n4 3 -4e-1\n\n";

struct Project {
  std::vector<MovieEntry> read(const std::string& list, MovieInput input = {}) const {
    input.star_file = folder.write("list.star", list);
    return read_movie_list(input);
  }
  TemporaryFolder folder;
  CapturedLog log;
};

}  // namespace

TEST_CASE("movie list: movies as they were imported") {
  const Project project;
  project.folder.write("a.tif", "x");
  const auto movies = project.read(
      std::string(optics) +
      "data_movies\nloop_\n_rlnMicrographMovieName\n_rlnOpticsGroup\na.tif 2\n/far/b.tif 1\n");
  REQUIRE(movies.size() == 2);
  CHECK(movies[0].recipe.movie_path == project.folder.path("a.tif"));
  CHECK(movies[1].recipe.movie_path == "/far/b.tif");
  CHECK(movies[0].pixel_size_angstrom == 0.83);
  CHECK(movies[1].pixel_size_angstrom == 1.06);
  CHECK(movies[0].recipe.gain_path.empty());
  CHECK(movies[0].recipe.shifts.empty());
  CHECK(movies[0].motion_path.empty());
  CHECK_FALSE(movies[0].recipe.dose_weighting);
  CHECK(movies[0].recipe.rendering.frames_per_fraction == 40);
  CHECK(movies[0].recipe.rendering.upsampling == 1);
}

TEST_CASE("movie list: what motion correction has written beside its micrographs") {
  const Project project;
  const std::string motion_path = project.folder.write("a.star", motion);
  project.folder.write("gain.mrc", "x");
  const auto movies = project.read(
      std::string(optics) +
          "data_micrographs\nloop_\n_rlnMicrographName\n_rlnMicrographMetadata\n_rlnOpticsGroup\n"
          "a.mrc a.star 1\n",
      {.star_file = {}, .gain_file = {}, .weight_by_dose = true});
  REQUIRE(movies.size() == 1);
  const MovieRecipe& recipe = movies[0].recipe;
  CHECK(recipe.movie_path == "movie.eer");
  CHECK(recipe.gain_path == project.folder.path("gain.mrc"));
  CHECK(movies[0].motion_path == motion_path);
  CHECK(movies[0].pixel_size_angstrom == 0.5);
  CHECK(recipe.rendering.frames_per_fraction == 32);
  CHECK(recipe.rendering.upsampling == 2);
  REQUIRE(recipe.shifts.size() == 4);
  CHECK_FALSE(recipe.shifts[0]);
  CHECK(recipe.shifts[2]->x_px == -1.5);
  CHECK(recipe.shifts[2]->y_px == 2.25);
  CHECK(recipe.shifts[3]->y_px == -0.4);
  REQUIRE(recipe.dose_weighting);
  CHECK(recipe.dose_weighting->dose_per_frame_e_per_square_angstrom == 1.25);
  CHECK(recipe.dose_weighting->dose_before_e_per_square_angstrom == 2.5);
  CHECK(recipe.dose_weighting->pixel_size_angstrom == 0.5);
  CHECK(recipe.dose_weighting->voltage_kv == 200);
}

TEST_CASE("movie list: options go before the list, and its columns before other files") {
  const Project project;
  project.folder.write("a.star", motion);
  const std::string list =
      "data_movies\nloop_\n_rlnMicrographMovieName\n_rlnMicrographGainName\n"
      "_rlnMicrographMetadata\n_rlnMicrographDoseRate\nmine.mrcs own.mrc a.star 3\n";
  const auto from_list =
      project.read(list, {.star_file = {}, .gain_file = {}, .weight_by_dose = true});
  CHECK(from_list[0].recipe.movie_path == "mine.mrcs");
  CHECK(from_list[0].recipe.gain_path == "own.mrc");
  CHECK(from_list[0].recipe.dose_weighting->dose_per_frame_e_per_square_angstrom == 3);
  const auto asked = project.read(list,
                                  {.star_file = {},
                                   .gain_file = "asked.tif",
                                   .weight_by_dose = true,
                                   .dose_per_frame_e_per_square_angstrom = 0.5,
                                   .eer_grouping = 10,
                                   .eer_upsampling = 4});
  CHECK(asked[0].recipe.gain_path == "asked.tif");
  CHECK(asked[0].recipe.dose_weighting->dose_per_frame_e_per_square_angstrom == 0.5);
  CHECK(asked[0].recipe.rendering.frames_per_fraction == 10);
  CHECK(asked[0].recipe.rendering.upsampling == 4);
}

TEST_CASE("movie list: movies whose records are damaged are left out, with the reason") {
  const Project project;
  const std::string head =
      "data_movies\nloop_\n_rlnMicrographMovieName\n_rlnMicrographMetadata\ngood.mrcs None\n";
  const auto warning_of = [&](const std::string& content) {
    project.folder.write("bad.star", content);
    const std::size_t before = project.log.warnings().size();
    CHECK(project.read(head + "bad.mrcs bad.star\n").size() == 1);
    return project.log.warnings().substr(before);
  };
  CHECK_THAT(warning_of("data_global_shift\nloop_\n_rlnMicrographFrameNumber\n1\n"),
             ContainsSubstring("rlnMicrographShiftX"));
  CHECK_THAT(warning_of("data_global_shift\nloop_\n_rlnMicrographFrameNumber\n"
                        "_rlnMicrographShiftX\n_rlnMicrographShiftY\n1 nan 0\n"),
             ContainsSubstring("bad.star:6: rlnMicrographShiftX is not a number"));
  CHECK_THAT(warning_of("data_global_shift\nloop_\n_rlnMicrographFrameNumber\n"
                        "_rlnMicrographShiftX\n_rlnMicrographShiftY\n4000000000 0 0\n"),
             ContainsSubstring("expected 1 to 100000"));
  CHECK_THAT(warning_of("data_general\n_rlnEERGrouping -5\n"), ContainsSubstring("rlnEERGrouping"));
  CHECK_THAT(warning_of("data_general\n_rlnEERUpsampling 7\n"), ContainsSubstring("1, 2 or 4"));
  CHECK_THAT(warning_of("\1\2"), ContainsSubstring("left out"));
  CHECK(project.read(head + "bad.mrcs gone.star\n").size() == 1);
  CHECK_THAT(project.log.warnings(), ContainsSubstring("gone.star"));
}

TEST_CASE("movie list: lists without movies or without the dose that is asked for") {
  const Project project;
  const auto refusal = [&](const std::string& list) {
    try {
      project.read(list, {.star_file = {}, .gain_file = {}, .weight_by_dose = true});
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  CHECK_THAT(refusal("data_micrographs\nloop_\n_rlnMicrographName\na.mrc\n"),
             ContainsSubstring("has no table of movies"));
  CHECK_THAT(refusal("data_movies\nloop_\n_rlnMicrographMovieName\na.mrc\n"),
             ContainsSubstring("--dose_per_frame"));
  CHECK_THAT(refusal("data_movies\nloop_\n_rlnMicrographMovieName\n_rlnMicrographDoseRate\n"
                     "_rlnMicrographOriginalPixelSize\n_rlnVoltage\na.mrc 1 1 120\n"),
             ContainsSubstring("120 kV"));
  CHECK_THAT(refusal("data_movies\nloop_\n_rlnMicrographMovieName\n\n"),
             ContainsSubstring("no usable movies"));
}
