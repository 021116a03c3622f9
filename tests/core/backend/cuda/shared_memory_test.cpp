#include "core/backend/cuda/shared_memory.h"

#include "core/backend/cuda/convolution/strip_gradient.cuh"
#include "core/backend/cuda/convolution/upsampling_layout.h"
#include "tests/support/catch.h"

#include <algorithm>

using namespace limpid::cuda;

// Kernels for every GPU with bfloat16 must not ask for more shared memory than the smallest of them
// gives to a block: a launch that does fails.
namespace {

constexpr int with_bfloat16[] = {80, 86, 87, 89, 90, 100, 103, 110, 120, 121};

int most_upsampled_channels(int compute_capability) {
  int most = 0;
  for (int inputs = UpsamplingBlock::chunk; inputs <= UpsamplingBlock::most_inputs;
       inputs += UpsamplingBlock::chunk)
    if (UpsamplingBlock::shared_bytes(inputs) <= most_shared_bytes(compute_capability))
      most = inputs;
  return most;
}

template <class... Strips>
int most_of_strips() {
  return std::max({Strips::shared_bytes()...});
}

}  // namespace

TEST_CASE("shared memory: gradients of weights fit every GPU with bfloat16") {
  for (const int gpu : with_bfloat16) {
    INFO(gpu);
    CHECK(UpsamplingGradientBlock::shared_bytes <= most_shared_bytes(gpu));
    CHECK(most_of_strips<StripGradient<32, 32>,
                         StripGradient<32, 64>,
                         StripGradient<64, 32>,
                         StripGradient<64, 64>>() <= most_shared_bytes(gpu));
  }
}

TEST_CASE("shared memory: upsampling has as many inputs as a GPU has room for") {
  CHECK(most_upsampled_channels(80) == 384);
  CHECK(most_upsampled_channels(86) == 128);
  CHECK(most_upsampled_channels(89) == 128);
  CHECK(most_upsampled_channels(90) == 512);
  CHECK(most_upsampled_channels(100) == 512);
  CHECK(most_upsampled_channels(120) == 128);
}

TEST_CASE("shared memory: what a multiprocessor has is divided among blocks") {
  CHECK(blocks_by_shared_memory(most_shared_bytes(86), 86) == 1);
  CHECK(blocks_by_shared_memory(49 * 1024, 86) == 2);
  CHECK(blocks_by_shared_memory(50 * 1024, 86) == 1);
  CHECK(blocks_by_shared_memory(UpsamplingGradientBlock::shared_bytes, 80) == 2);
}
