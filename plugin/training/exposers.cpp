#include "plugin/training/exposers.h"

namespace limpid {
namespace {

// While one waits for rows of pixels, which a device cannot spread over all of itself, others fill
// it.
constexpr int count = 4;

}  // namespace

void Exposers::use(Backend& backend) {
  for (int i = 0; i < count; ++i)
    if (auto exposer = make_exposer(backend)) {
      free_.push_back(exposer.get());
      all_.push_back(std::move(exposer));
    }
}

void Exposers::expose(const ExposurePlan& plan,
                      std::span<float> micrograph,
                      std::span<float> truth) {
  struct Turn {
    explicit Turn(Exposers& all) : exposers(all), exposer(all.take()) {}
    ~Turn() { exposers.give_back(exposer); }
    Exposers& exposers;
    Exposer& exposer;
  };
  Turn(*this).exposer.expose(plan, micrograph, truth);
}

Exposer& Exposers::take() {
  std::unique_lock lock(mutex_);
  is_free_.wait(lock, [this] { return !free_.empty(); });
  Exposer* exposer = free_.back();
  free_.pop_back();
  return *exposer;
}

void Exposers::give_back(Exposer& exposer) {
  {
    std::lock_guard lock(mutex_);
    free_.push_back(&exposer);
  }
  is_free_.notify_one();
}

}  // namespace limpid
