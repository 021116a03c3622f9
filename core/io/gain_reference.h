#pragma once

#include "core/image/image.h"
#include "core/io/movie_file.h"

#include <string>

namespace limpid {

// Reads what each pixel of a movie's frames is to be multiplied with, from an MRC or TIFF file; 0
// marks pixels that do not work. Rows come as those of the movie: TIFF in MRC order.
//
// For electron events there are two kinds of file, as for host programs: ".gain" (TIFF) holds
// multipliers in the row order of the file; any other holds a sum of evenly lit frames, by which to
// divide. Both may have the pixels of the detector or twice as many in each direction.
//
// Throws Error(ErrorKind::input) that names both files if the sizes do not match, and if no pixel
// works.
Image read_gain_reference(const std::string& path,
                          const std::string& movie_path,
                          const MovieDescription& movie);

}  // namespace limpid
