#pragma once

#include "core/backend/backend.h"

#include <memory>
#include <span>

namespace limpid {

struct ExposurePlan;

// Simulates images on a device, beside the work that is queued on its backend. For one thread at a
// time, which need not be that of the backend.
class Exposer {
 public:
  virtual ~Exposer() = default;
  // Waits for the images (core/simulate/exposure_steps.h), which have the size that the plan asks
  // for. Throws Error(device).
  virtual void expose(const ExposurePlan& plan,
                      std::span<float> micrograph,
                      std::span<float> truth) = 0;
};

// What a backend whose device simulates is, too.
class ExposerMaker {
 public:
  virtual ~ExposerMaker() = default;
  virtual std::unique_ptr<Exposer> make_exposer() = 0;
};

// Null where the simulation is better left to the host.
inline std::unique_ptr<Exposer> make_exposer(Backend& backend) {
  auto* maker = dynamic_cast<ExposerMaker*>(&backend);
  return maker != nullptr ? maker->make_exposer() : nullptr;
}

}  // namespace limpid
