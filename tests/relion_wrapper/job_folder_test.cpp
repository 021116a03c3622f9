#include "relion_wrapper/job_folder.h"

#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

#include <filesystem>
#include <fstream>
#include <string>

using limpid::JobEnd;
using limpid::JobFolder;
using limpid::RelionVersion;

namespace {

void write(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

}  // namespace

TEST_CASE("job folder: there is one mark at most") {
  const limpid::test::TemporaryFolder temporary;
  const JobFolder folder(temporary.path("job001/"));
  CHECK(folder.path() == temporary.path("job001"));
  folder.mark(JobEnd::failure);
  CHECK(std::filesystem::exists(folder.file("RELION_JOB_EXIT_FAILURE")));
  folder.mark(JobEnd::success);
  CHECK_FALSE(std::filesystem::exists(folder.file("RELION_JOB_EXIT_FAILURE")));
  CHECK(std::filesystem::exists(folder.file("RELION_JOB_EXIT_SUCCESS")));
  folder.clear_marks();
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("job folder: the version is that of the job file") {
  const limpid::test::TemporaryFolder temporary;
  const JobFolder folder(temporary.path(""));
  CHECK(folder.version() == RelionVersion::unknown);
  CHECK_FALSE(folder.has_job_file());
  const std::string job3 =
      "\n# version 30001\n\ndata_job\n\n_rlnJobType   99\n_rlnJobIsContinue 0\n";
  const std::string job4 =
      "\n# version 30001\n\ndata_job\n\n_rlnJobTypeLabel  relion.external\n_rlnJobIsContinue 0\n";
  const std::string job5 =
      "\n# version 50001\n\ndata_job\n\n_rlnJobTypeLabel  relion.external\n_rlnJobIsContinue 0\n";
  write(folder.file("job.star"), job3);
  CHECK(folder.version() == RelionVersion::relion3);
  write(folder.file("job.star"), job4);
  CHECK(folder.version() == RelionVersion::relion4);
  write(folder.file("job.star"), job5);
  CHECK(folder.version() == RelionVersion::relion5);
  write(folder.file("job.star"), "\ndata_other\n\n_a 1\n");
  CHECK(folder.version() == RelionVersion::unknown);
}
