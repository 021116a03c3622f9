#pragma once

#include "plugin/logfile/denoised_records.h"

#include <future>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace limpid {

// In the order of their micrographs.
struct ReadyPictures {
  std::vector<ComparisonPicture> pictures;
  std::vector<std::string> sections;  // of report.html
};

// Makes pictures of a few micrographs, each in a thread of its own, if it is told of results while
// the run goes on: at the end they would take as long as many micrographs on a GPU. Which those are
// is known beforehand, unless micrographs fail.
class PicturesAhead {
 public:
  // Of a run over `entries`; of none, where it is not known what will come.
  explicit PicturesAhead(const std::vector<MicrographEntry>& entries);
  PicturesAhead(const PicturesAhead&) = delete;
  PicturesAhead& operator=(const PicturesAhead&) = delete;
  // Waits for what has begun.
  ~PicturesAhead() = default;

  // Begins the picture of a micrograph whose result is there, if it is one of those.
  void finished(const MicrographEntry& entry, const std::string& result_path);

  // Those of pictured_indices() that can be made; what has not begun is made now, beside each
  // other.
  ReadyPictures pictures_of(const std::vector<DenoisedRecord>& records);

 private:
  struct Ready {
    ComparisonPicture picture;
    std::string section;
  };
  using Begun = std::future<std::optional<Ready>>;

  static Begun begin(const DenoisedRecord& record);

  std::set<std::string> expected_;      // names of results
  std::map<std::string, Begun> begun_;  // by the name of the result
};

}  // namespace limpid
