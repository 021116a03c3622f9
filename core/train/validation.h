#pragma once

#include "core/backend/backend.h"
#include "core/data/pair_source.h"
#include "core/nn/unet.h"
#include "core/train/trainer.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace limpid {

// Measures a network on the same crops of held-out micrographs each time. The measure is the
// weighted mean squared error that training minimises; between halves it contains the noise of the
// target, a constant.
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

  double measure(const ParameterValues& values);
  std::int64_t crop_count() const { return static_cast<std::int64_t>(crops_.size()); }

 private:
  struct Crop {
    std::vector<float> input;
    std::vector<float> target;
    double loss_weight = 1;
  };

  void cut_crops(const ImagePair& pair, std::int64_t patch_size_px);

  Backend& backend_;
  Parameters parameters_;
  UNet network_;
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
