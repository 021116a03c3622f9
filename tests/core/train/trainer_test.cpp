#include "core/train/trainer.h"

#include "core/nn/initialize.h"
#include "core/train/validation.h"
#include "tests/support/backends.h"
#include "tests/support/training_pairs.h"

#include <limits>

using namespace limpid;
using namespace limpid::test;

namespace {

const UNetDescription network{
    .unshuffle = 2, .channels = {16, 32}, .upsampling = Upsampling::nearest};
const TrainingSettings settings{
    .batch_size = 4, .patch_size_px = 32, .step_count = 120, .learning_rate = 3e-3f};

// Trains from the state until `end` steps are done.
void train(Trainer& trainer, const PairSource& source, std::int64_t end) {
  PatchLoader loader(source,
                     {.patch_size_px = settings.patch_size_px,
                      .batch_size = settings.batch_size,
                      .seed = 4,
                      .memory_bytes = 300 << 10,  // three of the eight
                      .first_step = trainer.steps_done()});
  while (trainer.steps_done() < end)
    trainer.step(*loader.next());
}

}  // namespace

TEMPLATE_TEST_CASE(
    "trainer: learns to remove noise", "", CpuFloat32, CpuBFloat16, CudaFloat32, CudaBFloat16) {
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  const MemoryPairs source(8, 64, 64);
  Trainer trainer(*backend, network, settings, initial_parameters(network, 1));
  train(trainer, source, 1);
  const double first = trainer.loss();
  train(trainer, source, settings.step_count);
  // The patterns have variance 0.25 and the noise 1: anything below the variance is learnt.
  CHECK(first > 0.2);
  CHECK(trainer.loss() < 0.12);
}

TEST_CASE("trainer: a training that stops and goes on ends with the same bits") {
  auto backend = make_backend({.kind = DeviceKind::cpu});
  const MemoryPairs source(8, 64, 64);
  Trainer whole(*backend, network, settings, initial_parameters(network, 1));
  train(whole, source, 40);
  Trainer first(*backend, network, settings, initial_parameters(network, 1));
  train(first, source, 17);
  Trainer second(*backend, network, settings, initial_parameters(network, 99));
  second.restore(first.state());
  train(second, source, 40);
  CHECK(second.state().values == whole.state().values);
  CHECK(second.state().average == whole.state().average);
  CHECK(second.state().second_moment == whole.state().second_moment);
}

TEST_CASE("trainer: a loss that is not finite ends the training with advice") {
  auto backend = make_backend({.kind = DeviceKind::cpu});
  Trainer trainer(*backend, network, settings, initial_parameters(network, 1));
  Batch batch;
  batch.input.assign(4 * 32 * 32, 0.0f);
  batch.target.assign(4 * 32 * 32, std::numeric_limits<float>::quiet_NaN());
  batch.loss_weight.assign(4, 1.0f);
  trainer.step(batch);
  CHECK_THROWS_WITH(trainer.loss(), ContainsSubstring("not finite"));
  CHECK_THROWS_AS(trainer.loss(), DivergenceError);
  CHECK_FALSE(is_finite(trainer.state().values));
}

namespace {

// Noisy patterns alone.
class LonePatterns : public MemoryPairs {
 public:
  LonePatterns() : MemoryPairs(8, 64, 64) {}
  ImagePair load(std::int64_t index) const override {
    ImagePair pair = MemoryPairs::load(index);
    pair.target = pair.input;
    return pair;
  }
};

TrainingSettings blind_settings() {
  TrainingSettings blind = settings;
  blind.step_count = 300;
  blind.noise_radius_px = 0;
  return blind;
}

}  // namespace

TEST_CASE("trainer: blind spots teach to remove noise without any second image") {
  auto backend = make_backend({.kind = DeviceKind::cpu});
  const LonePatterns lone;
  Trainer trainer(*backend, network, blind_settings(), initial_parameters(network, 1));
  train(trainer, lone, 300);
  // Against the truth, which was never seen: the noise has variance 1, the patterns 0.25.
  const MemoryPairs truth(8, 64, 64);
  Validation validation(*backend, network, truth, {0, 1, 2, 3}, settings);
  CHECK(validation.measure(trainer.average()).loss < 0.16);
}

TEST_CASE("trainer: blind spots are the same after a break") {
  auto backend = make_backend({.kind = DeviceKind::cpu});
  const LonePatterns lone;
  Trainer whole(*backend, network, blind_settings(), initial_parameters(network, 1));
  train(whole, lone, 12);
  Trainer first(*backend, network, blind_settings(), initial_parameters(network, 1));
  train(first, lone, 5);
  Trainer second(*backend, network, blind_settings(), initial_parameters(network, 2));
  second.restore(first.state());
  train(second, lone, 12);
  CHECK(second.state().values == whole.state().values);
}
