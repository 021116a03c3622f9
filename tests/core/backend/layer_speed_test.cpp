#include "core/backend/backend.h"
#include "core/backend/input_pair.h"
#include "tests/support/backends.h"
#include "tests/support/kernels.h"
#include "tests/support/tensors.h"

#include <chrono>
#include <cstdio>
#include <functional>
#include <string>

using namespace limpid;
using namespace limpid::test;

// How long a GPU takes for the layers that are not 3x3 convolutions between wide tensors, at the
// sizes of the largest preset. Hidden: test_backend "layers beside the wide convolutions: speed"
namespace {

constexpr std::int64_t images = 4;
constexpr DataType type = DataType::bfloat16;

class Bench {
 public:
  Bench() : backend_(make_test_backend<CudaBFloat16>()) {}
  bool is_possible() const { return backend_ != nullptr; }
  Backend& backend() { return *backend_; }

  Tensor filled(const Shape& shape, DataType element = type) {
    const Tensor tensor = backend_->allocate_tensor(shape, element);
    fill(tensor);
    return tensor;
  }
  void fill(const Tensor& tensor) {
    const auto block = random_values(1 << 16, 1);
    std::vector<float> data(static_cast<std::size_t>(tensor.shape().element_count()));
    for (std::size_t i = 0; i < data.size(); ++i)
      data[i] = block[i % block.size()];
    backend_->upload(data, tensor);
    backend_->synchronize();
  }

  double microseconds_per_image(const std::function<void()>& work) {
    constexpr int times = 30;
    for (int i = 0; i < 3; ++i)
      work();
    backend_->synchronize();
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < times; ++i)
      work();
    backend_->synchronize();
    const std::chrono::duration<double, std::micro> taken =
        std::chrono::steady_clock::now() - begin;
    return taken.count() / times / static_cast<double>(images);
  }

 private:
  std::unique_ptr<Backend> backend_;
};

void report(const std::string& what, double forward, double backward) {
  std::printf("%-28s %10.1f %10.1f\n", what.c_str(), forward, backward);
  std::fflush(stdout);
}

// The image is float32 and so is the prediction; four channels are those of an unshuffled image.
void measure_end(std::int64_t side, std::int64_t inputs, std::int64_t outputs) {
  Bench bench;
  const bool is_first = inputs <= 4;
  const Conv2dDesc desc{.input = {images, side, side, inputs},
                        .output_channels = outputs,
                        .kernel_size = is_first ? 3 : 1,
                        .activation = is_first ? Activation::relu : Activation::none,
                        .input_type = inputs == 1 ? DataType::float32 : type,
                        .output_type = is_first ? type : DataType::float32,
                        .needs_input_gradient = !is_first,
                        .input_activation = is_first ? Activation::none : Activation::relu,
                        .weight = 0,
                        .bias = 1};
  Parameters parameters(
      bench.backend(),
      {{"weight", {outputs, inputs, desc.kernel_size, desc.kernel_size}}, {"bias", {outputs}}});
  auto convolution = bench.backend().make_conv2d(desc, parameters);
  Conv2d::Forward values{.input = bench.filled(desc.input, desc.input_type),
                         .second = {},
                         .output = bench.filled(desc.output(), desc.output_type),
                         .pooled = {}};
  Conv2d::Backward gradients;
  gradients.output_gradient = bench.filled(desc.output(), desc.output_type);
  if (!is_first)
    gradients.input_gradient = bench.filled(desc.input, desc.input_type);
  report((is_first ? "first layer, " : "last layer, ") + std::to_string(inputs) + " > " +
             std::to_string(outputs),
         bench.microseconds_per_image([&] { convolution->forward(values); }),
         bench.microseconds_per_image([&] { convolution->backward(values, gradients); }));
}

void measure_upsampling(const char* kernels, std::int64_t side, std::int64_t inputs) {
  const WithKernels chosen(kernels);
  Bench bench;
  const ConvTranspose2dDesc desc{.input = {images, side, side, inputs},
                                 .output_channels = inputs / 2,
                                 .type = type,
                                 .input_activation = Activation::relu,
                                 .weight = 0,
                                 .bias = 1};
  Parameters parameters(bench.backend(),
                        {{"weight", {inputs, inputs / 2, 2, 2}}, {"bias", {inputs / 2}}});
  auto upsample = bench.backend().make_conv_transpose2d(desc, parameters);
  const Tensor input = bench.filled(desc.input);
  const Tensor input_gradient = bench.filled(desc.input);
  Arena arena;
  const InputPair output = plan_input_pair(arena, bench.backend(), desc.output(), inputs / 2);
  const InputPair gradient = plan_input_pair(arena, bench.backend(), desc.output(), inputs / 2);
  arena.bind([&](std::size_t size_bytes) { return bench.backend().allocate(size_bytes); });
  bench.fill(gradient.first);
  report(std::to_string(inputs) + " > " + std::to_string(inputs / 2) + " upsampling, " + kernels,
         bench.microseconds_per_image([&] { upsample->forward(input, output.first); }),
         bench.microseconds_per_image(
             [&] { upsample->backward(input, gradient.first, input_gradient); }));
}

// `extra` channels lie behind those of the larger tensors, as where they are one of two inputs.
void measure_pool(std::int64_t side, std::int64_t channels, std::int64_t extra) {
  Bench bench;
  const ResampleDesc desc{.kind = ResampleKind::max_pool,
                          .input = {images, side, side, channels},
                          .input_type = type,
                          .output_type = type,
                          .input_activation = Activation::relu,
                          .accumulate = true};
  auto pool = bench.backend().make_resample(desc);
  const Shape whole{images, side, side, channels + extra};
  const Tensor input = bench.filled(whole).channels(0, channels);
  const Tensor input_gradient = bench.filled(whole).channels(0, channels);
  const Tensor output = bench.filled(desc.output());
  const Tensor output_gradient = bench.filled(desc.output());
  report("pool, " + std::to_string(channels) + (extra > 0 ? " channels, slices" : " channels"),
         bench.microseconds_per_image([&] { pool->forward(input, output); }),
         bench.microseconds_per_image(
             [&] { pool->backward(input, output_gradient, input_gradient); }));
}

// Writes (forward) and reads (backward) a large tensor with hardly any work.
void measure_nearest(std::int64_t side, std::int64_t channels, std::int64_t extra) {
  Bench bench;
  const ResampleDesc desc{.kind = ResampleKind::upsample_nearest,
                          .input = {images, side / 2, side / 2, channels},
                          .input_type = type,
                          .output_type = type,
                          .input_activation = Activation::relu};
  auto upsample = bench.backend().make_resample(desc);
  const Tensor input = bench.filled(desc.input);
  const Tensor input_gradient = bench.filled(desc.input);
  const Tensor output = bench.filled({images, side, side, channels + extra}).channels(0, channels);
  report("nearest, " + std::to_string(channels) + (extra > 0 ? " channels, a slice" : " channels"),
         bench.microseconds_per_image([&] { upsample->forward(input, output); }),
         bench.microseconds_per_image([&] { upsample->backward(input, output, input_gradient); }));
}

}  // namespace

TEST_CASE("layers beside the wide convolutions: speed", "[.speed]") {
  if (!Bench().is_possible())
    return;
  std::printf("%-28s %10s %10s  us an image\n", "", "forward", "backward");
  measure_end(1024, 1, 32);
  measure_end(1024, 32, 1);
  measure_end(512, 4, 64);
  measure_end(512, 64, 4);
  for (const char* kernels : {"own", "cudnn"}) {
    measure_upsampling(kernels, 512, 64);
    measure_upsampling(kernels, 256, 128);
    measure_upsampling(kernels, 128, 256);
    measure_upsampling(kernels, 64, 512);
  }
  for (const std::int64_t times : {0, 1}) {
    measure_pool(1024, 32, 32 * times);
    measure_pool(512, 64, 64 * times);
    measure_nearest(1024, 32, 32 * times);
    measure_nearest(512, 64, 64 * times);
  }
}
