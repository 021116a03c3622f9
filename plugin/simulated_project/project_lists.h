#pragma once

#include "plugin/simulated_project/micrograph_record.h"
#include "plugin/simulated_project/project_folder.h"

#include <span>
#include <string>

namespace limpid {

// The STAR files of a project. File names in them are relative to the project folder, as programs
// expect that are started there; limpid itself also finds them from elsewhere, beside the list.
//   micrographs.star   optics and micrographs with their halves; limpidTruthName is the truth of
//                      each, limpidSnrPerPixel its signal-to-noise ratio (power, each pixel)
//   truth.star         the same rows with the truth as the micrograph
//   particles.star     true centres (pixels, 0 at the centre of the first, y in row order), defocus
//                      and Euler angles; the class is the number of the structure, from 1
//   movies.star        the movies, if there are any
// Micrographs of equal optics share an optics group.
void write_project_lists(const ProjectFolder& folder, std::span<const MicrographRecord> records);

// Before images change: a list is there only as long as it is true.
void remove_project_lists(const ProjectFolder& folder);

// For tests and callers that want no files.
std::string micrographs_star(std::span<const MicrographRecord> records);
std::string truth_star(std::span<const MicrographRecord> records);
std::string particles_star(std::span<const MicrographRecord> records);
// Empty if there is no movie.
std::string movies_star(std::span<const MicrographRecord> records);

}  // namespace limpid
