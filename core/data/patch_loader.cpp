#include "core/data/patch_loader.h"

#include "core/base/error.h"
#include "core/base/parallel.h"

#include <exception>

namespace limpid {

PatchLoader::PatchLoader(const PairSource& source, const LoaderOptions& options)
    : PatchLoader(source, options, plan_loader(measure_dataset(source), options)) {}

PatchLoader::PatchLoader(const PairSource& source,
                         const LoaderOptions& options,
                         const LoaderPlan& plan)
    : options_(options),
      schedule_(make_schedule(plan, options)),
      reader_(source, plan, options, schedule_.oldest_load_at(options.first_step)),
      slots_(static_cast<std::size_t>(schedule_.slots)) {
  read_first();
  preparer_ = std::thread([this] { prepare_ahead(); });
}

PatchLoader::~PatchLoader() {
  reader_.close();
  memory_.close();
  batches_.close();
  preparer_.join();
}

std::shared_ptr<const Batch> PatchLoader::next() {
  auto batch = batches_.pop();
  require(batch.has_value(), "the loader has ended");
  return *batch;
}

void PatchLoader::read_first() {
  const std::int64_t loads = schedule_.loads_before(options_.first_step);
  for (std::int64_t load = schedule_.oldest_load_at(options_.first_step); load < loads; ++load) {
    auto pair = reader_.take(load);
    if (!pair)
      fail(ErrorKind::interrupted, "stopped as asked before training began");
    slots_[static_cast<std::size_t>(load % schedule_.slots)] = std::move(pair);
  }
}

void PatchLoader::prepare_ahead() {
  try {
    set_thread_count(options_.threads);
    std::int64_t loads = schedule_.loads_before(options_.first_step);
    for (std::int64_t step = options_.first_step;; ++step) {
      for (; loads < schedule_.loads_before(step); ++loads) {
        auto pair = reader_.take(loads);
        if (!pair)
          return batches_.close();
        slots_[static_cast<std::size_t>(loads % schedule_.slots)] = std::move(pair);
      }
      auto batch = memory_.take();
      if (!batch)
        return;
      make_batch(step, *batch);
      if (!batches_.push(std::move(batch)))
        return;
    }
  } catch (...) {
    batches_.close_with_error(std::current_exception());
  }
}

void PatchLoader::make_batch(std::int64_t step, Batch& batch) const {
  const auto batch_size = static_cast<std::size_t>(options_.batch_size);
  const auto pixels = static_cast<std::size_t>(options_.patch_size_px * options_.patch_size_px);
  batch.input.resize(batch_size * pixels);
  batch.target.resize(batch_size * pixels);
  batch.loss_weight.resize(batch_size);
  parallel_for(options_.batch_size, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t number = begin; number < end; ++number)
      make_crop(step, number, batch);
  });
}

void PatchLoader::make_crop(std::int64_t step, std::int64_t number, Batch& batch) const {
  const std::int64_t size = options_.patch_size_px;
  const auto pixels = static_cast<std::size_t>(size * size);
  const PatchChoice choice = choose_patch(schedule_, step, number);
  const ImagePair& pair = *slots_[static_cast<std::size_t>(choice.slot)];
  const bool exchanged = pair.symmetric && choice.exchanged;
  const std::int64_t x = corner_px(choice.x_fraction, pair.input.width(), size);
  const std::int64_t y = corner_px(choice.y_fraction, pair.input.height(), size);
  float* input = batch.input.data() + static_cast<std::size_t>(number) * pixels;
  float* target = batch.target.data() + static_cast<std::size_t>(number) * pixels;
  const Image& target_image = pair.target_image();
  copy_patch(exchanged ? target_image : pair.input, x, y, choice.orientation, size, input);
  copy_patch(exchanged ? pair.input : target_image, x, y, choice.orientation, size, target);
  batch.loss_weight[static_cast<std::size_t>(number)] = pair.loss_weight;
  if (pair.noise.electrons_per_unit <= 0.0f && pair.noise.sigma <= 0.0f)
    return;
  const std::uint64_t stream = noise_stream_of(step, number);
  const auto mean = static_cast<float>(pair.noise_mean);
  const auto sigma = static_cast<float>(pair.noise_sigma);
  for (std::size_t p = 0; p < pixels; ++p) {
    input[p] = (noisy_pixel(input[p], pair.noise, options_.seed, stream, p) - mean) / sigma;
    target[p] = (target[p] - mean) / sigma;
  }
}

}  // namespace limpid
