#include "core/data/movie_halves.h"

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/parallel.h"
#include "core/data/defective_pixels.h"
#include "core/image/intensity.h"
#include "core/io/gain_reference.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <utility>

namespace limpid {
namespace {

constexpr std::int64_t pixels_per_thread = 1 << 18;

template <class Combine>
void combine_pixels(Image& image, const Image& other, Combine&& combine) {
  parallel_for(image.pixel_count(), pixels_per_thread, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
      image.pixels()[i] = combine(image.pixels()[i], other.pixels()[i]);
  });
}

void add_pixels(Image& sum, const Image& frame) {
  combine_pixels(sum, frame, [](float a, float b) { return a + b; });
}

class HalvesOfMovie {
 public:
  explicit HalvesOfMovie(const MovieRecipe& recipe)
      : recipe_(recipe), movie_(MovieReader(recipe.movie_path, recipe.rendering).description()) {
    check_frames();
    if (!recipe.gain_path.empty())
      gain_ = read_gain_reference(recipe.gain_path, recipe.movie_path, movie_);
  }

  const MovieDescription& movie() const { return movie_; }

  DefectivePixels find_defects() const {
    DefectivePixels defects(sum_of_frames(), gain_);
    log_debug("'{}': {} pixels do not work", recipe_.movie_path, defects.count());
    return defects;
  }

  MovieHalves sum(const DefectivePixels& defects) const {
    return must_transform() ? transformed_sums(defects) : plain_sums(defects);
  }

 private:
  void check_frames() const {
    const auto recorded = static_cast<std::int64_t>(recipe_.shifts.size());
    if (recorded > 0 && recorded != movie_.frame_count)
      fail(ErrorKind::input,
           "'{}' has {} frames, but shifts are recorded for {} (is it truncated, or are electron "
           "events added up to other fractions?)",
           recipe_.movie_path,
           movie_.frame_count,
           recorded);
    std::int64_t used = 0;
    for (std::int64_t frame = 0; frame < movie_.frame_count; ++frame)
      used += shift_of(frame) ? 1 : 0;
    if (used < 2)
      fail(ErrorKind::input,
           "'{}': {} of {} frames can be used, two halves take at least 2",
           recipe_.movie_path,
           used,
           movie_.frame_count);
  }

  std::optional<FrameShift> shift_of(std::int64_t frame) const {
    return recipe_.shifts.empty() ? FrameShift{} : recipe_.shifts[static_cast<std::size_t>(frame)];
  }

  // Otherwise adding up pixels is exact and fast.
  bool must_transform() const {
    return recipe_.dose_weighting ||
           std::any_of(recipe_.shifts.begin(), recipe_.shifts.end(), [](const auto& shift) {
             return shift && (shift->x_px != 0 || shift->y_px != 0);
           });
  }

  // Calls visit(frame number, pixels, shift) for the frames that are used, multiplied with the
  // gain.
  template <class Visit>
  void for_each_frame(Visit&& visit) const {
    MovieReader reader(recipe_.movie_path, recipe_.rendering);
    Image frame;
    for (std::int64_t number = 0; number < movie_.frame_count; ++number) {
      const auto shift = shift_of(number);
      if (!shift) {
        reader.skip_next();
        continue;
      }
      reader.read_next(frame);
      require(frame.width() == movie_.width && frame.height() == movie_.height,
              "'{}' has changed its size",
              recipe_.movie_path);
      with_context(fmt::format("'{}', frame {}", recipe_.movie_path, number + 1),
                   [&] { repair_non_finite(frame); });
      if (!gain_.empty())
        combine_pixels(frame, gain_, [](float a, float b) { return a * b; });
      visit(number, frame, *shift);
    }
  }

  Image sum_of_frames() const {
    Image sum(movie_.width, movie_.height);
    for_each_frame(
        [&](std::int64_t, const Image& frame, const FrameShift&) { add_pixels(sum, frame); });
    return sum;
  }

  MovieHalves plain_sums(const DefectivePixels& defects) const {
    MovieHalves halves{Image(movie_.width, movie_.height), Image(movie_.width, movie_.height)};
    std::int64_t used = 0;
    for_each_frame([&](std::int64_t number, Image& frame, const FrameShift&) {
      defects.repair(frame, static_cast<std::uint64_t>(number));
      add_pixels(used++ % 2 == 0 ? halves.even : halves.odd, frame);
    });
    return halves;
  }

  MovieHalves transformed_sums(const DefectivePixels& defects) const {
    const bool is_weighted = recipe_.dose_weighting.has_value();
    std::array<FrameSum, 2> sums = {FrameSum(movie_.width, movie_.height, is_weighted),
                                    FrameSum(movie_.width, movie_.height, is_weighted)};
    std::size_t used = 0;
    for_each_frame([&](std::int64_t number, Image& frame, const FrameShift& shift) {
      defects.repair(frame, static_cast<std::uint64_t>(number));
      std::optional<FrequencyWeights> weights;
      if (is_weighted)
        weights.emplace(*recipe_.dose_weighting, number);
      sums[used++ % 2].add(fourier_transform(frame), shift, weights ? &*weights : nullptr);
    });
    return {sums[0].finish(), sums[1].finish()};
  }

  const MovieRecipe& recipe_;
  MovieDescription movie_;
  Image gain_;
};

// What is known of the defects of movies, so that only the first load has to look for them.
// Bounded: what comes when it is full is not kept.
class KnownDefects {
 public:
  std::optional<std::vector<std::int64_t>> find(std::int64_t movie) const {
    std::lock_guard lock(mutex_);
    const auto found = pixels_.find(movie);
    return found == pixels_.end() ? std::nullopt : std::optional(found->second);
  }

  void keep(std::int64_t movie, const std::vector<std::int64_t>& pixels) {
    std::lock_guard lock(mutex_);
    const std::size_t bytes = entry_bytes + sizeof(std::int64_t) * pixels.size();
    if (bytes > most_bytes - bytes_ || !pixels_.emplace(movie, pixels).second)
      return;
    bytes_ += bytes;
  }

 private:
  static constexpr std::size_t most_bytes = 8 << 20;
  static constexpr std::size_t entry_bytes = 128;  // of a map

  mutable std::mutex mutex_;
  std::map<std::int64_t, std::vector<std::int64_t>> pixels_;
  std::size_t bytes_ = 0;
};

class MoviePairs : public PairSource {
 public:
  explicit MoviePairs(std::vector<MovieRecipe> recipes) : recipes_(std::move(recipes)) {}

  std::int64_t count() const override { return static_cast<std::int64_t>(recipes_.size()); }
  std::string name(std::int64_t index) const override { return recipe(index).movie_path; }
  ImageSize size(std::int64_t index) const override {
    const MovieReader reader(recipe(index).movie_path, recipe(index).rendering);
    return {reader.description().width, reader.description().height};
  }
  PairCost cost(std::int64_t index) const override;
  std::vector<std::string> files(std::int64_t index) const override {
    if (recipe(index).gain_path.empty())
      return {recipe(index).movie_path};
    return {recipe(index).movie_path, recipe(index).gain_path};
  }
  ImagePair load(std::int64_t index) const override {
    return with_context("adding up the frames of '" + name(index) + "'", [&] {
      auto defects = known_defects_.find(index);
      const bool is_known = defects.has_value();
      MovieHalves halves = sum_movie_halves(recipe(index), defects);
      if (!is_known)
        known_defects_.keep(index, *defects);
      return make_half_pair(std::move(halves.even), std::move(halves.odd));
    });
  }

 private:
  const MovieRecipe& recipe(std::int64_t index) const {
    return recipes_[static_cast<std::size_t>(index)];
  }

  std::vector<MovieRecipe> recipes_;
  mutable KnownDefects known_defects_;
};

// Images of the size of a frame that exist at a time besides the halves that result. Sums of
// pixels: frame, gain, sum over all frames and what finds defects in it. By transforms: two spectra
// in their stead, one of the frame, and the copy that an inverse transform makes.
PairCost MoviePairs::cost(std::int64_t index) const {
  constexpr std::size_t images_for_pixels = 5;
  constexpr std::size_t images_for_transforms = 6;
  // Blocks, strips and lists of electrons.
  constexpr std::size_t reader_bytes = 32 << 20;
  const ImageSize one = size(index);
  const std::size_t image_bytes = sizeof(float) * static_cast<std::size_t>(one.pixel_count());
  const bool is_plain = recipe(index).shifts.empty() && !recipe(index).dose_weighting;
  const std::size_t images = is_plain ? images_for_pixels : images_for_transforms;
  return PairCost::of(one, images * image_bytes + reader_bytes);
}

}  // namespace

MovieDescription check_movie(const MovieRecipe& recipe) {
  return HalvesOfMovie(recipe).movie();
}

MovieHalves sum_movie_halves(const MovieRecipe& recipe) {
  std::optional<std::vector<std::int64_t>> defects;
  return sum_movie_halves(recipe, defects);
}

MovieHalves sum_movie_halves(const MovieRecipe& recipe,
                             std::optional<std::vector<std::int64_t>>& defects) {
  const HalvesOfMovie halves(recipe);
  const std::int64_t pixel_count = halves.movie().width * halves.movie().height;
  if (defects)
    return halves.sum(DefectivePixels(*defects, pixel_count));
  const DefectivePixels found = halves.find_defects();
  defects = found.pixels();
  return halves.sum(found);
}

std::unique_ptr<PairSource> make_movie_pairs(std::vector<MovieRecipe> recipes) {
  return std::make_unique<MoviePairs>(std::move(recipes));
}

}  // namespace limpid
