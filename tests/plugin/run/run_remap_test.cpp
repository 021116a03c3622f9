#include "plugin/run/run_remap.h"

#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

#include <filesystem>
#include <string>
#include <vector>

using namespace limpid;
using namespace limpid::test;

namespace {

class QuietProgress : public Progress {
 public:
  void begin(std::string_view, std::int64_t) override {}
  void item_finished(const ItemResult& result) override { items.push_back(result); }
  void training_step(std::int64_t, std::int64_t, double) override {}
  void note(std::string_view) override {}
  bool stop_requested() const override { return false; }

  std::vector<ItemResult> items;
};

const std::string picks =
    "\ndata_\n\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n1 2\n3 4\n5 6\n\n";

struct Project {
  Project() {
    std::filesystem::create_directories(folder.path("AutoPick/job003/s1"));
    std::filesystem::create_directories(folder.path("AutoPick/job003/s2"));
    job.input.star_file = folder.write("originals.star",
                                       "\ndata_micrographs\n\nloop_\n_rlnMicrographName #1\n"
                                       "MotionCorr/job001/s1/a.mrc\nMotionCorr/job001/s2/a.mrc\n"
                                       "MotionCorr/job001/s2/b.tif\n\n");
    folder.write("AutoPick/job003/s1/a_pick.star", picks);
    folder.write("AutoPick/job003/s2/a_pick.star", picks);
  }

  // One list of coordinate files, naming each micrograph below a denoising job.
  std::string list(const std::vector<std::string>& micrographs) const {
    std::string text =
        "\n# version 50001\n\ndata_coordinate_files\n\nloop_\n_rlnMicrographName #1\n"
        "_rlnMicrographCoordinates #2\n_kept #3\n";
    for (const std::string& micrograph : micrographs)
      text += micrograph + "  " + folder.path("AutoPick/job003/s1/a_pick.star") + "  'a b'\n";
    return text + "\n";
  }
  RunSummary run() { return run_remap(job, OutputFolder(folder.path("out")), progress); }

  TemporaryFolder folder;
  RemapJob job;
  QuietProgress progress;
};

}  // namespace

TEST_CASE("remap: names of a list lead to the originals, all else is kept") {
  Project project;
  project.job.coordinates = project.folder.write(
      "autopick.star",
      project.list(
          {"External/job002/s2/a.mrc", "External/job002/s1/a.mrc", "Denoised/job9/x/../s2/b.mrc"}));
  CHECK(project.run().failed_count == 1);  // job9 is no job folder
  CHECK(content_of(project.folder.path("out/autopick.star")) ==
        project.list({"MotionCorr/job001/s2/a.mrc", "MotionCorr/job001/s1/a.mrc"}));
  CHECK(project.progress.items.size() == 3);

  project.folder.write("autopick.star", project.list({"External/job002/s2/b.mrc"}));
  CHECK(project.run().done_count == 1);
  CHECK(content_of(project.folder.path("out/autopick.star")) ==
        project.list({"MotionCorr/job001/s2/b.tif"}));
}

TEST_CASE("remap: a list of particles keeps their coordinates") {
  Project project;
  project.job.coordinates = project.folder.write(
      "particles.star",
      "\ndata_particles\n\nloop_\n_rlnCoordinateX #1\n_rlnMicrographName #2\n"
      "1 External/job002/s1/a.mrc\n2 External/job002/s1/a.mrc\n3 External/job002/s2/a.mrc\n\n");
  CHECK(project.run().result.find("3 coordinates of 2 micrographs") == 0);
  CHECK(content_of(project.folder.path("out/particles.star")) ==
        "\ndata_particles\n\nloop_\n_rlnCoordinateX #1\n_rlnMicrographName #2\n"
        "1 MotionCorr/job001/s1/a.mrc\n2 MotionCorr/job001/s1/a.mrc\n"
        "3 MotionCorr/job001/s2/a.mrc\n\n");
}

TEST_CASE("remap: files of one suffix go where the names of the originals lead") {
  Project project;
  project.job.coordinates =
      project.folder.write("AutoPick/job003/coords_suffix_pick.star", "External/job002/m.star\n");
  const RunSummary summary = project.run();
  CHECK(summary.done_count == 2);
  CHECK(summary.result.find("6 coordinates of 2 micrographs") == 0);
  CHECK(content_of(project.folder.path("out/coords_suffix_pick.star")) ==
        project.job.input.star_file + "\n");
  CHECK(content_of(project.folder.path("out/s1/a_pick.star")) == picks);
  CHECK(content_of(project.folder.path("out/s2/a_pick.star")) == picks);
}

TEST_CASE("remap: a missing file of coordinates fails its micrograph alone") {
  Project project;
  std::string broken = project.list({"External/job002/s1/a.mrc", "External/job002/s2/a.mrc"});
  const auto last = broken.rfind("a_pick.star");
  broken.replace(last, 11, "none.star");
  project.job.coordinates = project.folder.write("autopick.star", broken);
  const RunSummary summary = project.run();
  CHECK(summary.done_count == 1);
  CHECK(summary.failed_count == 1);
  CHECK(project.progress.items.back().reason.find("none.star") != std::string::npos);
  CHECK(content_of(project.folder.path("out/autopick.star")) ==
        project.list({"MotionCorr/job001/s1/a.mrc"}));
}

TEST_CASE("remap: an empty file of coordinates is a micrograph without picks") {
  Project project;
  project.folder.write("AutoPick/job003/s1/a_pick.star", "");
  project.job.coordinates =
      project.folder.write("autopick.star", project.list({"External/job002/s1/a.mrc"}));
  CHECK(project.run().result.find("0 coordinates of 1 micrographs\n") == 0);
  CHECK(content_of(project.folder.path("out/autopick.star")) ==
        project.list({"MotionCorr/job001/s1/a.mrc"}));

  project.job.coordinates =
      project.folder.write("AutoPick/job003/coords_suffix_pick.star", "External/job002/m.star\n");
  CHECK(project.run().result.find("3 coordinates of 2 micrographs\n") == 0);
  CHECK(content_of(project.folder.path("out/s1/a_pick.star")).empty());
}

TEST_CASE("remap: coordinates that belong to nothing are an error") {
  Project project;
  CHECK_THROWS_AS(project.run(), Error);  // none given
  project.job.coordinates = project.folder.path("none.star");
  CHECK_THROWS_AS(project.run(), Error);
  project.job.coordinates = project.folder.write("empty.star", "");
  CHECK_THROWS_AS(project.run(), Error);
  project.job.coordinates =
      project.folder.write("autopick.star", project.list({"External/job002/unknown.mrc"}));
  CHECK_THROWS_AS(project.run(), Error);
  project.job.coordinates = project.folder.write("coords_suffix_other.star", "");
  CHECK_THROWS_AS(project.run(), Error);
  CHECK_FALSE(std::filesystem::exists(project.folder.path("out/autopick.star")));
}

TEST_CASE("remap: the result does not replace its own input") {
  Project project;
  std::filesystem::create_directory(project.folder.path("out"));
  const std::string text = project.list({"External/job002/s1/a.mrc"});
  project.job.coordinates = project.folder.write("out/autopick.star", text);
  CHECK_THROWS_AS(project.run(), Error);
  CHECK(content_of(project.job.coordinates) == text);
}
