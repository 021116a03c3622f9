#pragma once

#include "core/simulate/micrograph_simulator.h"
#include "plugin/job/job.h"
#include "plugin/simulated_project/micrograph_record.h"

#include <cstdint>
#include <optional>
#include <string>

namespace limpid {

// The files of the micrographs of a simulated project:
//   Micrographs/NAME.mrc               sum of all frames
//   Micrographs/NAME_EVN.mrc, _ODD.mrc sums of alternate frames
//   Micrographs/NAME_CLEAN.mrc         what a perfect denoiser gives
//   Micrographs/NAME.json              the record; written last, so that it marks a finished one
//   Movies/NAME.mrcs                   the frames, aligned; they add up to the micrograph
class ProjectFolder {
 public:
  // The folder and the two folders in it are made by whoever writes.
  ProjectFolder(const std::string& path, const SimulateJob& job);

  const std::string& path() const { return path_; }
  std::string path_of(const std::string& file) const { return path_ + '/' + file; }

  // Of micrograph `index`: "sim_0001" and so on.
  static std::string name(std::uint64_t index);
  ProjectFiles files(std::uint64_t index, bool has_movie) const;

  // The record of a micrograph whose record has this fingerprint and whose files are all there.
  std::optional<MicrographRecord> find_finished(const ProjectFiles& files,
                                                const std::string& fingerprint) const;

  // Removes what is left of an earlier micrograph of this number with other settings.
  void remove_leftovers(std::uint64_t index) const;

  // Writes the images, then the record.
  void write(const SimulatedMicrograph& micrograph, const MicrographRecord& record) const;

 private:
  void write_movie(const SimulatedMicrograph& micrograph, const std::string& path) const;

  std::string path_;
  bool has_halves_;
  bool float16_;
};

}  // namespace limpid
