#include "plugin/benchmark/half_files.h"

#include "core/base/error.h"

#include <utility>

namespace limpid {

std::unique_ptr<PairSource> half_pairs_of(const std::vector<std::string>& paths) {
  std::vector<PairFiles> pairs;
  for (std::size_t i = 0; i + 1 < paths.size(); i += 2)
    pairs.push_back({paths[i], paths[i + 1]});
  if (pairs.size() < 2)
    fail(ErrorKind::usage, "--loader: {} files, expected at least 4", paths.size());
  return make_half_pairs(std::move(pairs));
}

}  // namespace limpid
