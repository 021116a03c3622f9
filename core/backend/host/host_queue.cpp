#include "core/backend/host/host_memory.h"
#include "core/backend/host/host_ops.h"

#include <chrono>

namespace limpid {
namespace {

class HostUploader : public Uploader {
 public:
  void upload(std::span<const float> values, const Tensor& destination) override {
    copy_from_host(values, destination);
  }
};

class HostMark : public Mark {
 public:
  void set() override { time_ = std::chrono::steady_clock::now(); }
  void wait() override {}
  double seconds_since(const Mark& earlier) const override {
    return std::chrono::duration<double>(time_ - static_cast<const HostMark&>(earlier).time_)
        .count();
  }

 private:
  std::chrono::steady_clock::time_point time_;
};

}  // namespace

std::unique_ptr<Uploader> make_host_uploader() {
  return std::make_unique<HostUploader>();
}

std::unique_ptr<Mark> make_host_mark() {
  return std::make_unique<HostMark>();
}

}  // namespace limpid
