#pragma once

#include "plugin/logfile/denoised_records.h"

#include <future>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace limpid {

// Makes the pictures that pictures_of() will show while a run goes on, each in a thread of its own:
// at the end they would take as long as a hundred micrographs on a GPU. Which those are is known
// beforehand, unless micrographs fail.
class PicturesAhead {
 public:
  // Of a run over `entries`.
  explicit PicturesAhead(const std::vector<MicrographEntry>& entries);
  PicturesAhead(const PicturesAhead&) = delete;
  PicturesAhead& operator=(const PicturesAhead&) = delete;
  // Waits for what has begun.
  ~PicturesAhead() = default;

  // Begins the picture of a micrograph whose result is there, if it is one of those.
  void finished(const MicrographEntry& entry, const std::string& result_path);

  // What pictures_of() gives; those that have not begun are made now, beside each other.
  std::vector<ComparisonPicture> pictures_of(const std::vector<DenoisedRecord>& records);

 private:
  using Picture = std::optional<ComparisonPicture>;

  void begin(const DenoisedRecord& record);

  std::set<std::string> expected_;  // names of results
  std::map<std::string, std::future<Picture>> begun_;
};

}  // namespace limpid
