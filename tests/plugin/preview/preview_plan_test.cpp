#include "plugin/preview/preview_plan.h"

#include "core/base/error.h"
#include "tests/support/captured_log.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

#include <filesystem>
#include <string>
#include <vector>

using namespace limpid;
using namespace limpid::test;

namespace {

std::string list_of(const std::vector<std::string>& names) {
  std::string text = "data_micrographs\n\nloop_\n_rlnMicrographName #1\n";
  for (const std::string& name : names)
    text += name + "\n";
  return text;
}

// Files that only need to exist.
struct Project {
  Project() {
    for (const char* sub : {"raw", "den", "den/raw"})
      std::filesystem::create_directory(folder.path(sub));
    for (const char* name : {"a", "b", "c", "d", "e"}) {
      raw.push_back(folder.write("raw/" + std::string(name) + ".mrc", "x"));
      denoised.push_back(folder.write("den/raw/" + std::string(name) + ".mrc", "x"));
    }
  }

  PreviewJob job(std::int64_t count) const {
    PreviewJob job;
    job.input.star_file = folder.path("micrographs.star");
    job.denoised_folder = folder.path("den");
    job.picture_count = count;
    return job;
  }

  TemporaryFolder folder;
  std::vector<std::string> raw;
  std::vector<std::string> denoised;
};

using Indices = std::vector<std::size_t>;

}  // namespace

TEST_CASE("preview plan: micrographs are chosen evenly") {
  CHECK(evenly_chosen(5, 1) == Indices{2});
  CHECK(evenly_chosen(5, 3) == Indices{0, 2, 4});
  CHECK(evenly_chosen(100, 4) == Indices{12, 37, 62, 87});
  CHECK(evenly_chosen(3, 10) == Indices{0, 1, 2});
  CHECK(evenly_chosen(0, 4).empty());
}

TEST_CASE("preview plan: pairs are found through the list of the denoise run") {
  const Project project;
  project.folder.write("micrographs.star", list_of(project.raw));
  project.folder.write("den/micrographs_denoised.star", list_of(project.denoised));
  const std::vector<PreviewItem> items = plan_pictures(project.job(2));
  REQUIRE(items.size() == 2);
  CHECK(items[0].raw.path == project.raw[1]);
  CHECK(items[0].denoised_path == project.denoised[1]);
  CHECK(items[1].denoised_path == project.denoised[3]);
  CHECK(items[0].picture_name.ends_with("b.png"));
}

TEST_CASE("preview plan: without a list pairs are found by name") {
  const Project project;
  project.folder.write("micrographs.star", list_of(project.raw));
  PreviewJob job = project.job(9);
  job.denoised_folder = project.folder.path("den/raw");
  const std::vector<PreviewItem> items = plan_pictures(job);
  REQUIRE(items.size() == 5);
  CHECK(items[4].denoised_path == project.denoised[4]);
}

TEST_CASE("preview plan: micrographs that were not denoised are left out with a warning") {
  const Project project;
  project.folder.write("micrographs.star", list_of(project.raw));
  project.folder.write("den/micrographs_denoised.star",
                       list_of({project.denoised[1], project.denoised[4]}));
  const CapturedLog log;
  const std::vector<PreviewItem> items = plan_pictures(project.job(5));
  REQUIRE(items.size() == 2);
  CHECK(items[1].raw.path == project.raw[4]);
  CHECK(items[1].denoised_path == project.denoised[4]);
  CHECK_THAT(log.warnings(), ContainsSubstring("3 of 5"));
}

TEST_CASE("preview plan: a folder that is not there is a mistake of the user") {
  const Project project;
  project.folder.write("micrographs.star", list_of(project.raw));
  PreviewJob job = project.job(5);
  for (const char* wrong : {"nowhere", "micrographs.star"}) {
    job.denoised_folder = project.folder.path(wrong);
    CHECK_THROWS_WITH(plan_pictures(job), ContainsSubstring(wrong));
  }
}

TEST_CASE("preview plan: without a denoised folder every micrograph can be shown") {
  const Project project;
  project.folder.write("micrographs.star", list_of(project.raw));
  PreviewJob job = project.job(5);
  job.denoised_folder.clear();
  const std::vector<PreviewItem> items = plan_pictures(job);
  REQUIRE(items.size() == 5);
  CHECK(items[0].denoised_path.empty());
}
