#include "core/backend/cuda/hopper/rows/row_convolution.h"
#include "core/backend/cuda/hopper/wide/wide_convolution.h"
#include "core/backend/cuda/value_bits.h"
#include "tests/core/backend/cuda/conv_kernel_cases.h"

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
// classic network and others. Prints tables; exit status 1 when something is wrong.
//   conv_kernel_bench [rows|wide|all [BATCH]]
using namespace limpid;
using namespace limpid::cuda;
using namespace limpid::test;

namespace {

using Case = ConvolutionCase;
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

__global__ void fill_codes(PoolCode* codes, std::int64_t count) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = blockIdx.x * static_cast<std::int64_t>(blockDim.x) + threadIdx.x; i < count;
       i += step)
    codes[i] = static_cast<PoolCode>(
        static_cast<int>(32.0f + 32.0f * random_value(static_cast<std::uint64_t>(i), 7)) % 64);
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
                                  int weight_channels,
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
               __bfloat162float(backward ? weight[(c * 9 + 8 - tap) * weight_channels + o]
                                         : weight[(o * 9 + tap) * inputs + c]);
    }
    float sign = sum;
    if (backward)
      sign = mask.data == nullptr ? 1.0f : __bfloat162float(mask.data[pixel * mask.stride + o]);
    output.data[pixel * output.stride + o] = __float2bfloat16(sign > 0.0f ? sum : slope * sum);
  }
}

// Adds the gradient of maxima, then takes the derivative, both by codes. Sizes are even.
__global__ void join(View output,
                     const Element* pooled,
                     const PoolCode* codes,
                     int width,
                     int outputs,
                     std::int64_t count,
                     Activation activation) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  const float slope = activation == Activation::relu         ? 0.0f
                      : activation == Activation::leaky_relu ? leaky_relu_slope
                                                             : 1.0f;
  for (std::int64_t i = blockIdx.x * static_cast<std::int64_t>(blockDim.x) + threadIdx.x; i < count;
       i += step) {
    const std::int64_t pixel = i / outputs;
    const std::int64_t x = pixel % width;
    const std::int64_t row = pixel / width;
    const std::int64_t small = (row / 2 * (width / 2) + x / 2) * outputs + i % outputs;
    const int q = static_cast<int>(row % 2 * 2 + x % 2);
    Element& value = output.data[pixel * output.stride + i % outputs];
    float sum = __bfloat162float(value);
    if (maximum_of(codes[small]) == q)
      sum += __bfloat162float(pooled[small]);
    value = __float2bfloat16(is_positive(codes[small], q) ? sum : slope * sum);
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

std::vector<SignByte> signs_of(const DeviceImage& image, int channels) {
  const std::vector<Element> values = image.values();
  std::vector<SignByte> signs(static_cast<std::size_t>(image.shape.element_count()) / 8);
  for (std::size_t i = 0; i < signs.size() * 8; ++i) {
    const auto n = static_cast<std::size_t>(channels);
    const std::size_t at = i / n * static_cast<std::size_t>(image.stride) +
                           static_cast<std::size_t>(image.first) + i % n;
    if (as_float(values[at]) > 0.0f)
      signs[i / 8] = static_cast<SignByte>(signs[i / 8] | 1u << i % 8);
  }
  return signs;
}

template <class T>
std::vector<T> bytes_of(const DeviceImage& image, std::size_t count) {
  const std::vector<Element> values = image.values();
  const auto* bytes = reinterpret_cast<const T*>(values.data());
  return {bytes, bytes + count};
}

// Eight bits for each value, in channels of bfloat16.
Shape bytes_for(Shape s) {
  s.channels /= 2;
  return s;
}

struct Buffers {
  DeviceImage input, output, mask, weight, bias, pooled, codes, signs;

  explicit Buffers(const Case& c)
      : input(c.input, c.input_extra, c.first_channel),
        output(output_shape(c), c.output_extra, c.first_channel),
        mask(output_shape(c), c.output_extra, c.first_channel),
        weight({1, 9, c.input.channels, weight_channels(c)}, 0, 0),
        bias({1, 1, 1, c.outputs}, 0, 0),
        pooled(pooled_shape(c), 0, 0),
        codes(bytes_for(pooled_shape(c)), 0, 0),
        signs({1, 1, 1, (signed_shape(c).element_count() + 15) / 16}, 0, 0) {
    input.randomize(1);
    mask.randomize(2);
    weight.randomize(3, 0.1f);
    bias.randomize(4);
    for (DeviceImage* image : {&pooled, &codes, &signs})
      image->poison();
    if (c.joined) {
      pooled.randomize(6);
      fill_codes<<<1024, 256>>>(reinterpret_cast<PoolCode*>(codes.memory), 2 * codes.count);
      CHECK_CUDA(cudaGetLastError());
    }
    if (c.backward && c.signs)
      signs.randomize(5);
  }
  static Shape output_shape(const Case& c) {
    return {c.input.batch, c.input.height, c.input.width, c.outputs};
  }
  static Shape pooled_shape(const Case& c) {
    return {c.input.batch, c.input.height / 2, c.input.width / 2, c.outputs};
  }
  static std::int64_t weight_channels(const Case& c) { return c.outputs * (c.joined ? 2 : 1); }
  static Shape signed_shape(const Case& c) { return c.backward ? output_shape(c) : c.input; }
  // Of the mask.
  void set_signs(const Case& c) {
    const std::vector<SignByte> bytes = signs_of(mask, c.outputs);
    CHECK_CUDA(cudaMemcpy(signs.memory, bytes.data(), bytes.size(), cudaMemcpyHostToDevice));
  }
  HopperConvolution convolution(const Case& c) const {
    return {.input = input.tensor(),
            .output = output.tensor(),
            .pooled = c.pooled || c.joined ? pooled.tensor() : Tensor(),
            .pool_codes = c.codes || c.joined ? reinterpret_cast<PoolCode*>(codes.memory) : nullptr,
            .signs = c.signs ? reinterpret_cast<SignByte*>(signs.memory) : nullptr,
            .weight = weight.memory,
            .bias = c.backward ? nullptr : bias.memory,
            .activation = c.activation,
            .backward = c.backward,
            .mask = c.backward && c.masked && !c.joined ? mask.tensor() : Tensor(),
            .weight_channels = weight_channels(c),
            .first_weight_channel = c.joined ? c.outputs : 0};
  }
};

// Whether maxima, codes and signs are those of the output, to the bit.
bool has_right_record(const Case& c, const Buffers& b) {
  if (c.signs && !c.backward) {
    const auto wanted = signs_of(b.input, static_cast<int>(c.input.channels));
    if (bytes_of<SignByte>(b.signs, wanted.size()) != wanted)
      return false;
  }
  if (!c.pooled)
    return true;
  const std::vector<Element> output = b.output.values();
  const std::vector<Element> pooled = b.pooled.values();
  const auto codes = bytes_of<PoolCode>(b.codes, pooled.size());
  const Shape small = Buffers::pooled_shape(c);
  for (std::int64_t i = 0; i < small.element_count(); ++i) {
    const std::int64_t pixel = i / small.channels;
    const std::int64_t x = pixel % small.width;
    const std::int64_t row = pixel / small.width % small.height;
    const std::int64_t image = pixel / small.width / small.height;
    float best = 0;
    unsigned signs = 0, maximum = 0;
    for (unsigned q = 0; q < 4; ++q) {
      const std::int64_t at =
          (image * c.input.height + 2 * row + q / 2) * c.input.width + 2 * x + q % 2;
      const float value = as_float(output[static_cast<std::size_t>(
          at * b.output.stride + b.output.first + i % small.channels)]);
      signs |= (value > 0.0f ? 1u : 0u) << q;
      if (q == 0 || value > best) {
        best = value;
        maximum = q;
      }
    }
    const auto at = static_cast<std::size_t>(i);
    if (as_float(pooled[at]) != best ||
        (c.codes && codes[at] != (signs | maximum << pool_code_maximum_bit)))
      return false;
  }
  return true;
}

struct Kernel {
  const char* name;
  decltype(&can_convolve_rows) fits;
  decltype(&convolve_rows) run;
};
constexpr Kernel kernels[] = {{"rows", can_convolve_rows, convolve_rows},
                              {"wide", can_convolve_wide, convolve_wide}};

bool agrees(const Kernel& kernel, const Case& c, int processors) {
  Buffers b(c);
  DeviceImage expected(b.output.shape, c.output_extra, c.first_channel);
  if (c.backward && c.signs)
    b.set_signs(c);
  b.output.poison();
  expected.poison();
  plain_convolution<<<4096, 256>>>(b.input.view(),
                                   expected.view(),
                                   c.masked && !c.joined ? b.mask.view() : View{nullptr, 0},
                                   b.weight.memory + (c.joined ? c.outputs : 0),
                                   static_cast<int>(Buffers::weight_channels(c)),
                                   c.backward ? nullptr : b.bias.memory,
                                   static_cast<int>(c.input.batch),
                                   static_cast<int>(c.input.height),
                                   static_cast<int>(c.input.width),
                                   static_cast<int>(c.input.channels),
                                   c.outputs,
                                   c.backward,
                                   c.activation);
  CHECK_CUDA(cudaGetLastError());
  if (c.joined) {
    join<<<1024, 256>>>(expected.view(),
                        b.pooled.memory,
                        reinterpret_cast<const PoolCode*>(b.codes.memory),
                        static_cast<int>(c.input.width),
                        c.outputs,
                        c.input.pixel_count() * c.outputs,
                        c.activation);
    CHECK_CUDA(cudaGetLastError());
  }
  kernel.run(b.convolution(c), processors, nullptr);
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
  const bool record_is_right = has_right_record(c, b);
  const bool good = unwritten == 0 && spoiled == 0 && error < 3e-3 && record_is_right;
  std::printf(
      "%-8s %s %3lldx%lldx%lldx%lld > %d%s%s%s%s, +%d +%d: error %.2e, %lld not written, %lld "
      "outside the slice%s\n",
      good ? "ok" : "WRONG",
      kernel.name,
      static_cast<long long>(c.input.batch),
      static_cast<long long>(c.input.height),
      static_cast<long long>(c.input.width),
      static_cast<long long>(c.input.channels),
      c.outputs,
      c.backward ? " backward" : "",
      c.pooled   ? " pooled"
      : c.joined ? " joined"
                 : "",
      c.codes ? ", codes" : "",
      c.signs ? ", signs" : "",
      c.input_extra,
      c.output_extra,
      error,
      static_cast<long long>(unwritten),
      static_cast<long long>(spoiled),
      record_is_right ? "" : ", wrong maxima or bits");
  return good;
}

void time_layer(const Kernel& kernel, const Case& c, int processors) {
  const Buffers b(c);
  const HopperConvolution convolution = b.convolution(c);
  const float ms = time_ms(20, [&] { kernel.run(convolution, processors, nullptr); });
  const auto pixels = static_cast<double>(c.input.pixel_count());
  const double flop = 2.0 * 9 * pixels * static_cast<double>(c.input.channels) * c.outputs;
  double bytes = 2 * pixels * (static_cast<double>(c.input.channels) + c.outputs);
  if (c.pooled)
    bytes += pixels / 4 * c.outputs * (c.codes ? 3 : 2);
  if (c.joined)
    bytes += pixels / 4 * c.outputs * 3;
  else if (c.signs)
    bytes += static_cast<double>(Buffers::signed_shape(c).element_count()) / 8;
  else if (c.backward && c.masked)
    bytes += 2 * pixels * c.outputs;
  const double us = 1000.0 * ms / static_cast<double>(c.input.batch);
  const double floor_us =
      std::max(flop / 790e12, bytes / 4.3e12) * 1e6 / static_cast<double>(c.input.batch);
  std::printf("%s %-22s %7.1f us an image, floor %5.1f, %4.0f TFLOP/s, %4.2f TB/s\n",
              kernel.name,
              c.name,
              us,
              floor_us,
              flop / ms / 1e9,
              bytes / ms / 1e9);
}

}  // namespace

int main(int count, char** words) {
  const std::string only = count > 1 ? words[1] : "all";
  const std::vector<std::int64_t> batches = count > 2
                                                ? std::vector<std::int64_t>{std::atoll(words[2])}
                                                : std::vector<std::int64_t>{4, 16, 1};
  cudaDeviceProp properties{};
  if (cudaGetDeviceProperties(&properties, 0) != cudaSuccess || properties.major != 9) {
    std::printf("SKIPPED: no Hopper GPU\n");
    return 77;
  }
  const int processors = properties.multiProcessorCount;
  std::printf("%s, %d multiprocessors\n", properties.name, processors);
  bool good = true;
  const auto for_each_kernel = [&](const Case& c, const auto& f) {
    for (const Kernel& kernel : kernels)
      if ((only == "all" || only == kernel.name) && kernel.fits(90, c.input.channels, c.outputs) &&
          (!c.signs || kernel.run == convolve_rows))
        f(kernel);
  };
  for (const Case& c : correctness_cases())
    for_each_kernel(c, [&](const Kernel& k) { good = agrees(k, c, processors) && good; });
  for (const std::int64_t batch : batches) {
    std::printf("batch %lld\n", static_cast<long long>(batch));
    for (const Case& c : layers(batch))
      for_each_kernel(c, [&](const Kernel& k) { time_layer(k, c, processors); });
  }
  std::printf(good ? "all right\n" : "something is WRONG\n");
  return good ? 0 : 1;
}
