#include "core/data/patch_loader.h"

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/parallel.h"
#include "core/base/random.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace limpid {
namespace {

constexpr std::uint64_t noise_stream = 0x3000000000000000ull;

// A visit of a micrograph yields about as many crops as cover it once.
PatchSchedule plan_schedule(const PairSource& source, const LoaderOptions& options) {
  std::int64_t largest = 0;
  for (std::int64_t i = 0; i < source.count(); ++i)
    largest = std::max(largest, source.size(i).pixel_count());
  const std::size_t pair_bytes = 2 * sizeof(float) * static_cast<std::size_t>(largest);
  const auto affordable =
      static_cast<std::int64_t>(options.memory_bytes / std::max<std::size_t>(pair_bytes, 1));
  const std::int64_t crops = largest / (options.patch_size_px * options.patch_size_px);
  return {.seed = options.seed,
          .count = source.count(),
          // One more is being read while these are in use.
          .slots = std::clamp<std::int64_t>(affordable - 1, 1, source.count()),
          .steps_per_load = std::max<std::int64_t>(1, crops / options.batch_size)};
}

// Coordinates in the image of pixel (x, y) of a patch.
struct Orientation {
  bool mirror_x, mirror_y, transpose;
};

}  // namespace

void copy_patch(const Image& image,
                std::int64_t x,
                std::int64_t y,
                int orientation,
                std::int64_t size,
                float* patch) {
  const Orientation o{(orientation & 1) != 0, (orientation & 2) != 0, (orientation & 4) != 0};
  for (std::int64_t row = 0; row < size; ++row)
    for (std::int64_t column = 0; column < size; ++column) {
      std::int64_t u = o.mirror_x ? size - 1 - column : column;
      std::int64_t v = o.mirror_y ? size - 1 - row : row;
      if (o.transpose)
        std::swap(u, v);
      patch[row * size + column] = image.at(x + u, y + v);
    }
}

PatchLoader::PatchLoader(const PairSource& source, const LoaderOptions& options)
    : source_(source), options_(options) {
  if (source.count() == 0)
    fail(ErrorKind::input, "there is nothing to learn from: no training pairs");
  schedule_ = plan_schedule(source, options);
  const std::int64_t loads = schedule_.loads_before(options.first_step);
  slots_.resize(static_cast<std::size_t>(schedule_.slots));
  for (std::int64_t load = loads - schedule_.slots; load < loads; ++load) {
    if (options_.stop_requested && options_.stop_requested())
      fail(ErrorKind::interrupted, "stopped as asked before training began");
    slots_[static_cast<std::size_t>(load % schedule_.slots)] = load_or_replace(load);
  }
  reader_ = std::thread([this] { read_ahead(); });
  preparer_ = std::thread([this] { prepare_ahead(); });
}

PatchLoader::~PatchLoader() {
  read_pairs_.close();
  batches_.close();
  reader_.join();
  preparer_.join();
}

std::shared_ptr<const Batch> PatchLoader::next() {
  auto batch = batches_.pop();
  require(batch.has_value(), "the loader has ended");
  return *batch;
}

// Reads what the schedule asks for, one micrograph ahead of its use.
void PatchLoader::read_ahead() {
  try {
    if (schedule_.slots == schedule_.count)
      return;
    for (std::int64_t load = schedule_.loads_before(options_.first_step);; ++load)
      if (!read_pairs_.push(load_or_replace(load)))
        return;
  } catch (...) {
    read_pairs_.close_with_error(std::current_exception());
  }
}

void PatchLoader::prepare_ahead() {
  try {
    std::int64_t loads = schedule_.loads_before(options_.first_step);
    for (std::int64_t step = options_.first_step;; ++step) {
      for (; loads < schedule_.loads_before(step); ++loads) {
        auto pair = read_pairs_.pop();
        if (!pair)
          return;
        slots_[static_cast<std::size_t>(loads % schedule_.slots)] = std::move(*pair);
      }
      if (!batches_.push(make_batch(step)))
        return;
    }
  } catch (...) {
    batches_.close_with_error(std::current_exception());
  }
}

PatchLoader::PairPointer PatchLoader::load_or_replace(std::int64_t load) {
  const std::int64_t size = options_.patch_size_px;
  for (std::int64_t attempt = 0; attempt < schedule_.count; ++attempt) {
    const std::int64_t index = (schedule_.micrograph_of_load(load) + attempt) % schedule_.count;
    try {
      auto pair = std::make_shared<ImagePair>(source_.load(index));
      if (pair->input.width() < size || pair->input.height() < size)
        fail(ErrorKind::input,
             "'{}' has {} x {} pixels, less than a patch of {} x {}",
             source_.name(index),
             pair->input.width(),
             pair->input.height(),
             size,
             size);
      return pair;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::input)
        throw;
      log_warning("left out of training: {}", error.what());
    }
  }
  fail(ErrorKind::input, "none of the {} training pairs can be used", schedule_.count);
}

std::shared_ptr<Batch> PatchLoader::make_batch(std::int64_t step) const {
  const std::int64_t size = options_.patch_size_px;
  const auto pixels = static_cast<std::size_t>(size * size);
  const auto batch_size = static_cast<std::size_t>(options_.batch_size);
  auto batch = std::make_shared<Batch>();
  batch->input.resize(batch_size * pixels);
  batch->target.resize(batch_size * pixels);
  batch->loss_weight.resize(batch_size);
  parallel_for(options_.batch_size, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const PatchChoice choice = choose_patch(schedule_, step, i);
      const ImagePair& pair = *slots_[static_cast<std::size_t>(choice.slot)];
      const bool exchanged = pair.symmetric && choice.exchanged;
      const auto corner = [&](double fraction, std::int64_t side) {
        return static_cast<std::int64_t>(fraction * static_cast<double>(side - size + 1));
      };
      const std::int64_t x = corner(choice.x_fraction, pair.input.width());
      const std::int64_t y = corner(choice.y_fraction, pair.input.height());
      float* input = batch->input.data() + static_cast<std::size_t>(i) * pixels;
      float* target = batch->target.data() + static_cast<std::size_t>(i) * pixels;
      copy_patch(exchanged ? pair.target : pair.input, x, y, choice.orientation, size, input);
      copy_patch(exchanged ? pair.input : pair.target, x, y, choice.orientation, size, target);
      batch->loss_weight[static_cast<std::size_t>(i)] = pair.loss_weight;
      if (pair.noise.electrons_per_unit <= 0.0f && pair.noise.sigma <= 0.0f)
        continue;
      const std::uint64_t stream =
          noise_stream + (static_cast<std::uint64_t>(step) << 16) + static_cast<std::uint64_t>(i);
      const auto mean = static_cast<float>(pair.noise_mean);
      const auto sigma = static_cast<float>(pair.noise_sigma);
      for (std::size_t p = 0; p < pixels; ++p) {
        input[p] = (noisy_pixel(input[p], pair.noise, options_.seed, stream, p) - mean) / sigma;
        target[p] = (target[p] - mean) / sigma;
      }
    }
  });
  return batch;
}

}  // namespace limpid
