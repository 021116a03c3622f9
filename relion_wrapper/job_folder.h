#pragma once

#include <cstdint>
#include <string>

namespace limpid {

// How a job ended, as RELION learns it: from an empty file in the job folder and nothing else. A
// job without one counts as running for ever.
enum class JobEnd : std::uint8_t { success, failure, aborted };

// Generations of RELION that name output nodes differently.
enum class RelionVersion : std::uint8_t { unknown, relion3, relion4, relion5 };

// External/jobNNN/ of a project.
class JobFolder {
 public:
  // Does not touch the folder.
  explicit JobFolder(std::string path);

  // Without a slash at the end.
  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

  // Removes the marks of an earlier run.
  void clear_marks() const;
  // The last thing that is done in the folder. Throws Error(storage).
  void mark(JobEnd end) const;
  // The user pressed "Abort running".
  bool abort_requested() const;
  // The file job.star, which every version writes before it starts a job.
  bool has_job_file() const;
  // From the job file.
  RelionVersion version() const;

 private:
  std::string path_;
};

const char* name(RelionVersion version);

}  // namespace limpid
