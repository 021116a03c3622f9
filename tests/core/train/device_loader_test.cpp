#include "core/train/device_loader.h"

#include "core/base/hash.h"
#include "core/data/patch_loader.h"
#include "core/nn/initialize.h"
#include "core/train/trainer.h"
#include "tests/support/backends.h"
#include "tests/support/tensors.h"
#include "tests/support/training_pairs.h"

#include <atomic>
#include <chrono>
#include <set>
#include <span>
#include <thread>
#include <utility>

using namespace limpid;
using namespace limpid::test;

namespace {

// Of different sizes; a third each are halves, have a truth, or get their noise when they are used.
class MixedPairs : public MemoryPairs {
 public:
  explicit MixedPairs(std::int64_t count) : MemoryPairs(count, 96, 80) {}
  ImageSize size(std::int64_t index) const override { return {90 + index % 7, 80 - index % 5}; }
  PairCost cost(std::int64_t) const override { return PairCost::of({96, 80}, 4 * 96 * 80); }
  ImagePair load(std::int64_t index) const override {
    ++loads;
    const auto seed = static_cast<std::uint64_t>(index);
    const Image clean = smooth_image(size(index).width, size(index).height, seed);
    ImagePair pair;
    pair.input = with_noise(clean, 1.0f, seed);
    pair.loss_weight = 1.0f + static_cast<float>(index);
    if (index % 3 < 2)
      pair.target = with_noise(clean, 1.0f, seed + 1000);
    pair.symmetric = index % 3 == 0;
    if (index % 3 == 2) {
      pair.noise = {.electrons_per_unit = 40.0f, .sigma = 0.05f};
      pair.noise_mean = 0.1;
      pair.noise_sigma = 1.3;
    }
    return pair;
  }
  mutable std::atomic<int> loads = 0;
};

constexpr std::size_t pair_bytes = 2 * 4 * 96 * 80;

LoaderOptions on_host(std::int64_t slots) {
  return {.patch_size_px = 33,
          .batch_size = 5,
          .seed = 9,
          .mode = LoaderMode::stream,
          .memory_bytes = 60 * pair_bytes,
          .slots = slots,
          .threads = 2};
}

LoaderOptions on_device(std::int64_t slots) {
  LoaderOptions options = on_host(slots);
  options.device_bytes = options.memory_bytes;
  return options;
}

std::string hash_of(std::initializer_list<std::span<const float>> parts) {
  ContentHash hash;
  for (const std::span<const float> part : parts)
    hash.update(std::as_bytes(part));
  return hash.hex();
}

std::vector<std::string> host_hashes(const PairSource& source,
                                     const LoaderOptions& options,
                                     int count) {
  PatchLoader loader(source, options);
  std::vector<std::string> hashes;
  for (int i = 0; i < count; ++i) {
    const auto batch = loader.next();
    hashes.push_back(hash_of({batch->input, batch->target, batch->loss_weight}));
  }
  return hashes;
}

std::vector<std::string> device_hashes(Backend& backend,
                                       const PairSource& source,
                                       const LoaderOptions& options,
                                       int count) {
  const LoaderPlan plan = plan_loader(measure_dataset(source), options);
  REQUIRE(plan.is_on_device());
  DeviceLoader loader(backend, source, options, plan);
  const CropsDesc desc{.batch_size = options.batch_size, .size_px = options.patch_size_px};
  const auto crops = backend.make_crops(desc);
  const Tensor input = backend.allocate_tensor(desc.images(), DataType::float32);
  const Tensor target = backend.allocate_tensor(desc.images(), DataType::float32);
  const Tensor weight = backend.allocate_tensor({1, 1, 1, desc.batch_size}, DataType::float32);
  std::vector<std::string> hashes;
  // As a trainer does: two batches are kept while the next is waited for.
  std::shared_ptr<const DeviceBatch> last, last_but_one;
  for (int i = 0; i < count; ++i) {
    const auto batch = loader.next();
    crops->make(batch->crops, batch->seed, input, target, weight);
    hashes.push_back(hash_of(
        {values_of(backend, input), values_of(backend, target), values_of(backend, weight)}));
    last_but_one = std::exchange(last, batch);
  }
  return hashes;
}

}  // namespace

TEMPLATE_TEST_CASE("device loader: batches have the bits of those that the host makes",
                   "",
                   CpuFloat32,
                   CudaFloat32) {
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  const MixedPairs source(23);
  const auto expected = host_hashes(source, on_host(7), 200);
  CHECK(std::set<std::string>(expected.begin(), expected.end()).size() == 200);
  for (const int threads : {1, 2, 8}) {
    LoaderOptions options = on_device(7);
    options.threads = threads;
    CHECK(device_hashes(*backend, source, options, 200) == expected);
  }
  // From any step on.
  LoaderOptions later = on_device(7);
  later.first_step = 61;
  const auto found = device_hashes(*backend, source, later, 40);
  CHECK(std::equal(found.begin(), found.end(), expected.begin() + 61));
}

TEMPLATE_TEST_CASE("device loader: a resident dataset is read once", "", CpuFloat32, CudaFloat32) {
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  const MixedPairs source(23);
  LoaderOptions host = on_host(0);
  host.mode = LoaderMode::resident;
  const auto expected = host_hashes(source, host, 60);
  source.loads = 0;
  LoaderOptions options = on_device(0);
  options.mode = LoaderMode::resident;
  // Less than the dataset on the host.
  options.memory_bytes = 8 * pair_bytes;
  CHECK(device_hashes(*backend, source, options, 60) == expected);
  CHECK(source.loads == 23);
}

TEST_CASE("device loader: the least memory does not make it wait for ever") {
  const auto backend = make_backend({.kind = DeviceKind::cpu});
  const MixedPairs source(23);
  // Up to five places are renewed at each step.
  for (const std::int64_t patch : {80, 33}) {
    LoaderOptions options = on_device(0);
    options.patch_size_px = std::min<std::int64_t>(patch, 76);
    for (std::size_t pairs = 1; pairs < 20; ++pairs) {
      options.memory_bytes = 20 * pair_bytes;
      options.device_bytes = pairs * pair_bytes;
      const LoaderPlan plan = plan_loader(measure_dataset(source), options);
      if (!plan.is_on_device())
        continue;
      CHECK(plan.device_used_bytes <= options.device_bytes);
      LoaderOptions same = on_host(plan.slots);
      same.patch_size_px = options.patch_size_px;
      CHECK(device_hashes(*backend, source, options, 30) == host_hashes(source, same, 30));
    }
  }
}

TEMPLATE_TEST_CASE("device loader: micrographs that are made have the bits of the host's batches",
                   "",
                   CpuFloat32,
                   CudaFloat32) {
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  class Made : public MixedPairs {
   public:
    Made() : MixedPairs(1 << 24) {}
    bool is_endless() const override { return true; }
  };
  const Made source;
  LoaderOptions host = on_host(24);
  host.crops_per_load = 4;
  const auto expected = host_hashes(source, host, 60);
  LoaderOptions options = on_device(24);
  options.crops_per_load = 4;
  CHECK(device_hashes(*backend, source, options, 60) == expected);
  // With slots to fill, and without.
  for (const std::int64_t first : {4, 40}) {
    options.first_step = first;
    const auto found = device_hashes(*backend, source, options, 15);
    CHECK(std::equal(found.begin(), found.end(), expected.begin() + first));
  }
}

TEST_CASE("device loader: what goes wrong while reading arrives") {
  class Broken : public MixedPairs {
   public:
    using MixedPairs::MixedPairs;
    ImagePair load(std::int64_t index) const override {
      if (loads > 12)
        fail(ErrorKind::storage, "the disk is gone");
      return MixedPairs::load(index);
    }
  };
  const auto backend = make_backend({.kind = DeviceKind::cpu});
  CHECK_THROWS_WITH(device_hashes(*backend, Broken(23), on_device(7), 500),
                    ContainsSubstring("the disk is gone"));
  LoaderOptions stopped = on_device(7);
  stopped.stop_requested = [] { return true; };
  class Slow : public MixedPairs {
   public:
    using MixedPairs::MixedPairs;
    ImagePair load(std::int64_t index) const override {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      return MixedPairs::load(index);
    }
  };
  CHECK_THROWS_WITH(device_hashes(*backend, Slow(23), stopped, 1),
                    ContainsSubstring("stopped as asked"));
}

namespace {

const UNetDescription network{
    .unshuffle = 2, .channels = {16, 32}, .upsampling = Upsampling::nearest};
const TrainingSettings settings{
    .batch_size = 5, .patch_size_px = 32, .step_count = 40, .learning_rate = 3e-3f};

// The state after `end` steps, from that of an earlier trainer if there is one.
TrainerState train(Backend& backend,
                   LoaderOptions options,
                   std::int64_t end,
                   const TrainerState* start = nullptr) {
  const MixedPairs source(23);
  Trainer trainer(backend, network, settings, initial_parameters(network, start ? 2 : 1));
  if (start)
    trainer.restore(*start);
  options.patch_size_px = settings.patch_size_px;
  options.first_step = trainer.steps_done();
  TrainingFeed feed(backend, source, options, plan_loader(measure_dataset(source), options));
  while (trainer.steps_done() < end)
    trainer.step(feed.next());
  trainer.wait();
  CHECK(trainer.device_seconds() > 0);
  return trainer.state();
}

}  // namespace

TEMPLATE_TEST_CASE("device loader: a training ends with the bits of one with batches of the host",
                   "",
                   CpuFloat32,
                   CudaFloat32,
                   CudaBFloat16) {
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  const TrainerState expected = train(*backend, on_host(7), 40);
  const TrainerState whole = train(*backend, on_device(7), 40);
  CHECK(whole.values == expected.values);
  CHECK(whole.average == expected.average);
  // A break changes nothing, either.
  const TrainerState first = train(*backend, on_device(7), 17);
  const TrainerState second = train(*backend, on_device(7), 40, &first);
  CHECK(second.values == whole.values);
  CHECK(second.second_moment == whole.second_moment);
}

TEMPLATE_TEST_CASE("trainer: steps may be queued ahead of the device",
                   "",
                   CpuFloat32,
                   CudaFloat32) {
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  // Waiting after every step, and never.
  const MixedPairs source(23);
  ParameterValues found[2];
  for (const bool waits : {false, true}) {
    LoaderOptions options = on_host(7);
    options.patch_size_px = settings.patch_size_px;
    PatchLoader loader(source, options);
    Trainer trainer(*backend, network, settings, initial_parameters(network, 1));
    for (int i = 0; i < 12; ++i) {
      trainer.step(*loader.next());
      if (waits)
        trainer.wait();
    }
    found[waits ? 1 : 0] = trainer.state().values;
  }
  CHECK(found[0] == found[1]);
}
