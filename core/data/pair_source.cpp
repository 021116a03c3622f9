#include "core/data/pair_source.h"

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/data/defective_pixels.h"
#include "core/image/block_statistics.h"
#include "core/image/block_sum.h"
#include "core/image/intensity.h"
#include "core/image/statistics.h"
#include "core/io/micrograph_file.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <span>
#include <utility>

namespace limpid {
namespace {

// Keeps the loss of micrographs without any signal finite; about the signal variance of a faint
// one.
constexpr double smallest_signal_variance = 0.004;

// As many threads measure blocks of a sum as read a file.
constexpr std::int64_t most_blocks = 8;

// Fills the image anew, in its memory if that suffices.
BlockStatistics read_and_measure(const std::string& path, Image& image) {
  Micrograph micrograph;
  micrograph.pixels = std::move(image);
  BlockStatistics statistics = read_and_measure_micrograph(path, micrograph);
  image = std::move(micrograph.pixels);
  return statistics;
}

// For grey scales that come from another image.
void read_pixels(const std::string& path, Image& image) {
  Micrograph micrograph;
  micrograph.pixels = std::move(image);
  read_micrograph(path, micrograph);
  image = std::move(micrograph.pixels);
}

// Reads the input of a pair and repairs it; the pair remembers its grey scale.
IntensityScale read_input(const std::string& path, ImagePair& pair) {
  BlockStatistics statistics = read_and_measure(path, pair.input);
  const IntensityScale scale = repair_and_measure(pair.input, statistics).scale;
  pair.grey_offset = scale.mean;
  pair.grey_range = scale.sigma;
  return scale;
}

void require_equal_size(const Image& a, const Image& b, const PairFiles& files) {
  if (a.width() != b.width() || a.height() != b.height())
    fail(ErrorKind::input,
         "'{}' has {} x {} pixels and '{}' has {} x {}",
         files.first,
         a.width(),
         a.height(),
         files.second,
         b.width(),
         b.height());
}

// Normalizes both and measures their sum, all in one way through memory.
BlockStatistics normalize_and_measure_sum(Image& even,
                                          const IntensityScale& even_scale,
                                          Image& odd,
                                          const IntensityScale& odd_scale) {
  const auto part = [](Image& image, std::int64_t begin, std::int64_t count) {
    return image.pixels().subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(count));
  };
  BlockStatistics sum(
      even.pixel_count(), [&, part](std::int64_t begin, std::int64_t count, float* room) {
        const auto a = part(even, begin, count);
        std::transform(a.begin(), a.end(), part(odd, begin, count).begin(), room, std::plus<>());
        return std::span<const float>(room, a.size());
      });
  parallel_for(sum.block_count(), 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t block = first; block < last; ++block) {
      const std::int64_t begin = block * sum_block_pixels;
      const std::int64_t end = std::min(even.pixel_count(), begin + sum_block_pixels);
      normalize(part(even, begin, end - begin), even_scale);
      normalize(part(odd, begin, end - begin), odd_scale);
      sum.measure_range(begin, end);
    }
  });
  return sum;
}

// Both as they are in their files, without NaN.
ImagePair make_half_pair(Image even,
                         const IntensityScale& even_scale,
                         Image odd,
                         const IntensityScale& odd_scale) {
  BlockStatistics sum = normalize_and_measure_sum(even, even_scale, odd, odd_scale);
  DefectivePixels(even, odd, sum).repair_in_one(even, odd);
  ImagePair pair;
  pair.grey_offset = even_scale.mean;
  pair.grey_range = even_scale.sigma;
  pair.input = std::move(even);
  pair.target = std::move(odd);
  pair.symmetric = true;
  return pair;
}

// The input is repaired and measured already.
void put_truth_on_scale(const IntensityScale& scale, ImagePair& pair) {
  normalize(pair.input, scale);
  repair_non_finite(pair.target);
  // The truth is never clipped.
  constexpr float largest = std::numeric_limits<float>::max();
  normalize(pair.target, {scale.mean, scale.sigma, -largest, largest});
  const double sigma = measure_statistics(pair.target).sigma;
  pair.loss_weight = static_cast<float>(1.0 / (sigma * sigma + smallest_signal_variance));
}

class FilePairs : public PairSource {
 public:
  explicit FilePairs(std::vector<PairFiles> files) : files_(std::move(files)) {}

  std::int64_t count() const override { return static_cast<std::int64_t>(files_.size()); }
  std::string name(std::int64_t index) const override { return files_of(index).first; }
  ImageSize size(std::int64_t index) const override {
    const MicrographDescription description = describe_micrograph(files_of(index).first);
    return {description.width, description.height};
  }
  ImagePair load(std::int64_t index) const override {
    ImagePair pair;
    load_into(index, pair);
    return pair;
  }
  void load_into(std::int64_t index, ImagePair& pair) const override {
    with_context("reading the training pair of '" + name(index) + "'",
                 [&] { load_pair(files_of(index), pair); });
  }
  PairCost cost(std::int64_t index) const override {
    std::size_t loading_bytes = 0;
    ImageSize size;
    for (const std::string& path : files(index)) {
      const MicrographDescription description = describe_micrograph(path);
      size = {description.width, description.height};
      loading_bytes = std::max(loading_bytes, description.reading_bytes);
    }
    return PairCost::of(size, loading_bytes, images_in_memory());
  }
  std::vector<std::string> files(std::int64_t index) const override {
    const PairFiles& files = files_of(index);
    if (files.second.empty())
      return {files.first};
    return {files.first, files.second};
  }

 protected:
  virtual std::size_t images_in_memory() const { return 2; }
  // Every field of the pair has the values of an earlier use.
  virtual void load_pair(const PairFiles& files, ImagePair& pair) const = 0;

 private:
  const PairFiles& files_of(std::int64_t index) const {
    return files_[static_cast<std::size_t>(index)];
  }

  std::vector<PairFiles> files_;
};

class HalfPairs : public FilePairs {
 public:
  using FilePairs::FilePairs;

  // The search for pixels that stand out of both halves takes a mark for each pixel, and blocks of
  // their sum.
  PairCost cost(std::int64_t index) const override {
    PairCost cost = FilePairs::cost(index);
    const std::int64_t blocks =
        std::min(most_blocks, (cost.pixel_count + sum_block_pixels - 1) / sum_block_pixels);
    const auto block_bytes = static_cast<std::size_t>(
        blocks * std::min(sum_block_pixels, cost.pixel_count) * std::int64_t{sizeof(float)});
    const std::size_t search_bytes = block_bytes + static_cast<std::size_t>(cost.pixel_count) / 8;
    cost.loading_bytes = std::max(cost.loading_bytes, search_bytes);
    return cost;
  }

 protected:
  void load_pair(const PairFiles& files, ImagePair& pair) const override {
    Image even = std::move(pair.input);
    Image odd = std::move(pair.target);
    BlockStatistics even_statistics = read_and_measure(files.first, even);
    BlockStatistics odd_statistics = read_and_measure(files.second, odd);
    require_equal_size(even, odd, files);
    const IntensityScale even_scale = repair_and_measure(even, even_statistics).scale;
    const IntensityScale odd_scale = repair_and_measure(odd, odd_statistics).scale;
    pair = make_half_pair(std::move(even), even_scale, std::move(odd), odd_scale);
  }
};

class TruthPairs : public FilePairs {
 public:
  using FilePairs::FilePairs;

 protected:
  void load_pair(const PairFiles& files, ImagePair& pair) const override {
    const IntensityScale scale = read_input(files.first, pair);
    read_pixels(files.second, pair.target);
    require_equal_size(pair.input, pair.target, files);
    put_truth_on_scale(scale, pair);
  }
};

class SinglePairs : public FilePairs {
 public:
  using FilePairs::FilePairs;

 protected:
  std::size_t images_in_memory() const override { return 1; }
  void load_pair(const PairFiles& files, ImagePair& pair) const override {
    normalize(pair.input, read_input(files.first, pair));
  }
};

class SimulatedPairs : public FilePairs {
 public:
  SimulatedPairs(std::vector<PairFiles> files, const NoiseModel& noise)
      : FilePairs(std::move(files)), noise_(noise) {}

 protected:
  std::size_t images_in_memory() const override { return 1; }
  void load_pair(const PairFiles& files, ImagePair& pair) const override {
    const IntensityScale scale = read_input(files.first, pair);
    const double low = static_cast<double>(scale.clip_low);
    const double range = static_cast<double>(scale.clip_high) - low;
    normalize(pair.input, {low, range, scale.clip_low, scale.clip_high});
    pair.noise = noise_;
    pair.grey_offset = low;
    pair.grey_range = range;
    pair.noise_mean = (scale.mean - low) / range;
    const double electrons = static_cast<double>(noise_.electrons_per_unit);
    const double sigma = scale.sigma / range;
    const double gauss = static_cast<double>(noise_.sigma);
    pair.noise_sigma = std::sqrt(sigma * sigma + gauss * gauss +
                                 (electrons > 0 ? pair.noise_mean / electrons : 0.0));
  }

 private:
  NoiseModel noise_;
};

}  // namespace

PairCost PairCost::of(const ImageSize& size, std::size_t loading_bytes, std::size_t images) {
  const std::size_t image_bytes = sizeof(float) * static_cast<std::size_t>(size.pixel_count());
  return {size.pixel_count(), images * image_bytes, loading_bytes};
}

void PairSource::load_into(std::int64_t index, ImagePair& pair) const {
  pair = {};  // the memory goes back before as much is taken again
  pair = load(index);
}

PairCost PairSource::cost(std::int64_t index) const {
  const ImageSize one = size(index);
  return PairCost::of(one, sizeof(float) * static_cast<std::size_t>(one.pixel_count()));
}

std::vector<std::string> PairSource::files(std::int64_t) const {
  return {};
}

ImagePair make_half_pair(Image even, Image odd) {
  const IntensityScale even_scale = repair_and_measure(even).scale;
  const IntensityScale odd_scale = repair_and_measure(odd).scale;
  return make_half_pair(std::move(even), even_scale, std::move(odd), odd_scale);
}

void finish_truth_pair(ImagePair& pair) {
  const IntensityScale scale = repair_and_measure(pair.input).scale;
  pair.grey_offset = scale.mean;
  pair.grey_range = scale.sigma;
  put_truth_on_scale(scale, pair);
}

std::unique_ptr<PairSource> make_half_pairs(std::vector<PairFiles> files) {
  return std::make_unique<HalfPairs>(std::move(files));
}

std::unique_ptr<PairSource> make_truth_pairs(std::vector<PairFiles> files) {
  return std::make_unique<TruthPairs>(std::move(files));
}

std::unique_ptr<PairSource> make_simulated_pairs(std::vector<PairFiles> files,
                                                 const NoiseModel& noise) {
  return std::make_unique<SimulatedPairs>(std::move(files), noise);
}

std::unique_ptr<PairSource> make_single_pairs(std::vector<PairFiles> files) {
  return std::make_unique<SinglePairs>(std::move(files));
}

}  // namespace limpid
