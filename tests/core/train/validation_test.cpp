#include "core/train/validation.h"

#include "core/nn/initialize.h"
#include "tests/support/backends.h"
#include "tests/support/training_pairs.h"

#include <algorithm>
#include <cmath>

using namespace limpid;
using namespace limpid::test;

namespace {

const UNetDescription network{
    .unshuffle = 1, .channels = {16, 32}, .upsampling = Upsampling::nearest};

}  // namespace

TEST_CASE("validation: a network that predicts zero scores the variance of the targets") {
  auto backend = make_backend({.kind = DeviceKind::cpu});
  const MemoryPairs source(3, 64, 64);
  Validation validation(*backend, network, source, {1}, {.patch_size_px = 32});
  CHECK(validation.crop_count() == 4);
  ParameterValues zeros = initial_parameters(network, 1);
  for (auto& tensor : zeros)
    std::fill(tensor.begin(), tensor.end(), 0.0f);
  const Image target = source.load(1).target;
  double sum = 0;
  for (const float value : target.pixels())
    sum += static_cast<double>(value) * static_cast<double>(value);
  // Four crops of 32 x 32 cover the image of 64 x 64 once.
  const ValidationScores scores = validation.measure(zeros);
  CHECK(scores.loss == Approx(sum / (64 * 64)).epsilon(1e-5));
  // The range of each crop is nearly that of the pattern, -1 to 1.
  REQUIRE(scores.psnr_db);
  CHECK(*scores.psnr_db == Approx(10 * std::log10(4 / scores.loss)).margin(1));
  CHECK(scores.ssim);
  CHECK_FALSE(scores.half_error);
  const ParameterValues other = initial_parameters(network, 2);
  CHECK(validation.measure(other).loss == validation.measure(other).loss);
}

namespace {

// Two halves of a pattern of variance 0.25, with noise of variance 1 and 0.5.
class HalfPatterns : public MemoryPairs {
 public:
  using MemoryPairs::MemoryPairs;
  ImagePair load(std::int64_t index) const override {
    ImagePair pair = MemoryPairs::load(index);
    pair.target = with_noise(pair.target, std::sqrt(0.5f), 77);
    pair.symmetric = true;
    return pair;
  }
};

}  // namespace

TEST_CASE("validation: the error between halves is that against the signal") {
  auto backend = make_backend({.kind = DeviceKind::cpu});
  const HalfPatterns source(4, 256, 256);
  Validation validation(*backend, network, source, {0, 1, 2, 3}, {.patch_size_px = 128});
  ParameterValues zeros = initial_parameters(network, 1);
  for (auto& tensor : zeros)
    std::fill(tensor.begin(), tensor.end(), 0.0f);
  const ValidationScores scores = validation.measure(zeros);
  REQUIRE(scores.half_error);
  // Predicting nothing is wrong by the variance of the signal, and the loss by the noise besides.
  CHECK(*scores.half_error == Approx(0.25).margin(0.02));
  CHECK(scores.loss == Approx(0.25 + 0.75).margin(0.02));
  CHECK_FALSE(scores.psnr_db);
}

TEST_CASE("validation: blind spots are measured at the hidden pixels alone") {
  auto backend = make_backend({.kind = DeviceKind::cpu});
  const MemoryPairs source(2, 64, 64);
  TrainingSettings settings{.patch_size_px = 32};
  settings.noise_radius_px = 1;
  Validation validation(*backend, network, source, {0, 1}, settings);
  const ValidationScores scores = validation.measure(initial_parameters(network, 2));
  CHECK(scores.loss > 0);
  CHECK_FALSE(scores.psnr_db);
  CHECK_FALSE(scores.half_error);
  CHECK(validation.measure(initial_parameters(network, 2)).loss == scores.loss);
}

TEST_CASE("validation: the split is by micrograph, and leaves something to learn from") {
  const Split split = split_pairs(50, 0.1, 7);
  CHECK(split.validation.size() == 5);
  CHECK(split.training.size() == 45);
  for (const std::int64_t index : split.validation)
    CHECK(std::count(split.training.begin(), split.training.end(), index) == 0);
  CHECK(split_pairs(2, 0.1, 7).validation.size() == 1);
  CHECK(split_pairs(2, 0.9, 7).training.size() == 1);
  CHECK(split_pairs(1, 0.1, 7).validation.empty());
  CHECK(split_pairs(50, 0.0, 7).validation.empty());
  CHECK(split_pairs(50, 0.1, 8).validation != split.validation);
}

TEST_CASE("validation: selected pairs are those asked for") {
  const MemoryPairs source(5, 64, 64);
  const auto selected = select_pairs(source, {3, 1});
  CHECK(selected->count() == 2);
  CHECK(selected->name(0) == "pattern 3");
}
