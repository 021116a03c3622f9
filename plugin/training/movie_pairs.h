#pragma once

#include "plugin/training/training_pairs.h"

#include <cstdint>

namespace limpid {

// Whether a job learns from movies: it says so, or gives some and leaves the choice open.
bool learns_from_movies(const TrainJob& job);

// The even and odd sums of movies (core/data/movie_halves.h), made when they are needed. The list
// is `job.movies`, or a list of micrographs that says which movies they were made from. Movies
// whose headers or gain references do not fit, or that are small, are left out with a warning.
// Throws Error(usage) when the job contradicts itself, Error(input) when no movie is left.
TrainingPairs find_movie_pairs(const TrainJob& job, std::int64_t smallest_side_px);

}  // namespace limpid
