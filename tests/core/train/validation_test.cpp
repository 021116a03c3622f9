#include "core/train/validation.h"

#include "core/nn/initialize.h"
#include "tests/support/backends.h"
#include "tests/support/training_pairs.h"

#include <algorithm>

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
  CHECK(validation.measure(zeros) == Approx(sum / (64 * 64)).epsilon(1e-5));
  const ParameterValues other = initial_parameters(network, 2);
  CHECK(validation.measure(other) == validation.measure(other));
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
