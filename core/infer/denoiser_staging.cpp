// Images on their way to the network and back, through memory that the backend copies from and to
// fastest, and what is done before the first of them comes.

#include "core/base/phase_log.h"
#include "core/infer/denoiser.h"

#include <atomic>
#include <future>
#include <memory>

namespace limpid {
namespace {

// While it lives.
class SetFlag {
 public:
  explicit SetFlag(std::atomic<bool>& flag) : flag_(flag) { flag_ = true; }
  SetFlag(const SetFlag&) = delete;
  SetFlag& operator=(const SetFlag&) = delete;
  ~SetFlag() {
    flag_ = false;
    flag_.notify_all();
  }

 private:
  std::atomic<bool>& flag_;
};

}  // namespace

HostImage Denoiser::staged(std::shared_ptr<Storage>& memory,
                           std::int64_t width,
                           std::int64_t height) const {
  const std::size_t needed_bytes = static_cast<std::size_t>(width * height) * sizeof(float);
  if (!memory || memory->size_bytes() < needed_bytes) {
    memory.reset();
    memory = backend_.allocate_staging(needed_bytes);
    log_phase("page-locked memory for an image taken");
  }
  return {reinterpret_cast<float*>(memory->data()), width, height};
}

std::shared_ptr<Denoiser::Staging> Denoiser::take_staging(std::int64_t width,
                                                          std::int64_t height) const {
  return staging_->take([&] {
    // To lock memory keeps the thread waiting that prepares the network; the first image needs
    // some.
    if (has_staging_.exchange(true))
      is_preparing_.wait(true);
    auto staging = std::make_unique<Staging>();
    staged(staging->input, width, height);
    if (is_tiled_)
      staged(staging->result, width, height);
    return staging;
  });
}

void Denoiser::warm_up(std::int64_t width, std::int64_t height) {
  if (options_.average_orientations)
    return;
  on_device([&] {
    largest_tile_area_ = affordable_tile_area();
    is_tiled_ = plan_for(width, height).tiles.size() > 1;
  });
  std::future<void> staging;
  if (staging_)
    staging = std::async(std::launch::async, [&] { take_staging(width, height); });
  {
    const SetFlag preparing(is_preparing_);
    on_device([&] { prepare(width, height); });
  }
  if (staging.valid())
    staging.get();
}

Denoiser::NetworkUse Denoiser::run_network_staged(
    const Image& size_of,
    const std::function<void(const HostImage&)>& fill,
    const std::function<void(const HostImage&)>& take) {
  const std::int64_t width = size_of.width();
  const std::int64_t height = size_of.height();
  const std::shared_ptr<Staging> staging = take_staging(width, height);
  const HostImage input = staged(staging->input, width, height);
  fill(input);
  if (is_tiled_)  // here, because to get page-locked memory takes long
    staged(staging->result, width, height);
  NetworkUse use;
  take(run_network(
      input, [&] { return staged(staging->result, width, height); }, use));
  is_tiled_ = use.tile_count > 1;
  return use;
}

}  // namespace limpid
