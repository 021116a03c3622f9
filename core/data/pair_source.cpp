#include "core/data/pair_source.h"

#include "core/base/error.h"
#include "core/data/defective_pixels.h"
#include "core/image/intensity.h"
#include "core/image/statistics.h"
#include "core/io/micrograph_file.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace limpid {
namespace {

// Keeps the loss of micrographs without any signal finite; about the signal variance of a faint
// one.
constexpr double smallest_signal_variance = 0.004;

Image read_repaired(const std::string& path) {
  Image image = read_micrograph(path).pixels;
  repair_non_finite(image);
  return image;
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
  std::string name(std::int64_t index) const override { return files(index).first; }
  ImageSize size(std::int64_t index) const override {
    const MicrographDescription description = describe_micrograph(files(index).first);
    return {description.width, description.height};
  }
  ImagePair load(std::int64_t index) const override {
    return with_context("reading the training pair of '" + name(index) + "'",
                        [&] { return load_pair(files(index)); });
  }

 protected:
  virtual ImagePair load_pair(const PairFiles& files) const = 0;

 private:
  const PairFiles& files(std::int64_t index) const {
    return files_[static_cast<std::size_t>(index)];
  }

  std::vector<PairFiles> files_;
};

class HalfPairs : public FilePairs {
 public:
  using FilePairs::FilePairs;

 protected:
  ImagePair load_pair(const PairFiles& files) const override {
    Image even = read_micrograph(files.first).pixels;
    Image odd = read_micrograph(files.second).pixels;
    require_equal_size(even, odd, files);
    return make_half_pair(std::move(even), std::move(odd));
  }
};

class TruthPairs : public FilePairs {
 public:
  using FilePairs::FilePairs;

 protected:
  ImagePair load_pair(const PairFiles& files) const override {
    ImagePair pair;
    pair.input = read_micrograph(files.first).pixels;
    pair.target = read_repaired(files.second);
    require_equal_size(pair.input, pair.target, files);
    const IntensityScale scale = put_on_network_scale(pair.input).scale;
    pair.grey_offset = scale.mean;
    pair.grey_range = scale.sigma;
    // The truth is never clipped.
    for (float& value : pair.target.pixels())
      value = static_cast<float>((static_cast<double>(value) - scale.mean) / scale.sigma);
    const double sigma = measure_statistics(pair.target).sigma;
    pair.loss_weight = static_cast<float>(1.0 / (sigma * sigma + smallest_signal_variance));
    return pair;
  }
};

class SinglePairs : public FilePairs {
 public:
  using FilePairs::FilePairs;

 protected:
  ImagePair load_pair(const PairFiles& files) const override {
    ImagePair pair;
    pair.input = read_micrograph(files.first).pixels;
    const IntensityScale scale = put_on_network_scale(pair.input).scale;
    pair.grey_offset = scale.mean;
    pair.grey_range = scale.sigma;
    pair.target = pair.input;
    return pair;
  }
};

class SimulatedPairs : public FilePairs {
 public:
  SimulatedPairs(std::vector<PairFiles> files, const NoiseModel& noise)
      : FilePairs(std::move(files)), noise_(noise) {}

 protected:
  ImagePair load_pair(const PairFiles& files) const override {
    ImagePair pair;
    pair.input = read_repaired(files.first);
    const IntensityScale scale = measure_intensity_scale(pair.input);
    const double low = static_cast<double>(scale.clip_low);
    const double range = static_cast<double>(scale.clip_high) - low;
    for (float& value : pair.input.pixels())
      value = static_cast<float>(
          (static_cast<double>(std::clamp(value, scale.clip_low, scale.clip_high)) - low) / range);
    pair.target = pair.input;
    pair.noise = noise_;
    pair.grey_offset = low;
    pair.grey_range = range;
    pair.noise_mean = (scale.mean - low) / range;
    const double electrons = static_cast<double>(noise_.electrons_per_unit);
    const double sigma = scale.sigma / range;
    const double gauss = static_cast<double>(noise_.sigma);
    pair.noise_sigma = std::sqrt(sigma * sigma + gauss * gauss +
                                 (electrons > 0 ? pair.noise_mean / electrons : 0.0));
    return pair;
  }

 private:
  NoiseModel noise_;
};

}  // namespace

ImagePair make_half_pair(Image even, Image odd) {
  ImagePair pair;
  const IntensityScale scale = put_on_network_scale(even).scale;
  pair.grey_offset = scale.mean;
  pair.grey_range = scale.sigma;
  put_on_network_scale(odd);
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
