#include "plugin/patches/preparation.h"

#include "core/backend/host/host_memory.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/log.h"
#include "core/base/parallel.h"
#include "core/io/atomic_file.h"
#include "core/io/input_file.h"
#include "plugin/output/input_protection.h"
#include "plugin/patches/disk_room.h"
#include "plugin/patches/ordered_reader.h"
#include "plugin/patches/patch_cutting.h"

#include <fmt/format.h>
#include <system_error>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <span>
#include <vector>

namespace limpid {
namespace {

constexpr const char* journal_name = "/patches.jsonl";
// More would wait for the disk.
constexpr int most_readers = 4;

// Short enough for the journal, and without bytes that JSON cannot hold.
std::string entry_fingerprint(const PlannedMicrograph& micrograph) {
  const std::string text =
      micrograph.name + "\n" + micrograph.fingerprint + "\n" + name(micrograph.set);
  return content_hash(std::as_bytes(std::span(text)));
}

bool is_same(const PatchJournalEntry& entry, const PlannedMicrograph& planned) {
  return entry.fingerprint == entry_fingerprint(planned) && entry.set == planned.set &&
         (!entry.problem.empty() ||
          (entry.micrograph.columns == planned.columns && entry.micrograph.rows == planned.rows));
}

std::int64_t patch_end(const std::vector<PatchJournalEntry>& entries,
                       std::size_t count,
                       PatchSetKind set) {
  std::int64_t end = 0;
  for (std::size_t i = 0; i < count; ++i)
    if (entries[i].set == set && entries[i].problem.empty())
      end += entries[i].micrograph.patch_count();
  return end;
}

std::string read_if_there(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored))
    return {};
  return read_whole_file(path, std::uint64_t{1} << 30, ErrorKind::storage);
}

}  // namespace

Preparation::Preparation(const PrepareJob& job, const OutputFolder& output, Progress& progress)
    : job_(job),
      output_(output),
      progress_(progress),
      plan_(plan_patches(job)),
      files_(output.path(), plan_.dataset),
      journal_(output.file(std::string(private_folder) + journal_name)) {
  check_results();
  if (job_.run.redo)
    remove_earlier();
  check_settings();
  kept_count_ = count_kept();
}

std::string Preparation::description_path() const {
  return output_.file(PreparedDataset::description_name);
}

void Preparation::check_results() const {
  std::vector<std::string> inputs = {job_.input.star_file};
  for (const PlannedMicrograph& micrograph : plan_.micrographs)
    for (const std::string& path : {micrograph.files.first, micrograph.files.second})
      if (!path.empty())
        inputs.push_back(path);
  std::vector<std::string> results = {description_path()};
  for (const PatchSetKind set : {PatchSetKind::train, PatchSetKind::test})
    for (const PatchRole role : {PatchRole::input, PatchRole::target})
      results.push_back(output_.file(patch_file_name(set, role)));
  forbid_replacing_inputs(inputs, results);
}

void Preparation::remove_earlier() {
  std::error_code error;
  std::filesystem::remove(description_path(), error);
  if (error)
    fail(ErrorKind::storage, "removing '{}': {}", description_path(), error.message());
  // Also those of a dataset with inputs, when this one has none.
  PreparedDataset all;
  PatchFiles(output_.path(), all).remove();
  const std::string journal = output_.file(std::string(private_folder) + journal_name);
  std::filesystem::remove(journal, error);
  journal_ = PatchJournal(journal);
}

void Preparation::check_settings() const {
  std::error_code ignored;
  if (journal_.settings().empty() && std::filesystem::exists(description_path(), ignored))
    fail(ErrorKind::usage,
         "'{}' holds patches that were put there from elsewhere; choose another folder, or --redo",
         output_.path());
  if (!journal_.settings().empty() && journal_.settings() != plan_.settings)
    fail(ErrorKind::usage,
         "'{}' holds patches made otherwise ({}) than asked for now ({}); choose another folder, "
         "or --redo",
         output_.path(),
         journal_.settings(),
         plan_.settings);
}

// From the beginning of the list, those that are as they were and whose patches are there.
std::size_t Preparation::count_kept() const {
  const std::vector<PatchJournalEntry>& entries = journal_.entries();
  const std::uint64_t patch_bytes = plan_.dataset.patch_bytes();
  std::size_t count = 0;
  while (count < std::min(entries.size(), plan_.micrographs.size()) &&
         is_same(entries[count], plan_.micrographs[count])) {
    const PatchSetKind set = entries[count].set;
    const auto end = static_cast<std::uint64_t>(patch_end(entries, count + 1, set));
    if (end * patch_bytes > files_.available_bytes(set))
      break;
    ++count;
  }
  return count;
}

PreparedDataset Preparation::finished_dataset() const {
  PreparedDataset dataset = plan_.dataset;
  for (const PatchJournalEntry& entry : journal_.entries())
    if (entry.problem.empty())
      (entry.set == PatchSetKind::train ? dataset.train : dataset.test).push_back(entry.micrograph);
  return dataset;
}

// Nothing needs to be written.
bool Preparation::is_finished() const {
  if (kept_count_ != plan_.micrographs.size() || kept_count_ != journal_.entries().size() ||
      read_if_there(description_path()) != to_json(finished_dataset()))
    return false;
  try {
    read_prepared_dataset(output_.path());
    return true;
  } catch (const Error&) {
    return false;  // a file has another size
  }
}

RunSummary Preparation::run() {
  progress_.begin("micrographs", static_cast<std::int64_t>(plan_.micrographs.size()));
  const bool was_finished = is_finished();
  if (!was_finished)
    begin();
  for (std::size_t i = 0; i < kept_count_; ++i)
    report(journal_.entries()[i], i, ItemState::skipped, 0);
  if (!was_finished) {
    add_missing();
    finish();
  }
  const PreparedDataset dataset = finished_dataset();
  summary_.result =
      fmt::format("{} patches of {} x {} px to train, {} to test, from {} and {} micrographs: {}",
                  dataset.patch_count(PatchSetKind::train),
                  dataset.patch_size_px,
                  dataset.patch_size_px,
                  dataset.patch_count(PatchSetKind::test),
                  dataset.train.size(),
                  dataset.test.size(),
                  description_path());
  return summary_;
}

// The description goes first and comes last: while it is there, the files are complete.
void Preparation::begin() {
  require_room(plan_, files_, output_.path());
  std::error_code error;
  std::filesystem::remove(description_path(), error);
  if (error)
    fail(ErrorKind::storage, "removing '{}': {}", description_path(), error.message());
  journal_.restart(plan_.settings, kept_count_);
  const auto kept_bytes = [&](PatchSetKind set) {
    return static_cast<std::uint64_t>(patch_end(journal_.entries(), kept_count_, set)) *
           plan_.dataset.patch_bytes();
  };
  files_.begin({kept_bytes(PatchSetKind::train), kept_bytes(PatchSetKind::test)},
               {plan_.file_bytes(PatchSetKind::train), plan_.file_bytes(PatchSetKind::test)});
}

// A pair being read takes its images and, while its grey scale is measured, little more.
int Preparation::reader_count() const {
  const auto pair_bytes = static_cast<std::size_t>(2 * plan_.largest_pixel_count()) * sizeof(float);
  const std::size_t budget =
      job_.run.memory_bytes > 0 ? job_.run.memory_bytes : free_host_memory_bytes() / 4;
  const auto affordable = static_cast<std::int64_t>(budget / std::max<std::size_t>(pair_bytes, 1));
  const int most = std::min(most_readers, thread_count());
  // One more is being cut.
  return static_cast<int>(std::clamp<std::int64_t>(affordable - 1, 1, most));
}

void Preparation::add_missing() {
  const std::size_t missing = plan_.micrographs.size() - kept_count_;
  const int readers = reader_count();
  const int threads_each = std::max(1, thread_count() / readers);
  OrderedReader<ReadPair> reader(
      static_cast<std::int64_t>(missing), readers, [this, threads_each](std::int64_t number) {
        set_thread_count(threads_each);
        return read(kept_count_ + static_cast<std::size_t>(number));
      });
  for (std::size_t i = kept_count_; i < plan_.micrographs.size(); ++i) {
    require_no_stop(i);
    add(i, reader.next());
  }
}

void Preparation::require_no_stop(std::size_t finished_count) const {
  if (progress_.stop_requested())
    fail(ErrorKind::interrupted,
         "stopped as asked after {} of {} micrographs; the same command goes on from there",
         finished_count,
         plan_.micrographs.size());
}

Preparation::ReadPair Preparation::read(std::size_t index) const {
  const PlannedMicrograph& planned = plan_.micrographs[index];
  ReadPair result;
  result.problem = planned.problem;
  if (!result.problem.empty())
    return result;
  try {
    result.pair = plan_.source->load(static_cast<std::int64_t>(index));
    if (result.pair.input.width() != planned.size.width ||
        result.pair.input.height() != planned.size.height ||
        fingerprint_of(planned.files) != planned.fingerprint)
      fail(ErrorKind::input, "'{}' was changed while the run went on", planned.name);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input && error.kind() != ErrorKind::internal)
      throw;
    result = {.pair = {}, .problem = error.what()};
  }
  return result;
}

void Preparation::add(std::size_t index, const ReadPair& read) {
  const auto start = std::chrono::steady_clock::now();
  const PlannedMicrograph& planned = plan_.micrographs[index];
  PatchJournalEntry entry;
  entry.fingerprint = entry_fingerprint(planned);
  entry.set = planned.set;
  entry.problem = read.problem;
  if (read.problem.empty()) {
    PatchedMicrograph& micrograph = entry.micrograph;
    micrograph.name = planned.name;
    micrograph.width_px = planned.size.width;
    micrograph.height_px = planned.size.height;
    micrograph.pixel_size_angstrom = planned.pixel_size_angstrom;
    micrograph.first_patch = patch_end(journal_.entries(), index, planned.set);
    micrograph.columns = planned.columns;
    micrograph.rows = planned.rows;
    // Half a micrograph counts for nothing: the next run cuts it off.
    PatchCutter(plan_.dataset, index).cut(read.pair, micrograph, [&](const PatchBytes& bytes) {
      require_no_stop(index);
      files_.append(planned.set, bytes);
    });
    files_.synchronize(planned.set);
  }
  journal_.append(entry);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  report(entry, index, ItemState::done, elapsed.count());
}

// A micrograph that an earlier run could not use has failed in this one, too.
void Preparation::report(const PatchJournalEntry& entry,
                         std::size_t index,
                         ItemState state,
                         double seconds) {
  ItemResult result{.name = plan_.micrographs[index].name,
                    .state = state,
                    .reason = {},
                    .seconds = seconds,
                    .numbers = {}};
  if (entry.problem.empty()) {
    result.numbers = {{"patches", static_cast<double>(entry.micrograph.patch_count())},
                      {"is_test", entry.set == PatchSetKind::test ? 1.0 : 0.0}};
    ++(state == ItemState::done ? summary_.done_count : summary_.skipped_count);
  } else {
    result.state = ItemState::failed;
    result.reason = entry.problem;
    ++summary_.failed_count;
  }
  progress_.item_finished(result);
}

void Preparation::finish() {
  const PreparedDataset dataset = finished_dataset();
  if (dataset.train.empty())
    fail(ErrorKind::input, "none of the micrographs to train on could be used");
  if (dataset.test.empty() && job_.test_micrographs > 0)
    log_warning("none of the micrographs to test on could be used");
  files_.finish();
  write_file_atomically(description_path(), to_json(dataset));
}

}  // namespace limpid
