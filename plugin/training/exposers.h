#pragma once

#include "core/backend/exposer.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace limpid {

// The simulators of a device, for any number of threads; none at first.
class Exposers {
 public:
  // Makes some if the backend's device simulates. Before any other use.
  void use(Backend& backend);
  bool is_empty() const { return all_.empty(); }

  // Waits for a free one, then for the images. Throws Error(device).
  void expose(const ExposurePlan& plan, std::span<float> micrograph, std::span<float> truth);

 private:
  Exposer& take();
  void give_back(Exposer& exposer);

  std::vector<std::unique_ptr<Exposer>> all_;
  std::mutex mutex_;
  std::condition_variable is_free_;
  std::vector<Exposer*> free_;
};

}  // namespace limpid
