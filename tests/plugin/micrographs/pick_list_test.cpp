#include "plugin/micrographs/pick_list.h"

#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

#include <filesystem>
#include <string>

using namespace limpid;
using limpid::test::TemporaryFolder;

TEST_CASE("pick list: one table of all particles, found by raw and by denoised names") {
  const TemporaryFolder folder;
  folder.write("particles.star",
               "data_optics\n\nloop_\n_rlnOpticsGroup\n1\n\n"
               "data_particles\n\nloop_\n_rlnCoordinateX\n_rlnCoordinateY\n_rlnMicrographName\n"
               "1.5 2 MotionCorr/job002/mics/a.mrc\n3 4e1 MotionCorr/job002/mics/a.mrc\n"
               "5 6 MotionCorr/job002/mics/b.mrc\n7 8 MotionCorr/job002/other/b.mrc\n");
  const PickList list = PickList::read(folder.path("particles.star"));
  CHECK(list.micrograph_count() == 3);
  REQUIRE(list.of("External/job007/mics/a.mrc").size() == 2);
  CHECK(list.of("External/job007/mics/a.mrc")[1].y == 40);
  CHECK(list.of("/elsewhere/a.tif").size() == 2);
  CHECK(list.of("External/job007/mics/b.mrc").at(0).x == 5);
  // Two have this name: neither can be meant.
  CHECK(list.of("/elsewhere/b.mrc").empty());
  CHECK(list.of("c.mrc").empty());
}

TEST_CASE("pick list: one file for each micrograph") {
  const TemporaryFolder folder;
  folder.write("a_picks.star", "data_\n\nloop_\n_rlnCoordinateX\n_rlnCoordinateY\n1 2\n3 4\n");
  folder.write(
      "list.star",
      "data_coordinate_files\n\nloop_\n_rlnMicrographName\n_rlnMicrographCoordinates\na.mrc " +
          folder.path("a_picks.star") + "\n");
  CHECK(PickList::read(folder.path("list.star")).of("a.mrc").size() == 2);
}

TEST_CASE("pick list: files beside one that stands for them") {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder.path("mics"));
  std::filesystem::create_directories(folder.path("apart"));
  folder.write("coords_suffix_autopick.star", "Import/job001/micrographs.star\n");
  const std::string picks = "data_\n\nloop_\n_rlnCoordinateX\n_rlnCoordinateY\n1 2\n3 4\n";
  folder.write("mics/a_autopick.star", picks);
  folder.write("mics/a_other.star", picks + "5 6\n");
  folder.write("mics/empty_autopick.star", "\n");
  const PickList list = PickList::read(folder.path("coords_suffix_autopick.star"));
  CHECK(list.micrograph_count() == 2);
  CHECK(list.of("MotionCorr/job002/mics/a.mrc").size() == 2);
  CHECK(list.of("mics/empty.mrc").empty());
  folder.write("apart/coords_suffix_manual.star", "");
  CHECK_THROWS_WITH(PickList::read(folder.path("apart/coords_suffix_manual.star")),
                    ContainsSubstring("_manual.star") && ContainsSubstring("beside"));
}

TEST_CASE("pick list: what is no number and what is no list are named") {
  const TemporaryFolder folder;
  folder.write("bad.star",
               "data_\n\nloop_\n_rlnMicrographName\n_rlnCoordinateX\n_rlnCoordinateY\na.mrc 1 x\n");
  CHECK_THROWS_WITH(PickList::read(folder.path("bad.star")),
                    ContainsSubstring("bad.star:7") && ContainsSubstring("rlnCoordinateY is 'x'"));
  folder.write("none.star", "data_\n\nloop_\n_rlnMicrographName\na.mrc\n");
  CHECK_THROWS_WITH(PickList::read(folder.path("none.star")),
                    ContainsSubstring("rlnCoordinateX") && ContainsSubstring("none.star"));
}
