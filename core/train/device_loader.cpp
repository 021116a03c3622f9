#include "core/train/device_loader.h"

#include "core/base/error.h"
#include "core/base/parallel.h"

#include <exception>
#include <utility>

namespace limpid {
namespace {

// Images begin where vector instructions and the device's memory lines do.
constexpr std::size_t alignment_bytes = 256;

std::size_t image_bytes(const Image& image) {
  const std::size_t bytes = image.pixels().size_bytes();
  return (bytes + alignment_bytes - 1) / alignment_bytes * alignment_bytes;
}

}  // namespace

DeviceLoader::DeviceLoader(Backend& backend,
                           const PairSource& source,
                           const LoaderOptions& options,
                           const LoaderPlan& plan)
    : backend_(backend),
      options_(options),
      schedule_(make_schedule(plan, options)),
      reader_(source, plan, options, schedule_.oldest_load_at(options.first_step)),
      uploader_(backend.make_uploader()),
      memory_(plan.device_pairs),
      slots_(static_cast<std::size_t>(schedule_.slots)) {
  if (plan.mode == LoaderMode::stream)
    take_memory(plan);
  read_first();
  preparer_ = std::thread([this] { prepare_ahead(); });
}

DeviceLoader::~DeviceLoader() {
  reader_.close();
  memory_.close();
  batches_.close();
  preparer_.join();
}

std::shared_ptr<const DeviceBatch> DeviceLoader::next() {
  auto batch = batches_.pop();
  require(batch.has_value(), "the loader has ended");
  return *batch;
}

// Each piece serves the largest pair.
void DeviceLoader::take_memory(const LoaderPlan& plan) {
  std::vector<std::shared_ptr<DevicePair>> all;
  for (std::int64_t i = 0; i < plan.device_pairs; ++i) {
    all.push_back(memory_.take());
    all.back()->memory = backend_.allocate(plan.dataset.largest_pair_bytes + 2 * alignment_bytes);
  }
}

void DeviceLoader::read_first() {
  const std::int64_t loads = schedule_.loads_before(options_.first_step);
  for (std::int64_t load = schedule_.oldest_load_at(options_.first_step); load < loads; ++load)
    if (!renew_slot(load))
      fail(ErrorKind::interrupted, "stopped as asked before training began");
}

void DeviceLoader::prepare_ahead() {
  try {
    set_thread_count(options_.threads);
    std::int64_t loads = schedule_.loads_before(options_.first_step);
    for (std::int64_t step = options_.first_step;; ++step) {
      for (; loads < schedule_.loads_before(step); ++loads)
        if (!renew_slot(loads))
          return batches_.close();
      if (!batches_.push(make_batch(step)))
        return;
    }
  } catch (...) {
    batches_.close_with_error(std::current_exception());
  }
}

bool DeviceLoader::renew_slot(std::int64_t load) {
  const PairReader::PairPointer read = reader_.take(load);
  const auto pair = read ? memory_.take() : nullptr;
  if (!pair)
    return false;
  upload(*read, *pair);
  slots_[static_cast<std::size_t>(load % schedule_.slots)] = pair;
  return true;
}

void DeviceLoader::upload(const ImagePair& from, DevicePair& to) {
  const std::size_t input_bytes = image_bytes(from.input);
  const std::size_t needed = input_bytes + image_bytes(from.target);
  if (!to.memory || to.memory->size_bytes() < needed)
    to.memory = backend_.allocate(needed);
  const Shape shape{1, from.input.height(), from.input.width(), 1};
  to.input = Tensor(shape, DataType::float32, to.memory);
  uploader_->upload(from.input.pixels(), to.input);
  to.target = to.input;
  if (!from.target.empty()) {
    to.target = Tensor(shape, DataType::float32, to.memory, input_bytes);
    uploader_->upload(from.target.pixels(), to.target);
  }
  to.loss_weight = from.loss_weight;
  to.symmetric = from.symmetric;
  to.noise = from.noise;
  to.noise_mean = static_cast<float>(from.noise_mean);
  to.noise_sigma = static_cast<float>(from.noise_sigma);
}

std::shared_ptr<const DeviceBatch> DeviceLoader::make_batch(std::int64_t step) const {
  const std::int64_t size = options_.patch_size_px;
  auto batch = std::make_shared<DeviceBatch>();
  batch->seed = options_.seed;
  for (std::int64_t number = 0; number < options_.batch_size; ++number) {
    const PatchChoice choice = choose_patch(schedule_, step, number);
    const auto& pair = slots_[static_cast<std::size_t>(choice.slot)];
    const bool exchanged = pair->symmetric && choice.exchanged;
    batch->crops.push_back({.input = exchanged ? pair->target : pair->input,
                            .target = exchanged ? pair->input : pair->target,
                            .x = corner_px(choice.x_fraction, pair->input.shape().width, size),
                            .y = corner_px(choice.y_fraction, pair->input.shape().height, size),
                            .orientation = choice.orientation,
                            .loss_weight = pair->loss_weight,
                            .noise = pair->noise,
                            .noise_stream = noise_stream_of(step, number),
                            .mean = pair->noise_mean,
                            .sigma = pair->noise_sigma});
    batch->pairs.push_back(pair);
  }
  return batch;
}

}  // namespace limpid
