#pragma once

#include "core/backend/backend.h"
#include "core/nn/unet.h"
#include "plugin/benchmark/benchmark.h"

#include <cstdint>
#include <memory>

namespace limpid {

// A network on noise, with what one step of it needs.
class BenchmarkedNetwork {
 public:
  BenchmarkedNetwork(Backend& backend, const BenchmarkCase& what);

  UNet& unet() { return network_; }
  // One step, as it runs in training or inference, without what prepare() does.
  void run();
  // To be called before each run(); not part of what Backend::record() captures.
  void prepare();

 private:
  bool training_;
  Parameters parameters_;
  UNet network_;
  Tensor target_;
  std::unique_ptr<Loss> loss_;
  std::unique_ptr<Adam> adam_;
  std::int64_t steps_ = 0;
};

}  // namespace limpid
