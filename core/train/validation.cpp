#include "core/train/validation.h"

#include "core/base/log.h"
#include "core/data/patch_schedule.h"
#include "core/metrics/psnr.h"
#include "core/metrics/ssim.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace limpid {
namespace {

// Crops of each held-out micrograph, and of all of them together: enough for a steady number, few
// enough to cost little beside training.
constexpr std::int64_t crops_per_side = 2;
constexpr std::size_t most_crops = 64;
// A crop with blind spots says something of a few of its pixels only; so it is measured with
// several sets of them.
constexpr std::int64_t sets_of_blind_spots = 4;

std::int64_t crops_per_place(const TrainingSettings& settings) {
  return settings.noise_radius_px ? sets_of_blind_spots : 1;
}

class SelectedPairs : public PairSource {
 public:
  SelectedPairs(const PairSource& source, std::vector<std::int64_t> indices)
      : source_(source), indices_(std::move(indices)) {}
  std::int64_t count() const override { return static_cast<std::int64_t>(indices_.size()); }
  std::string name(std::int64_t index) const override { return source_.name(at(index)); }
  ImagePair load(std::int64_t index) const override { return source_.load(at(index)); }
  void load_into(std::int64_t index, ImagePair& pair) const override {
    source_.load_into(at(index), pair);
  }
  ImageSize size(std::int64_t index) const override { return source_.size(at(index)); }
  PairCost cost(std::int64_t index) const override { return source_.cost(at(index)); }
  std::vector<std::string> files(std::int64_t index) const override {
    return source_.files(at(index));
  }

 private:
  std::int64_t at(std::int64_t index) const { return indices_[static_cast<std::size_t>(index)]; }

  const PairSource& source_;
  std::vector<std::int64_t> indices_;
};

// `weight` is empty or has one value a pixel.
double mean_squared_error(const std::vector<float>& prediction,
                          const std::vector<float>& target,
                          const std::vector<float>& weight) {
  double sum = 0;
  for (std::size_t i = 0; i < prediction.size(); ++i) {
    const double difference = static_cast<double>(prediction[i]) - static_cast<double>(target[i]);
    sum += (weight.empty() ? 1.0 : static_cast<double>(weight[i])) * difference * difference;
  }
  return sum / static_cast<double>(prediction.size());
}

// Mean noise variance of two halves, whose grey values have the mean 0.
double half_noise(const std::vector<float>& even, const std::vector<float>& odd) {
  double sum = 0;
  for (std::size_t i = 0; i < even.size(); ++i) {
    const double difference = static_cast<double>(even[i]) - static_cast<double>(odd[i]);
    sum += 0.5 * difference * difference;
  }
  return sum / static_cast<double>(even.size());
}

Image square_image(const std::vector<float>& pixels) {
  const auto side = std::llround(std::sqrt(static_cast<double>(pixels.size())));
  Image image(side, side);
  std::copy(pixels.begin(), pixels.end(), image.pixels().begin());
  return image;
}

}  // namespace

Validation::Validation(Backend& backend,
                       const UNetDescription& description,
                       const PairSource& source,
                       const std::vector<std::int64_t>& indices,
                       const TrainingSettings& settings)
    : backend_(backend),
      parameters_(backend, description.parameters()),
      network_(backend,
               description,
               parameters_,
               {1, settings.patch_size_px, settings.patch_size_px, 1},
               NetworkUse::inference),
      prediction_(static_cast<std::size_t>(network_.image().shape().element_count())) {
  if (settings.noise_radius_px)
    blind_spots_.emplace(settings.patch_size_px, *settings.noise_radius_px);
  const std::int64_t per_place = crops_per_place(settings);
  for (const std::int64_t index : indices) {
    if (crops_.size() >= most_crops * static_cast<std::size_t>(per_place))
      break;
    try {
      const ImagePair pair = source.load(index);
      for (std::int64_t i = 0; i < per_place; ++i)
        cut_crops(pair, settings.patch_size_px);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::input)
        throw;
      log_warning("left out of validation: {}", error.what());
    }
  }
  if (crops_.empty())
    fail(ErrorKind::input,
         "none of the {} micrographs set aside for validation can be used",
         indices.size());
}

std::size_t Validation::largest_bytes(std::int64_t pair_count, const TrainingSettings& settings) {
  constexpr std::int64_t crops_per_pair = crops_per_side * crops_per_side;
  const std::int64_t crops = std::min(pair_count * crops_per_pair,
                                      static_cast<std::int64_t>(most_crops) + crops_per_pair - 1);
  const std::int64_t images = settings.noise_radius_px ? 3 : 2;  // the third has weights
  return sizeof(float) * static_cast<std::size_t>(images * crops * crops_per_place(settings) *
                                                  settings.patch_size_px * settings.patch_size_px);
}

void Validation::cut_crops(const ImagePair& pair, std::int64_t size) {
  const std::int64_t columns = std::min(crops_per_side, pair.input.width() / size);
  const std::int64_t rows = std::min(crops_per_side, pair.input.height() / size);
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t column = 0; column < columns; ++column) {
      // Centres on an even grid.
      const std::int64_t x = pair.input.width() * (2 * column + 1) / (2 * columns) - size / 2;
      const std::int64_t y = pair.input.height() * (2 * row + 1) / (2 * rows) - size / 2;
      Crop crop;
      crop.input.resize(static_cast<std::size_t>(size * size));
      crop.target.resize(crop.input.size());
      copy_patch(pair.input, x, y, 0, size, crop.input.data());
      copy_patch(pair.target_image(), x, y, 0, size, crop.target.data());
      crop.loss_weight = static_cast<double>(pair.loss_weight);
      const auto mean = static_cast<float>(pair.noise_mean);
      const auto sigma = static_cast<float>(pair.noise_sigma);
      const std::uint64_t stream = crops_.size();
      for (std::size_t p = 0; p < crop.input.size(); ++p) {
        crop.input[p] = (noisy_pixel(crop.input[p], pair.noise, 0, stream, p) - mean) / sigma;
        crop.target[p] = (crop.target[p] - mean) / sigma;
      }
      crop.is_half = pair.symmetric;
      if (blind_spots_)
        hide_blind_spots(crop);
      crops_.push_back(std::move(crop));
    }
}

// Always the same spots, for the loss to be comparable.
void Validation::hide_blind_spots(Crop& crop) const {
  crop.pixel_weight.resize(crop.input.size());
  blind_spots_->hide(crop.input, crop.pixel_weight, 0, crops_.size());
}

const std::vector<float>& Validation::predict(const std::vector<float>& input) {
  backend_.upload(input, network_.image());
  network_.forward();
  backend_.download(network_.prediction(), prediction_);
  return prediction_;
}

void Validation::add_scores(const Crop& crop, ValidationScores& scores) {
  const double share = 1.0 / static_cast<double>(crops_.size());
  double error = mean_squared_error(predict(crop.input), crop.target, crop.pixel_weight);
  if (crop.is_half) {
    error = 0.5 * (error + mean_squared_error(predict(crop.target), crop.input, {}));
    scores.half_error =
        scores.half_error.value_or(0) + share * (error - half_noise(crop.input, crop.target));
  } else if (!blind_spots_) {
    const Image target = square_image(crop.target);
    const double range = data_range(target);
    if (range > 0) {
      scores.psnr_db = scores.psnr_db.value_or(0) + share * psnr_db(error, range);
      scores.ssim =
          scores.ssim.value_or(0) + share * ssim(square_image(prediction_), target, range);
    }
  }
  scores.loss += share * crop.loss_weight * error;
}

ValidationScores Validation::measure(const ParameterValues& values) {
  parameters_.set_values(values);
  ValidationScores scores;
  for (const Crop& crop : crops_)
    add_scores(crop, scores);
  return scores;
}

Split split_pairs(std::int64_t count, double validation_fraction, std::uint64_t seed) {
  std::int64_t held_out = std::llround(validation_fraction * static_cast<double>(count));
  if (count >= 2 && validation_fraction > 0)
    held_out = std::clamp<std::int64_t>(held_out, 1, count - 1);
  else
    held_out = 0;
  const auto order = permutation(count, seed, -1);
  Split split;
  split.validation.assign(order.begin(), order.begin() + held_out);
  split.training.assign(order.begin() + held_out, order.end());
  std::sort(split.validation.begin(), split.validation.end());
  std::sort(split.training.begin(), split.training.end());
  return split;
}

std::unique_ptr<PairSource> select_pairs(const PairSource& source,
                                         std::vector<std::int64_t> indices) {
  return std::make_unique<SelectedPairs>(source, std::move(indices));
}

}  // namespace limpid
