#include "plugin/training/known_noise.h"

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/image/radial_filter.h"
#include "core/noise/exposure_filter.h"
#include "tests/support/catch.h"

#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace limpid;

namespace {

constexpr std::int64_t side = 512;

Image noise_of_dose(double dose) {
  Image image(side, side);
  RandomSequence random(3, 0);
  for (float& value : image.pixels())
    value = static_cast<float>(random.normal());
  return radially_filtered(
      image, [&](double frequency) { return std::sqrt(weighted_noise_power(frequency, dose)); });
}

// Pairs whose inputs are at hand; one that is empty cannot be read.
class ImagesAtHand : public PairSource {
 public:
  explicit ImagesAtHand(std::vector<Image> images) : images_(std::move(images)) {}
  std::int64_t count() const override { return static_cast<std::int64_t>(images_.size()); }
  std::string name(std::int64_t) const override { return "at hand"; }
  ImageSize size(std::int64_t) const override { return {side, side}; }
  ImagePair load(std::int64_t index) const override {
    ImagePair pair;
    pair.input = images_[static_cast<std::size_t>(index)];
    if (pair.input.empty())
      fail(ErrorKind::input, "unreadable");
    return pair;
  }

 private:
  std::vector<Image> images_;
};

TrainingPairs pairs_of(std::vector<Image> images) {
  TrainingPairs pairs;
  pairs.source = std::make_unique<ImagesAtHand>(std::move(images));
  pairs.include_pixel_size(1.0);
  return pairs;
}

}  // namespace

TEST_CASE("known noise: one input with noise as of weighted sums is enough") {
  const Image white = noise_of_dose(0);
  const Image weighted = noise_of_dose(60);
  CHECK_FALSE(teaches_weighted_noise(pairs_of({white, white})));
  CHECK(teaches_weighted_noise(pairs_of({white, weighted, white})));
  CHECK(teaches_weighted_noise(pairs_of({Image(), weighted})));
  CHECK_FALSE(teaches_weighted_noise(pairs_of({Image(), white})));
}

TEST_CASE("known noise: nothing is said of simulated truths and unknown pixel sizes") {
  TrainingPairs pairs = pairs_of({noise_of_dose(60)});
  CHECK(teaches_weighted_noise(pairs));
  for (const PairKind kind : {PairKind::truth, PairKind::simulated, PairKind::physics}) {
    pairs.kind = kind;
    CHECK_FALSE(teaches_weighted_noise(pairs));
  }
  pairs.kind = PairKind::single;
  CHECK(teaches_weighted_noise(pairs));
  pairs.smallest_pixel_size_angstrom.reset();
  CHECK_FALSE(teaches_weighted_noise(pairs));
}
