#include "core/backend/cuda/hopper/row_convolution.h"

#include <cuda_bf16.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

// Here and not from check.cpp, which needs cuDNN.
namespace limpid::cuda {
void check_cuda(cudaError_t code, const char* call, const char* file, int line);
void check_cuda(cudaError_t code, const char* call, const char* file, int line) {
  if (code == cudaSuccess)
    return;
  std::printf("%s:%d: %s: %s\n", file, line, call, cudaGetErrorString(code));
  std::exit(1);
}
}  // namespace limpid::cuda

// On a Hopper GPU: own convolutions against plain loops, and how fast they are at the layers of the
// classic network. Prints tables; exit status 1 when something is wrong.
using namespace limpid;
using namespace limpid::cuda;

namespace {

using Element = __nv_bfloat16;

#define CHECK_CUDA(call) check_cuda((call), #call, __FILE__, __LINE__)

float as_float(Element x) {
  return __bfloat162float(x);
}

float time_ms(int repeats, const std::function<void()>& work) {
  cudaEvent_t begin = nullptr;
  cudaEvent_t end = nullptr;
  CHECK_CUDA(cudaEventCreate(&begin));
  CHECK_CUDA(cudaEventCreate(&end));
  work();
  std::vector<float> times;
  for (int i = 0; i < repeats; ++i) {
    CHECK_CUDA(cudaEventRecord(begin));
    work();
    CHECK_CUDA(cudaEventRecord(end));
    CHECK_CUDA(cudaEventSynchronize(end));
    float ms = 0;
    CHECK_CUDA(cudaEventElapsedTime(&ms, begin, end));
    times.push_back(ms);
  }
  CHECK_CUDA(cudaEventDestroy(begin));
  CHECK_CUDA(cudaEventDestroy(end));
  std::nth_element(times.begin(), times.begin() + repeats / 2, times.end());
  return times[static_cast<std::size_t>(repeats / 2)];
}

struct Case {
  const char* name;
  Shape input;
  int outputs;
  bool backward = false;
  int input_extra = 0;  // channels of the wider tensors
  int output_extra = 0;
  Activation activation = Activation::relu;
  bool masked = true;
  // Where a slice begins in the wider tensor. Networks have them at multiples of 32 channels; at
  // others, writes change parts of 32-byte sectors, which takes twice as long.
  int first_channel = 8;
};

__device__ float random_value(std::uint64_t i, unsigned seed) {
  std::uint64_t x = (i + 1) * 0x9e3779b97f4a7c15ull + seed * 0xd1b54a32d192ed03ull;
  x ^= x >> 31;
  x *= 0xbf58476d1ce4e5b9ull;
  x ^= x >> 29;
  return static_cast<float>(x & 0xffffu) / 32768.0f - 1.0f;
}

__global__ void fill_random(Element* data, std::int64_t count, unsigned seed, float scale) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = blockIdx.x * static_cast<std::int64_t>(blockDim.x) + threadIdx.x; i < count;
       i += step)
    data[i] = __float2bfloat16(scale * random_value(static_cast<std::uint64_t>(i), seed));
}

struct View {
  Element* data;
  std::int64_t stride;
};

// One thread a pixel and channel; float sums.
__global__ void plain_convolution(View input,
                                  View output,
                                  View mask,
                                  const Element* weight,
                                  const Element* bias,
                                  int images,
                                  int height,
                                  int width,
                                  int inputs,
                                  int outputs,
                                  bool backward,
                                  Activation activation) {
  const std::int64_t count = static_cast<std::int64_t>(images) * height * width * outputs;
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  const float slope = activation == Activation::relu         ? 0.0f
                      : activation == Activation::leaky_relu ? leaky_relu_slope
                                                             : 1.0f;
  for (std::int64_t i = blockIdx.x * static_cast<std::int64_t>(blockDim.x) + threadIdx.x; i < count;
       i += step) {
    const int o = static_cast<int>(i % outputs);
    const std::int64_t pixel = i / outputs;
    const int x = static_cast<int>(pixel % width);
    const int y = static_cast<int>(pixel / width % height);
    const std::int64_t image = pixel / width / height;
    float sum = bias == nullptr ? 0.0f : __bfloat162float(bias[o]);
    for (int tap = 0; tap < 9; ++tap) {
      const int from_y = y + tap / 3 - 1;
      const int from_x = x + tap % 3 - 1;
      if (from_y < 0 || from_y >= height || from_x < 0 || from_x >= width)
        continue;
      const Element* from =
          input.data + ((image * height + from_y) * width + from_x) * input.stride;
      for (int c = 0; c < inputs; ++c)
        sum += __bfloat162float(from[c]) *
               __bfloat162float(backward ? weight[(c * 9 + 8 - tap) * outputs + o]
                                         : weight[(o * 9 + tap) * inputs + c]);
    }
    float sign = sum;
    if (backward)
      sign = mask.data == nullptr ? 1.0f : __bfloat162float(mask.data[pixel * mask.stride + o]);
    output.data[pixel * output.stride + o] = __float2bfloat16(sign > 0.0f ? sum : slope * sum);
  }
}

// A slice of a wider tensor on the GPU.
struct DeviceImage {
  Shape shape;
  std::int64_t stride;
  std::int64_t first;  // channel
  std::int64_t count;
  Element* memory = nullptr;

  DeviceImage(Shape s, int extra, int first_channel)
      : shape(s), stride(s.channels + extra), first(extra > 0 ? first_channel : 0) {
    count = s.pixel_count() * stride;
    CHECK_CUDA(cudaMalloc(&memory, static_cast<std::size_t>(count) * sizeof(Element)));
  }
  ~DeviceImage() { cudaFree(memory); }
  DeviceImage(const DeviceImage&) = delete;
  DeviceImage& operator=(const DeviceImage&) = delete;
  View view() const { return {memory + first, stride}; }
  Tensor tensor() const {
    Shape wide = shape;
    wide.channels = stride;
    auto storage = std::make_shared<Storage>(reinterpret_cast<std::byte*>(memory),
                                             static_cast<std::size_t>(count) * sizeof(Element),
                                             nullptr);
    return Tensor(wide, DataType::bfloat16, storage).channels(first, shape.channels);
  }
  void randomize(unsigned seed, float scale = 1.0f) {
    fill_random<<<1024, 256>>>(memory, count, seed, scale);
    CHECK_CUDA(cudaGetLastError());
  }
  void poison() { CHECK_CUDA(cudaMemset(memory, 0xff, static_cast<std::size_t>(count) * 2)); }
  std::vector<Element> values() const {
    std::vector<Element> result(static_cast<std::size_t>(count));
    CHECK_CUDA(cudaMemcpy(result.data(), memory, result.size() * 2, cudaMemcpyDeviceToHost));
    return result;
  }
};

struct Buffers {
  DeviceImage input, output, mask, weight, bias;

  explicit Buffers(const Case& c)
      : input(c.input, c.input_extra, c.first_channel),
        output(output_shape(c), c.output_extra, c.first_channel),
        mask(output_shape(c), c.output_extra, c.first_channel),
        weight({1, 9, c.input.channels, c.outputs}, 0, 0),
        bias({1, 1, 1, c.outputs}, 0, 0) {
    input.randomize(1);
    mask.randomize(2);
    weight.randomize(3, 0.1f);
    bias.randomize(4);
  }
  static Shape output_shape(const Case& c) {
    return {c.input.batch, c.input.height, c.input.width, c.outputs};
  }
  RowConvolution convolution(const Case& c) const {
    return {.input = input.tensor(),
            .output = output.tensor(),
            .weight = weight.memory,
            .bias = c.backward ? nullptr : bias.memory,
            .activation = c.activation,
            .backward = c.backward,
            .mask = c.backward && c.masked ? mask.tensor() : Tensor()};
  }
};

bool agrees(const Case& c, int processors) {
  Buffers b(c);
  DeviceImage expected(b.output.shape, c.output_extra, c.first_channel);
  b.output.poison();
  expected.poison();
  plain_convolution<<<4096, 256>>>(b.input.view(),
                                   expected.view(),
                                   c.masked ? b.mask.view() : View{nullptr, 0},
                                   b.weight.memory,
                                   c.backward ? nullptr : b.bias.memory,
                                   static_cast<int>(c.input.batch),
                                   static_cast<int>(c.input.height),
                                   static_cast<int>(c.input.width),
                                   static_cast<int>(c.input.channels),
                                   c.outputs,
                                   c.backward,
                                   c.activation);
  CHECK_CUDA(cudaGetLastError());
  convolve_rows(b.convolution(c), processors, nullptr);
  CHECK_CUDA(cudaDeviceSynchronize());
  const std::vector<Element> found = b.output.values();
  const std::vector<Element> wanted = expected.values();
  double difference = 0, norm = 0;
  std::int64_t unwritten = 0, spoiled = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double f = as_float(found[i]);
    const double w = as_float(wanted[i]);
    if (std::isnan(w)) {
      spoiled += std::isnan(f) ? 0 : 1;
    } else if (std::isnan(f)) {
      ++unwritten;
    } else {
      difference += (f - w) * (f - w);
      norm += w * w;
    }
  }
  const double error = std::sqrt(difference / norm);
  const bool good = unwritten == 0 && spoiled == 0 && error < 3e-3;
  std::printf(
      "%-8s %3lldx%lldx%lldx%lld > %d%s, +%d +%d: error %.2e, %lld not written, %lld "
      "outside the slice\n",
      good ? "ok" : "WRONG",
      static_cast<long long>(c.input.batch),
      static_cast<long long>(c.input.height),
      static_cast<long long>(c.input.width),
      static_cast<long long>(c.input.channels),
      c.outputs,
      c.backward ? " backward" : "",
      c.input_extra,
      c.output_extra,
      error,
      static_cast<long long>(unwritten),
      static_cast<long long>(spoiled));
  return good;
}

void time_layer(const Case& c, int processors) {
  const Buffers b(c);
  const RowConvolution convolution = b.convolution(c);
  const float ms = time_ms(20, [&] { convolve_rows(convolution, processors, nullptr); });
  const auto pixels = static_cast<double>(c.input.pixel_count());
  const double flop = 2.0 * 9 * pixels * static_cast<double>(c.input.channels) * c.outputs;
  const double bytes =
      2.0 * pixels *
      (static_cast<double>(c.input.channels) + c.outputs * (c.backward && c.masked ? 2.0 : 1.0));
  const double us = 1000.0 * ms / static_cast<double>(c.input.batch);
  const double floor_us =
      std::max(flop / 790e12, bytes / 4.3e12) * 1e6 / static_cast<double>(c.input.batch);
  std::printf("%-22s %7.1f us an image, floor %5.1f, %4.0f TFLOP/s, %4.2f TB/s\n",
              c.name,
              us,
              floor_us,
              flop / ms / 1e9,
              bytes / ms / 1e9);
}

std::vector<Case> correctness_cases() {
  std::vector<Case> cases;
  for (const bool backward : {false, true}) {
    for (const int inputs : {32, 64, 128})
      for (const int outputs : {32, 64, 128})
        cases.push_back({.name = "",
                         .input = {2, 37, 131, inputs},
                         .outputs = outputs,
                         .backward = backward,
                         .input_extra = inputs == 64 ? 32 : 0,
                         .output_extra = outputs == 64 ? 0 : 64});
    cases.push_back({.name = "",
                     .input = {1, 1, 1, 32},
                     .outputs = 32,
                     .backward = backward,
                     .output_extra = 8});
    cases.push_back({.name = "",
                     .input = {3, 2, 64, 64},
                     .outputs = 64,
                     .backward = backward,
                     .activation = Activation::leaky_relu});
    cases.push_back({.name = "",
                     .input = {1, 1030, 1100, 32},
                     .outputs = 32,
                     .backward = backward,
                     .activation = Activation::none,
                     .masked = false});
    cases.push_back({.name = "", .input = {5, 256, 512, 64}, .outputs = 64, .backward = backward});
  }
  return cases;
}

std::vector<Case> layers(std::int64_t batch) {
  const Shape full{batch, 1024, 1024, 32};
  const auto with = [](Shape s, std::int64_t channels) {
    s.channels = channels;
    return s;
  };
  const Shape half{batch, 512, 512, 64};
  const Shape quarter{batch, 256, 256, 128};
  return {
      {.name = "enc0b, to a slice",
       .input = full,
       .outputs = 32,
       .output_extra = 32,
       .first_channel = 32},
      {.name = "enc0b, 16 bytes off", .input = full, .outputs = 32, .output_extra = 32},
      {.name = "dec0b", .input = full, .outputs = 32},
      {.name = "dec0a", .input = with(full, 64), .outputs = 32},
      {.name = "enc1a", .input = with(half, 32), .outputs = 64},
      {.name = "enc1b, to a slice",
       .input = half,
       .outputs = 64,
       .output_extra = 64,
       .first_channel = 64},
      {.name = "dec1b", .input = half, .outputs = 64},
      {.name = "dec1a", .input = with(half, 128), .outputs = 64},
      {.name = "enc2a", .input = with(quarter, 64), .outputs = 128},
      {.name = "enc2b", .input = quarter, .outputs = 128},
      {.name = "enc0b dgrad, slice",
       .input = full,
       .outputs = 32,
       .backward = true,
       .input_extra = 32,
       .first_channel = 32},
      {.name = "dec0b dgrad", .input = full, .outputs = 32, .backward = true},
      {.name = "dec0a dgrad", .input = full, .outputs = 64, .backward = true, .masked = false},
      {.name = "enc1a dgrad", .input = half, .outputs = 32, .backward = true, .masked = false},
      {.name = "dec1b dgrad", .input = half, .outputs = 64, .backward = true},
      {.name = "dec1a dgrad", .input = half, .outputs = 128, .backward = true, .masked = false},
      {.name = "enc2a dgrad", .input = quarter, .outputs = 64, .backward = true, .masked = false},
  };
}

}  // namespace

int main() {
  cudaDeviceProp properties{};
  if (cudaGetDeviceProperties(&properties, 0) != cudaSuccess || properties.major != 9) {
    std::printf("SKIPPED: no Hopper GPU\n");
    return 77;
  }
  const int processors = properties.multiProcessorCount;
  std::printf("%s, %d multiprocessors\n", properties.name, processors);
  bool good = true;
  for (const Case& c : correctness_cases())
    good = agrees(c, processors) && good;
  for (const std::int64_t batch : {4, 16, 1}) {
    std::printf("batch %lld\n", static_cast<long long>(batch));
    for (const Case& c : layers(batch))
      time_layer(c, processors);
  }
  std::printf(good ? "all right\n" : "something is WRONG\n");
  return good ? 0 : 1;
}
