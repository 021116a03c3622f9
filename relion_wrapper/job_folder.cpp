#include "relion_wrapper/job_folder.h"

#include "core/base/error.h"
#include "core/io/file_descriptor.h"
#include "core/io/star.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

namespace limpid {
namespace {

constexpr const char* job_file_name = "job.star";
constexpr JobEnd all_ends[] = {JobEnd::success, JobEnd::failure, JobEnd::aborted};

const char* mark_name(JobEnd end) {
  switch (end) {
    case JobEnd::success:
      return "RELION_JOB_EXIT_SUCCESS";
    case JobEnd::failure:
      return "RELION_JOB_EXIT_FAILURE";
    case JobEnd::aborted:
      break;
  }
  return "RELION_JOB_EXIT_ABORTED";
}

bool exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

// The number in the first line "# version NNNNN", or 0.
int star_version(const std::string& path) {
  std::ifstream stream(path);
  for (std::string line; std::getline(stream, line);) {
    constexpr std::string_view mark = "# version ";
    if (line.starts_with(mark))
      return std::atoi(line.c_str() + mark.size());
    if (line.starts_with("data_"))
      break;
  }
  return 0;
}

}  // namespace

JobFolder::JobFolder(std::string path) : path_(std::move(path)) {
  while (path_.size() > 1 && path_.back() == '/')
    path_.pop_back();
}

void JobFolder::clear_marks() const {
  std::error_code ignored;
  for (const JobEnd end : all_ends)
    std::filesystem::remove(file(mark_name(end)), ignored);
}

void JobFolder::mark(JobEnd end) const {
  std::error_code ignored;
  std::filesystem::create_directories(path_, ignored);
  clear_marks();
  const std::string path = file(mark_name(end));
  const FileDescriptor mark(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  if (!mark.is_open())
    fail(ErrorKind::storage, "writing '{}': {}", path, std::strerror(errno));
}

bool JobFolder::abort_requested() const {
  return exists(file("RELION_JOB_ABORT_NOW"));
}

bool JobFolder::has_job_file() const {
  return exists(file(job_file_name));
}

RelionVersion JobFolder::version() const {
  if (!has_job_file())
    return RelionVersion::unknown;
  const std::string path = file(job_file_name);
  const StarFile star = StarFile::read(path);
  const StarTable* job = star.find_table("job");
  if (job == nullptr)
    return RelionVersion::unknown;
  if (job->find_column("rlnJobType"))
    return RelionVersion::relion3;
  if (!job->find_column("rlnJobTypeLabel"))
    return RelionVersion::unknown;
  return star_version(path) < 50000 ? RelionVersion::relion4 : RelionVersion::relion5;
}

const char* name(RelionVersion version) {
  switch (version) {
    case RelionVersion::relion3:
      return "RELION 3";
    case RelionVersion::relion4:
      return "RELION 4";
    case RelionVersion::relion5:
      return "RELION 5";
    case RelionVersion::unknown:
      break;
  }
  return "RELION";
}

}  // namespace limpid
