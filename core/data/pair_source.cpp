#include "core/data/pair_source.h"

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/data/defective_pixels.h"
#include "core/image/intensity.h"
#include "core/image/statistics.h"
#include "core/io/micrograph_file.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace limpid {
namespace {

// Keeps the loss of micrographs without any signal finite; about the signal variance of a faint
// one.
constexpr double smallest_signal_variance = 0.004;

// Fills the image anew, in its memory if that suffices.
void read_pixels(const std::string& path, Image& image) {
  Micrograph micrograph;
  micrograph.pixels = std::move(image);
  read_micrograph(path, micrograph);
  image = std::move(micrograph.pixels);
}

void copy_pixels(const Image& from, Image& to) {
  to.reshape(from.width(), from.height());
  parallel_for(from.height(), 256, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t y = begin; y < end; ++y)
      std::copy(from.row(y).begin(), from.row(y).end(), to.row(y).begin());
  });
}

// `image`, whose grey scale the pair is to remember.
IntensityScale put_on_network_scale(Image& image, ImagePair& pair) {
  const IntensityScale scale = limpid::put_on_network_scale(image).scale;
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

Image sum_of(const Image& a, const Image& b) {
  Image sum = a;
  for (std::size_t i = 0; i < sum.pixels().size(); ++i)
    sum.pixels()[i] += b.pixels()[i];
  return sum;
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
    return PairCost::of(size, loading_bytes);
  }
  std::vector<std::string> files(std::int64_t index) const override {
    const PairFiles& files = files_of(index);
    if (files.second.empty())
      return {files.first};
    return {files.first, files.second};
  }

 protected:
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

  // The search for pixels that stand out of both halves takes their sum and a mark for each pixel.
  PairCost cost(std::int64_t index) const override {
    PairCost cost = FilePairs::cost(index);
    const std::size_t search_bytes =
        (sizeof(float) + 1) * static_cast<std::size_t>(cost.pixel_count);
    cost.loading_bytes = std::max(cost.loading_bytes, search_bytes);
    return cost;
  }

 protected:
  void load_pair(const PairFiles& files, ImagePair& pair) const override {
    Image even = std::move(pair.input);
    Image odd = std::move(pair.target);
    read_pixels(files.first, even);
    read_pixels(files.second, odd);
    require_equal_size(even, odd, files);
    pair = make_half_pair(std::move(even), std::move(odd));
  }
};

class TruthPairs : public FilePairs {
 public:
  using FilePairs::FilePairs;

 protected:
  void load_pair(const PairFiles& files, ImagePair& pair) const override {
    read_pixels(files.first, pair.input);
    read_pixels(files.second, pair.target);
    require_equal_size(pair.input, pair.target, files);
    const IntensityScale scale = put_on_network_scale(pair.input, pair);
    repair_non_finite(pair.target);
    // The truth is never clipped.
    constexpr float largest = std::numeric_limits<float>::max();
    normalize(pair.target, {scale.mean, scale.sigma, -largest, largest});
    const double sigma = measure_statistics(pair.target).sigma;
    pair.loss_weight = static_cast<float>(1.0 / (sigma * sigma + smallest_signal_variance));
  }
};

class SinglePairs : public FilePairs {
 public:
  using FilePairs::FilePairs;

 protected:
  void load_pair(const PairFiles& files, ImagePair& pair) const override {
    read_pixels(files.first, pair.input);
    put_on_network_scale(pair.input, pair);
    copy_pixels(pair.input, pair.target);
  }
};

class SimulatedPairs : public FilePairs {
 public:
  SimulatedPairs(std::vector<PairFiles> files, const NoiseModel& noise)
      : FilePairs(std::move(files)), noise_(noise) {}

 protected:
  void load_pair(const PairFiles& files, ImagePair& pair) const override {
    read_pixels(files.first, pair.input);
    const IntensityScale scale = repair_and_measure(pair.input).scale;
    const double low = static_cast<double>(scale.clip_low);
    const double range = static_cast<double>(scale.clip_high) - low;
    normalize(pair.input, {low, range, scale.clip_low, scale.clip_high});
    copy_pixels(pair.input, pair.target);
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

PairCost PairCost::of(const ImageSize& size, std::size_t loading_bytes) {
  const std::size_t image_bytes = sizeof(float) * static_cast<std::size_t>(size.pixel_count());
  return {size.pixel_count(), 2 * image_bytes, loading_bytes};
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
  ImagePair pair;
  put_on_network_scale(even, pair);
  limpid::put_on_network_scale(odd);
  const DefectivePixels common(sum_of(even, odd), {});
  common.repair_in_one(even, odd);
  pair.input = std::move(even);
  pair.target = std::move(odd);
  pair.symmetric = true;
  return pair;
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
