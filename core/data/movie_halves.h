#pragma once

#include "core/data/frame_sum.h"
#include "core/data/pair_source.h"
#include "core/image/image.h"
#include "core/io/movie_file.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace limpid {

// A movie and what motion correction has found out about it.
struct MovieRecipe {
  std::string movie_path;
  std::string gain_path;  // empty: none
  EerRendering rendering;
  // One for each frame from the first on, nothing for frames that are not to be used; empty: all
  // frames as they are.
  std::vector<std::optional<FrameShift>> shifts;
  std::optional<DoseWeighting> dose_weighting;
};

// Sums over every other frame that is used, beginning with the first (even) and the second (odd).
struct MovieHalves {
  Image even;
  Image odd;
};

// Throws Error(ErrorKind::input) if sum_movie_halves would, except for damage that only reading the
// frames can find; reads the gain reference.
MovieDescription check_movie(const MovieRecipe& recipe);

// Multiplies with the gain reference, replaces pixels that do not work, moves and adds up. A pixel
// does not work where the gain is 0, or where the sum of all frames is beyond its mean +- 6 sigma;
// in each frame it gets the value of another pixel nearby, drawn anew, so that the noise of the
// halves stays independent.
//
// Frames are moved by phase ramps, which keep white noise white; what leaves at one edge comes back
// at the other. Weights by dose are those of frame_sum.h, over the frames of each half.
//
// Reads the movie twice, the first time to find the pixels that do not work, and holds one frame
// and two sums at a time. Throws Error(ErrorKind::input) that names the file, and also if less than
// two frames are used.
MovieHalves sum_movie_halves(const MovieRecipe& recipe);

// The same with `defects`, which an earlier call has found in this movie: reads it once. Without
// any, finds them and leaves them there.
MovieHalves sum_movie_halves(const MovieRecipe& recipe,
                             std::optional<std::vector<std::int64_t>>& defects);

// Each half is the target of the other, like make_half_pairs, made from the movie at each load.
// Remembers the pixels that do not work, in at most 8 MB for all movies together.
std::unique_ptr<PairSource> make_movie_pairs(std::vector<MovieRecipe> recipes);

}  // namespace limpid
