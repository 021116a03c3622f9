#include "plugin/logfile/pictures_ahead.h"

#include "core/base/parallel.h"
#include "plugin/html_report/html_page.h"

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
  return std::async(std::launch::async, [record, threads]() -> std::optional<Ready> {
    set_thread_count(threads);
    std::optional<ComparisonPicture> picture = picture_of(record);
    if (!picture)
      return std::nullopt;
    prepare_drawing(*picture);
    std::string section = drawn_picture(*picture);
    return Ready{*std::move(picture), std::move(section)};
  });
}

ReadyPictures PicturesAhead::pictures_of(const std::vector<DenoisedRecord>& records) {
  std::vector<Begun> all;
  for (const std::size_t index : pictured_indices(records.size())) {
    auto begun = begun_.extract(records[index].entry.output_name);
    all.push_back(begun ? std::move(begun.mapped()) : begin(records[index]));
  }
  ReadyPictures ready;
  for (Begun& begun : all)
    if (auto one = begun.get()) {
      ready.pictures.push_back(std::move(one->picture));
      ready.sections.push_back(std::move(one->section));
    }
  return ready;
}

}  // namespace limpid
