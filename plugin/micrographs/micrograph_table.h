#pragma once

#include "core/io/star.h"
#include "plugin/job.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace limpid {

struct MicrographEntry {
  std::string name;  // as the list or the command line gives it
  std::string path;  // of the file to read
  // Where the result goes below the output folder: what follows the "jobNNN/" folder in the name,
  // sub-folders kept, ending in ".mrc". No two entries share one, not even by upper and lower case.
  std::string output_name;
  std::string even_path;  // of the two half sums; both empty where none are known
  std::string odd_path;
  std::optional<double> pixel_size_angstrom;  // from the list; the file's own is not looked at
};

// The micrographs of a job in the order of the list, and the list itself for writing it again with
// other file names.
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
  void read_paths(const MicrographInput& input);

  std::optional<StarFile> star_;
  std::string table_name_;
  std::vector<MicrographEntry> entries_;
};

// The half sums of a micrograph by the names that motion correction gives them, next to it or in
// its half folders: X_EVN.mrc and X_ODD.mrc, even/X.mrc and odd/X.mrc; both or none.
struct HalfPaths {
  std::string even;
  std::string odd;
};
std::optional<HalfPaths> find_halves(const std::string& micrograph_path);

}  // namespace limpid
