#pragma once

#include "core/io/star.h"
#include "plugin/job/job.h"
#include "plugin/micrographs/half_paths.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace limpid {

struct MicrographEntry {
  std::string name;  // as the list or the command line gives it
  std::string path;  // of the file to read
  // Where the result goes below the output folder (output_name.h). Entries share one only when they
  // name the same micrograph; names that differ by upper and lower case alone count as equal.
  std::string output_name;
  std::string even_path;  // of the two half sums; both empty where none are known
  std::string odd_path;
  std::string truth_path;  // of the noiseless image, for simulated micrographs; else empty
  std::optional<double> pixel_size_angstrom;  // from the list; the file's own is not looked at
  bool operator==(const MicrographEntry&) const = default;
};

// The micrographs of a job in the order of the list, and the list itself for writing it again with
// other file names.
//
// Names in a list, of halves and truths too, are relative to the current folder, as host programs
// have it; one that leads nowhere from there is tried from the folder of the list.
class MicrographTable {
 public:
  // Throws Error(usage) when the list cannot be read, or nothing is given or found. Whether the
  // files can be read is not looked at.
  static MicrographTable read(const MicrographInput& input);

  const std::vector<MicrographEntry>& entries() const { return entries_; }

  // The list with `names[i]` in place of the name of entry i, every other byte kept; rows of
  // entries with an empty name are left out. For files given on the command line, a new list.
  std::string with_names(const std::vector<std::string>& names) const;

 private:
  void read_star(const MicrographInput& input);
  void read_paths(const std::vector<std::string>& arguments);
  void add_halves(const StarTable& table, const std::string& list_folder);
  void add_truth(const StarTable& table, const std::string& list_folder);
  void add_pixel_sizes(const StarTable& table);
  void make_output_names_distinct();

  std::optional<StarFile> star_;
  std::size_t table_index_ = 0;
  std::vector<MicrographEntry> entries_;
};

}  // namespace limpid
