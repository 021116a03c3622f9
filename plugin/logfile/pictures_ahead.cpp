#include "plugin/logfile/pictures_ahead.h"

#include "core/base/parallel.h"

#include <algorithm>
#include <utility>

namespace limpid {

PicturesAhead::PicturesAhead(const std::vector<MicrographEntry>& entries) {
  for (const std::size_t index : pictured_indices(entries.size()))
    expected_.insert(entries[index].output_name);
}

void PicturesAhead::finished(const MicrographEntry& entry, const std::string& result_path) {
  if (expected_.contains(entry.output_name))
    begun_[entry.output_name] = begin({entry, result_path, {}});
}

PicturesAhead::Begun PicturesAhead::begin(const DenoisedRecord& record) {
  const int threads = std::max(1, thread_count() / static_cast<int>(most_pictures));
  return std::async(std::launch::async, [record, threads] {
    set_thread_count(threads);
    return picture_of(record);
  });
}

std::vector<ComparisonPicture> PicturesAhead::pictures_of(
    const std::vector<DenoisedRecord>& records) {
  std::vector<Begun> all;
  for (const std::size_t index : pictured_indices(records.size())) {
    auto begun = begun_.extract(records[index].entry.output_name);
    all.push_back(begun ? std::move(begun.mapped()) : begin(records[index]));
  }
  std::vector<ComparisonPicture> pictures;
  for (Begun& begun : all)
    if (Picture picture = begun.get())
      pictures.push_back(std::move(*picture));
  return pictures;
}

}  // namespace limpid
