#pragma once

#include "core/metrics/pick_residual.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace limpid {

// Picked particles of many micrographs, from a STAR file with a column rlnMicrographName and either
// rlnCoordinateX and rlnCoordinateY, or rlnMicrographCoordinates with the names of STAR files that
// hold these two. Or from the files FOLDER/MICROGRAPH_SUFFIX.star beside and below a file
// FOLDER/coords_suffix_SUFFIX.star, which holds none itself. Coordinates are pixels of the
// micrographs, x to the right and y in the order of the rows in the file.
class PickList {
 public:
  // Throws Error(usage) when it cannot be read or holds no coordinates.
  static PickList read(const std::string& path);

  // Those of a micrograph or of its denoised one: of the same result name (output_name.h) or, if
  // there is only one of it, the same file name without folder and extension. Empty for none.
  const std::vector<PickPosition>& of(const std::string& micrograph) const;

  std::size_t micrograph_count() const { return picks_.size(); }

 private:
  static PickList read_table(const std::string& path);
  static PickList read_files_beside(const std::string& path);

  std::map<std::string, std::vector<PickPosition>> picks_;  // by result name
  std::multimap<std::string, std::string> result_names_;    // by file name without extension
};

}  // namespace limpid
