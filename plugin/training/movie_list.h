#pragma once

#include "core/data/movie_halves.h"
#include "plugin/job/job.h"

#include <optional>
#include <string>
#include <vector>

namespace limpid {

struct MovieEntry {
  MovieRecipe recipe;
  std::string motion_path;                    // where the shifts come from; empty: none recorded
  std::optional<double> pixel_size_angstrom;  // of the frames
};

// The movies of a STAR file: a table with rlnMicrographMovieName, or one of motion-corrected
// micrographs whose rlnMicrographMetadata files name their movies. What is asked about a movie is
// looked for in its row, then in its metadata file, then in its optics group:
//   rlnMicrographGainName                            gain reference
//   rlnMicrographDoseRate, rlnMicrographPreExposure  electrons per square angstrom, a frame and
//                                                    before the first
//   rlnMicrographOriginalPixelSize, rlnVoltage
//   rlnEERGrouping, rlnEERUpsampling                 how electron events became frames
// Shifts of whole frames are those of the table global_shift in the metadata file; frames that
// motion correction left out (-9999) stay out.
//
// Names are relative to the current folder or else to the folder of the list. A movie whose
// metadata file cannot be read is left out with a warning. Throws Error(usage) when the list cannot
// be read, does not list movies, or weights are asked for and the dose is unknown.
std::vector<MovieEntry> read_movie_list(const MovieInput& input);

// Whether the list says which movies its micrographs were made from, and they are still there; a
// few of them are looked for. No warnings, no errors.
bool lists_present_movies(const std::string& star_file);

}  // namespace limpid
