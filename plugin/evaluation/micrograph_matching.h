#pragma once

#include "plugin/micrographs/micrograph_table.h"

#include <string>
#include <vector>

namespace limpid {

// Micrographs from a STAR file or from files, globs and folders.
struct MicrographList {
  std::vector<MicrographEntry> entries;
  bool is_star = false;
  std::string source;  // for messages: the STAR file or the first path
};

bool is_given(const MicrographInput& input);

// Throws Error(usage) as MicrographTable::read does, with `option` in front.
MicrographList read_list(const MicrographInput& input, const char* option);

struct MicrographMatch {
  const MicrographEntry* entry = nullptr;  // of the other list; null: `problem` says why
  std::string problem;
};

// What belongs to each micrograph in another list: the entry of the same file name without folder
// and extension, or of that name with the first of the `suffixes` (such as "_CLEAN") that there is.
// STAR lists of equal length with no name in common, or with names that occur twice, are matched
// row by row.
std::vector<MicrographMatch> match_micrographs(const MicrographList& micrographs,
                                               const MicrographList& others,
                                               const std::vector<std::string>& suffixes);

}  // namespace limpid
