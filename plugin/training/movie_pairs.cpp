#include "plugin/training/movie_pairs.h"

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/data/movie_halves.h"
#include "plugin/training/movie_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace limpid {
namespace {

MovieInput movie_input(const TrainJob& job) {
  MovieInput input = job.movies;
  const bool names_micrographs = !job.input.star_file.empty() || !job.input.paths.empty();
  if (!input.star_file.empty() && names_micrographs)
    fail(ErrorKind::usage, "both movies and micrographs are given; expected one of them");
  // Motion-corrected micrographs know their movies.
  if (input.star_file.empty())
    input.star_file = job.input.star_file;
  if (input.star_file.empty())
    fail(ErrorKind::usage, "--pairs movies: expected a list of movies (--in_movies STAR)");
  return input;
}

struct SizedMovie {
  MovieEntry movie;
  PairSize size;
};

// Those that can be read as far as their headers and records tell.
std::vector<SizedMovie> usable_movies(const MovieInput& input) {
  std::vector<SizedMovie> usable;
  for (MovieEntry& movie : read_movie_list(input))
    try {
      const MovieDescription description = check_movie(movie.recipe);
      usable.push_back({std::move(movie), {description.width, description.height}});
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::input)
        throw;
      log_warning("left out of training: {}", error.what());
    }
  if (usable.empty())
    fail(ErrorKind::input, "none of the movies in '{}' can be used", input.star_file);
  return usable;
}

std::vector<SizedMovie> large_movies(const MovieInput& input, std::int64_t smallest_side_px) {
  std::vector<SizedMovie> movies = usable_movies(input);
  std::vector<PairSize> sizes;
  for (const SizedMovie& movie : movies)
    sizes.push_back(movie.size);
  const std::int64_t needed_px = needed_side_px(sizes, smallest_side_px);
  std::erase_if(movies, [&](const SizedMovie& sized) {
    return !is_large_enough(sized.movie.recipe.movie_path, sized.size, needed_px);
  });
  return movies;
}

void warn_of_motion(const std::vector<SizedMovie>& movies) {
  const auto without = std::count_if(movies.begin(), movies.end(), [](const SizedMovie& sized) {
    return sized.movie.motion_path.empty();
  });
  if (without > 0)
    log_warning(
        "no shifts are recorded for {} of {} movies (rlnMicrographMetadata): their frames are "
        "added "
        "up as they are, blurred by the motion of the specimen",
        without,
        movies.size());
}

}  // namespace

bool learns_from_movies(const TrainJob& job) {
  const bool are_given = !job.movies.star_file.empty();
  if (are_given && job.pairs != PairKind::movies && job.pairs != PairKind::automatic)
    fail(ErrorKind::usage, "--in_movies with --pairs {}: expected movies or auto", name(job.pairs));
  return are_given || job.pairs == PairKind::movies;
}

TrainingPairs find_movie_pairs(const TrainJob& job, std::int64_t smallest_side_px) {
  const std::vector<SizedMovie> movies = large_movies(movie_input(job), smallest_side_px);
  warn_of_motion(movies);
  TrainingPairs pairs;
  pairs.kind = PairKind::movies;
  std::vector<MovieRecipe> recipes;
  std::vector<std::string> paths;
  for (const auto& [movie, size] : movies) {
    recipes.push_back(movie.recipe);
    pairs.sizes.push_back(size);
    if (movie.pixel_size_angstrom)
      pairs.include_pixel_size(*movie.pixel_size_angstrom);
    for (const std::string& path :
         {movie.recipe.movie_path, movie.recipe.gain_path, movie.motion_path})
      if (!path.empty())
        paths.push_back(path);
  }
  remember_files(std::move(paths), pairs);
  // What the files do not say changes the sums as well.
  pairs.fingerprint += fmt::format(" {} {} {}",
                                   job.movies.dose_per_frame_e_per_square_angstrom,
                                   job.movies.eer_grouping,
                                   job.movies.eer_upsampling);
  pairs.read_halves = [recipes](std::int64_t index) {
    return sum_movie_halves(recipes[static_cast<std::size_t>(index)]);
  };
  warn_of_pixel_sizes(pairs);
  pairs.source = make_movie_pairs(std::move(recipes));
  pairs.description = fmt::format("even and odd frames of {} movies{}",
                                  pairs.source->count(),
                                  job.movies.weight_by_dose ? ", weighted by dose" : "");
  return pairs;
}

}  // namespace limpid
