#pragma once

#include "core/backend/backend.h"
#include "core/data/blind_spots.h"
#include "core/data/pair_source.h"
#include "core/nn/unet.h"
#include "core/train/trainer.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace limpid {

// How good a network is.
struct ValidationScores {
  // The weighted mean squared error that training minimises. Between halves, in both directions, it
  // contains the noise of the target, a constant; on blind spots that of the micrograph.
  double loss = 0;
  // Against the target, where it is another image than a half; means over the crops, with the range
  // of the target as the range of grey values.
  std::optional<double> psnr_db = {};
  std::optional<double> ssim = {};
  // Between halves: the squared error against the signal that they share, without their noise,
  // E(D_e - R_o)^2 - var_N(R_o) with var_N(R_o) = E(R_o^2) - E(R_e R_o) (Lehtinen et al. 2018,
  // "Noise2Noise"), in units of the variance of a half. Unbiased, so it may come out below 0.
  std::optional<double> half_error = {};
};

// Measures a network on the same crops of held-out micrographs each time.
class Validation {
 public:
  // `indices` are the held-out pairs of the source. Throws Error(input) when none of them can be
  // read.
  Validation(Backend& backend,
             const UNetDescription& description,
             const PairSource& source,
             const std::vector<std::int64_t>& indices,
             const TrainingSettings& settings);

  // Memory that the crops of so many pairs take at most.
  static std::size_t largest_bytes(std::int64_t pair_count, const TrainingSettings& settings);

  ValidationScores measure(const ParameterValues& values);
  std::int64_t crop_count() const { return static_cast<std::int64_t>(crops_.size()); }

 private:
  struct Crop {
    std::vector<float> input;
    std::vector<float> target;
    double loss_weight = 1;
    std::vector<float> pixel_weight;  // of blind spots; else empty
    bool is_half = false;
  };

  void cut_crops(const ImagePair& pair, std::int64_t patch_size_px);
  void hide_blind_spots(Crop& crop) const;
  // The prediction for one image, which is kept until the next.
  const std::vector<float>& predict(const std::vector<float>& input);
  void add_scores(const Crop& crop, ValidationScores& scores);

  Backend& backend_;
  Parameters parameters_;
  UNet network_;
  std::vector<float> prediction_;
  std::optional<BlindSpots> blind_spots_;
  std::vector<Crop> crops_;
};

// Sets a share of the pairs aside, at least one when there are two or more; by micrograph, so that
// nothing of them is ever trained on. A function of the seed.
struct Split {
  std::vector<std::int64_t> training;
  std::vector<std::int64_t> validation;
};
Split split_pairs(std::int64_t count, double validation_fraction, std::uint64_t seed);

// The pairs of `source` at `indices`, as a source of its own. `source` must outlive it.
std::unique_ptr<PairSource> select_pairs(const PairSource& source,
                                         std::vector<std::int64_t> indices);

}  // namespace limpid
