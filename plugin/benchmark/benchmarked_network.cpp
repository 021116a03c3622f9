#include "plugin/benchmark/benchmarked_network.h"

#include "core/nn/initialize.h"
#include "plugin/benchmark/noise_values.h"

namespace limpid {
namespace {

Shape image_of(const BenchmarkCase& what) {
  return {what.batch_size, what.patch_size_px, what.patch_size_px, 1};
}

}  // namespace

BenchmarkedNetwork::BenchmarkedNetwork(Backend& backend, const BenchmarkCase& what)
    : training_(what.mode == BenchmarkMode::training),
      parameters_(backend, choose_network(what.network).parameters()),
      network_(backend,
               choose_network(what.network),
               parameters_,
               image_of(what),
               training_ ? NetworkUse::training : NetworkUse::inference),
      target_(backend.allocate_tensor(image_of(what), DataType::float32)),
      loss_(backend.make_loss({.prediction = image_of(what)})),
      adam_(backend.make_adam({}, parameters_)) {
  parameters_.set_values(initial_parameters(choose_network(what.network), 1));
  fill_with_noise(backend, network_.image());
  fill_with_noise(backend, target_);
  prepare();
}

void BenchmarkedNetwork::prepare() {
  if (training_)
    adam_->prepare_step({.number = ++steps_, .learning_rate = 1e-4f});
}

// Inference may use the memory of the image again, which changes its content but not the work.
void BenchmarkedNetwork::run() {
  network_.forward();
  if (!training_)
    return;
  loss_->evaluate(network_.prediction(), target_, Tensor(), network_.prediction_gradient());
  network_.backward();
  adam_->step();
}

}  // namespace limpid
