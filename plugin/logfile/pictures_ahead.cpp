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
    begin({entry, result_path, {}});
}

void PicturesAhead::begin(const DenoisedRecord& record) {
  const int threads = std::max(1, thread_count() / static_cast<int>(most_pictures));
  begun_[record.entry.output_name] = std::async(std::launch::async, [record, threads] {
    set_thread_count(threads);
    return picture_of(record);
  });
}

std::vector<ComparisonPicture> PicturesAhead::pictures_of(
    const std::vector<DenoisedRecord>& records) {
  const std::vector<std::size_t> indices = pictured_indices(records.size());
  for (const std::size_t index : indices)
    if (!begun_.contains(records[index].entry.output_name))
      begin(records[index]);
  std::vector<ComparisonPicture> pictures;
  for (const std::size_t index : indices)
    if (Picture picture = begun_.at(records[index].entry.output_name).get())
      pictures.push_back(std::move(*picture));
  return pictures;
}

}  // namespace limpid
