#include "plugin/run/run_remap.h"

#include "core/base/error.h"
#include "core/io/atomic_file.h"
#include "core/io/input_file.h"
#include "core/io/star.h"
#include "plugin/micrographs/micrograph_table.h"
#include "plugin/micrographs/output_name.h"

#include <fmt/format.h>
#include <system_error>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace limpid {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view suffix_mark = "coords_suffix";
constexpr const char* name_label = "rlnMicrographName";
constexpr const char* file_label = "rlnMicrographCoordinates";
constexpr const char* coordinate_label = "rlnCoordinateX";
constexpr std::size_t largest_file_bytes = std::size_t{1} << 30;

// Originals by the name that the results for them have.
class Originals {
 public:
  explicit Originals(const MicrographTable& table) {
    for (const MicrographEntry& entry : table.entries())
      names_.emplace(entry.output_name, entry.name);
  }

  // Null for a micrograph that is none of them.
  const std::string* find(std::string_view denoised_name) const {
    const auto found = names_.find(output_name_for(denoised_name));
    return found == names_.end() ? nullptr : &found->second;
  }
  const std::map<std::string, std::string>& names() const { return names_; }

 private:
  std::map<std::string, std::string> names_;
};

bool is_suffix_file(const RemapJob& job) {
  return remapped_file_name(job).starts_with(suffix_mark);
}

std::string without_extension(const std::string& name) {
  return fs::path(name).replace_extension().string();
}

// A file of coordinates; those that are no STAR files are copied without a look into them.
struct CoordinateFile {
  std::string bytes;
  std::int64_t count = 0;
};

// What pickers leave for a micrograph without picks.
bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == text.npos;
}

CoordinateFile read_coordinates(const std::string& path, const std::string& original) {
  CoordinateFile file;
  file.bytes = read_whole_file(path, largest_file_bytes, ErrorKind::input);
  if (fs::path(path).extension() != ".star" || is_blank(file.bytes))
    return file;
  StarFile star = StarFile::parse(std::move(file.bytes), path);
  for (StarTable& table : star.tables()) {
    if (table.find_column(coordinate_label))
      file.count += table.row_count();
    if (const auto column = table.find_column(name_label))
      for (std::int64_t row = 0; row < table.row_count(); ++row)
        table.set_cell(row, *column, original);
  }
  file.bytes = star.text();
  return file;
}

// Records what became of one micrograph; an error that concerns it alone is its failure.
template <class Action>
void attempt(const std::string& name, RunSummary& summary, Progress& progress, Action&& action) {
  ItemResult result{
      .name = name, .state = ItemState::done, .reason = {}, .seconds = 0, .numbers = {}};
  try {
    result.numbers["coordinates"] = static_cast<double>(action());
    ++summary.done_count;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input && error.kind() != ErrorKind::usage)
      throw;
    result.state = ItemState::failed;
    result.reason = fmt::format("coordinates of '{}': {}", name, error.what());
    ++summary.failed_count;
  }
  progress.item_finished(result);
}

// The list with the names of the originals.
class ListRemap {
 public:
  ListRemap(const RemapJob& job, const Originals& originals)
      : path_(job.coordinates), star_(StarFile::read(path_)), originals_(originals) {
    for (StarTable& table : star_.tables())
      if (const auto column = table.find_column(name_label))
        collect(table, *column);
    if (micrographs_.empty())
      fail(ErrorKind::usage, "'{}' has no rows with a column {}", path_, name_label);
    for (const auto& [name, rows] : micrographs_)
      if (originals_.find(name) != nullptr)
        return;
    fail(ErrorKind::usage,
         "none of the {} micrographs of '{}', such as '{}', belongs to one of the originals",
         micrographs_.size(),
         path_,
         micrographs_.begin()->first);
  }

  std::size_t micrograph_count() const { return micrographs_.size(); }

  // Returns how many coordinates there are.
  std::int64_t run(RunSummary& summary, Progress& progress) {
    std::int64_t count = 0;
    for (const auto& [name, rows] : micrographs_)
      attempt(name, summary, progress, [&, &name = name, &rows = rows] {
        try {
          const std::int64_t found = rename(name, rows);
          count += found;
          return found;
        } catch (const Error&) {
          for (const Row& row : rows)
            if (const auto flags = is_kept_.find(row.table); flags != is_kept_.end())
              flags->second[static_cast<std::size_t>(row.index)] = false;
          throw;
        }
      });
    for (const auto& [table, flags] : is_kept_)
      table->keep_rows(flags);
    return count;
  }

  std::string text() const { return star_.text(); }

 private:
  struct Row {
    StarTable* table;
    std::int64_t index;
  };

  void collect(StarTable& table, std::size_t column) {
    for (std::int64_t row = 0; row < table.row_count(); ++row)
      micrographs_[std::string(table.cell(row, column))].push_back({&table, row});
    if (table.is_loop())
      is_kept_[&table].assign(static_cast<std::size_t>(table.row_count()), true);
  }

  std::int64_t rename(const std::string& name, const std::vector<Row>& rows) {
    const std::string* original = originals_.find(name);
    if (original == nullptr)
      fail(ErrorKind::input,
           "none of the originals has the result name '{}'",
           output_name_for(name));
    std::int64_t count = 0;
    for (const Row& row : rows) {
      const auto file = row.table->find_column(file_label);
      count +=
          file ? read_coordinates(std::string(row.table->cell(row.index, *file)), *original).count
               : 1;
    }
    for (const Row& row : rows)
      row.table->set_cell(row.index, row.table->column(name_label), *original);
    return count;
  }

  std::string path_;
  StarFile star_;
  const Originals& originals_;
  std::map<std::string, std::vector<Row>> micrographs_;
  std::map<StarTable*, std::vector<bool>> is_kept_;
};

// Files beside each other, one for each micrograph.
class SuffixRemap {
 public:
  SuffixRemap(const RemapJob& job, const Originals& originals)
      : suffix_(remapped_file_name(job).substr(suffix_mark.size())) {
    const std::string folder = fs::path(job.coordinates).parent_path().string();
    std::string sought;
    for (const auto& [result_name, original] : originals.names()) {
      const std::string path =
          (fs::path(folder) / (without_extension(result_name) + suffix_)).string();
      std::error_code ignored;
      if (fs::exists(path, ignored))
        files_.push_back({path, original});
      else
        sought = path;
    }
    if (files_.empty())
      fail(ErrorKind::usage,
           "there are no coordinates for any of the {} originals, such as '{}'",
           originals.names().size(),
           sought);
  }

  std::size_t micrograph_count() const { return files_.size(); }

  std::int64_t run(const OutputFolder& output, RunSummary& summary, Progress& progress) const {
    std::int64_t count = 0;
    for (const File& file : files_)
      attempt(file.original, summary, progress, [&] {
        const CoordinateFile coordinates = read_coordinates(file.path, file.original);
        // Where a program looks that knows the original alone.
        write_file_atomically(
            output.place(without_extension(output_name_for(file.original)) + suffix_),
            coordinates.bytes);
        count += coordinates.count;
        return coordinates.count;
      });
    return count;
  }

 private:
  struct File {
    std::string path;
    std::string original;
  };

  std::string suffix_;
  std::vector<File> files_;
};

void forbid_replacing_input(const RemapJob& job, const OutputFolder& output) {
  std::error_code ignored;
  if (fs::equivalent(output.file(remapped_file_name(job)), job.coordinates, ignored))
    fail(ErrorKind::usage,
         "the result would replace '{}'; choose another output folder",
         job.coordinates);
}

void require_coordinates(const RemapJob& job) {
  std::error_code ignored;
  if (job.coordinates.empty())
    fail(ErrorKind::usage, "no coordinates are given; expected --in_coords FILE");
  if (!fs::is_regular_file(job.coordinates, ignored))
    fail(ErrorKind::usage, "there is no file '{}' of coordinates", job.coordinates);
}

}  // namespace

std::string remapped_file_name(const RemapJob& job) {
  return fs::path(job.coordinates).filename().string();
}

std::string plan_remap(const RemapJob& job) {
  require_coordinates(job);
  const Originals originals(MicrographTable::read(job.input));
  const std::size_t count = is_suffix_file(job) ? SuffixRemap(job, originals).micrograph_count()
                                                : ListRemap(job, originals).micrograph_count();
  return fmt::format("The coordinates of {} micrographs would be made to name their originals",
                     count);
}

RunSummary run_remap(const RemapJob& job, const OutputFolder& output, Progress& progress) {
  require_coordinates(job);
  forbid_replacing_input(job, output);
  const Originals originals(MicrographTable::read(job.input));
  const std::string result = output.file(remapped_file_name(job));
  RunSummary summary;
  std::int64_t count = 0;
  if (is_suffix_file(job)) {
    const SuffixRemap remap(job, originals);
    progress.begin("micrographs", static_cast<std::int64_t>(remap.micrograph_count()));
    count = remap.run(output, summary, progress);
    // Programs that read it take the list of micrographs from it.
    write_file_atomically(result, job.input.star_file + "\n");
  } else {
    ListRemap remap(job, originals);
    progress.begin("micrographs", static_cast<std::int64_t>(remap.micrograph_count()));
    count = remap.run(summary, progress);
    if (summary.done_count > 0)
      write_file_atomically(result, remap.text());
  }
  summary.result = fmt::format(
      "{} coordinates of {} micrographs{}\nCoordinates: {}",
      count,
      summary.done_count,
      summary.failed_count > 0
          ? fmt::format(", {} left out ({})", summary.failed_count, output.file("failed.star"))
          : "",
      result);
  return summary;
}

}  // namespace limpid
