#pragma once

#include <optional>
#include <string>

namespace limpid {

// Two sums over disjoint frames of one movie.
struct HalfPaths {
  std::string even;
  std::string odd;
};

// The half sums of a micrograph by the names that motion correction gives them: X_EVN.mrc and
// X_ODD.mrc beside X.mrc, or even/X.mrc and odd/X.mrc. Nothing unless both are there.
std::optional<HalfPaths> find_halves(const std::string& micrograph_path);

// Whether a file name says that it is a half: X_EVN.mrc or X_ODD.mrc.
bool is_half_name(const std::string& path);

// X_CLEAN.mrc beside X.mrc, the noiseless image of a simulated micrograph.
std::optional<std::string> find_truth(const std::string& micrograph_path);

}  // namespace limpid
