#include "core/backend/cuda/cudnn/refused_engines.h"
#include "core/nn/unet_work.h"
#include "tests/support/catch.h"

#include <dlfcn.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <tuple>

// cuDNN says what it supports on a GPU that is only described to it. So here, without any GPU:
// every convolution of the preset networks, in the plainest form that the backend falls back to
// (dense tensors, nothing fused), has an engine that the backend does not refuse, on every
// generation of GPUs that code is built for. That it runs, and how fast, is for tests on a GPU.
using namespace limpid;
namespace fe = cudnn_frontend;

namespace {

struct Gpu {
  const char* name;
  int compute_capability;  // 90 for 9.0
  int multiprocessors;
  int shared_bytes;  // a block may have at most
  int threads;       // of a multiprocessor
  int blocks;
  int l2_bytes;
};

constexpr Gpu gpus[] = {{"T4", 75, 40, 65536, 1024, 16, 4 << 20},
                        {"A100", 80, 108, 166912, 2048, 32, 40 << 20},
                        {"RTX 3090", 86, 82, 101376, 1536, 16, 6 << 20},
                        {"RTX 4090", 89, 128, 101376, 1536, 24, 72 << 20},
                        {"H100", 90, 132, 232448, 2048, 32, 50 << 20},
                        {"B200", 100, 148, 232448, 2048, 32, 126 << 20},
                        {"RTX 5090", 120, 170, 101376, 1536, 24, 96 << 20}};

// Null where this cuDNN cannot be told about a GPU, or does not know this one.
std::shared_ptr<fe::DeviceProperties> describe(const Gpu& gpu) {
  const nlohmann::json json = {{"maxGridSize", {2147483647, 65535, 65535}},
                               {"maxBlockSize", {1024, 1024, 64}},
                               {"regsPerBlock", 65536},
                               {"multiProcessorCount", gpu.multiprocessors},
                               {"warpSize", 32},
                               {"maxSharedMemoryPerBlock", 49152},
                               {"maxSharedMemoryPerBlockOptin", gpu.shared_bytes},
                               {"reservedSharedMemoryPerBlock", 1024},
                               {"maxRegistersPerSM", 65536},
                               {"maxCtasPerSM", gpu.blocks},
                               {"maxThreadsPerBlock", 1024},
                               {"maxThreadsPerSM", gpu.threads},
                               {"pciDeviceId", 0},
                               {"isTccDriver", 0},
                               {"supportCoopLaunch", 1},
                               {"smClockRateKHz", 1700000},
                               {"memClockRateKHz", 2000000},
                               {"l2CacheSize", gpu.l2_bytes},
                               {"deviceName", gpu.name},
                               {"deviceVer", 10 * gpu.compute_capability},
                               {"driverVer", 13000},
                               {"totalGlobalMem", std::int64_t{16} << 30},
                               {"cudaDeviceId", 0},
                               {"deviceId", 0}};
  const std::string text = json.dump();
  auto properties = std::make_shared<fe::DeviceProperties>();
  return properties->deserialize({text.begin(), text.end()}).is_good() ? properties : nullptr;
}

enum class Pass { forward, data_gradient, weight_gradient };

struct Convolution {
  Shape x;
  Shape y;
  std::int64_t kernel_size;
  std::int64_t step;
  DataType type;

  auto key() const { return std::tuple(x.height, x.channels, y.channels, kernel_size, step); }
};

fe::DataType_t cudnn_type(DataType type) {
  return type == DataType::float32 ? fe::DataType_t::FLOAT : fe::DataType_t::BFLOAT16;
}

void set_image(fe::graph::Tensor_attributes& tensor, const Shape& s) {
  tensor.set_dim({s.batch, s.channels, s.height, s.width})
      .set_stride({s.height * s.width * s.channels, 1, s.width * s.channels, s.channels});
}

void set_weights(fe::graph::Tensor_attributes& tensor, const Convolution& c) {
  const std::int64_t k = c.kernel_size;
  tensor.set_dim({c.y.channels, c.x.channels, k, k})
      .set_stride({k * k * c.x.channels, 1, k * c.x.channels, c.x.channels});
}

template <class Attributes>
Attributes window(const Convolution& c) {
  const std::int64_t padding = c.step == 1 ? c.kernel_size / 2 : 0;
  return Attributes()
      .set_padding({padding, padding})
      .set_stride({c.step, c.step})
      .set_dilation({1, 1});
}

using Tensor = fe::graph::Tensor_attributes;

std::shared_ptr<Tensor> add_pass(fe::graph::Graph& graph, const Convolution& c, Pass pass) {
  Tensor x, y, weights;
  set_image(x, c.x);
  set_image(y, c.y);
  set_weights(weights, c);
  std::shared_ptr<Tensor> result;
  if (pass == Pass::forward) {
    result = graph.conv_fprop(
        graph.tensor(x), graph.tensor(weights), window<fe::graph::Conv_fprop_attributes>(c));
    set_image(*result, c.y);
  } else if (pass == Pass::data_gradient) {
    result = graph.conv_dgrad(
        graph.tensor(y), graph.tensor(weights), window<fe::graph::Conv_dgrad_attributes>(c));
    set_image(*result, c.x);
  } else {
    result = graph.conv_wgrad(
        graph.tensor(y), graph.tensor(x), window<fe::graph::Conv_wgrad_attributes>(c));
    set_weights(*result, c);
  }
  return result;
}

// The same value as a result in float32.
std::shared_ptr<Tensor> kept_in_float32(fe::graph::Graph& graph,
                                        const std::shared_ptr<Tensor>& value) {
  const auto result = graph.pointwise(
      value, fe::graph::Pointwise_attributes().set_mode(fe::PointwiseMode_t::IDENTITY));
  result->set_dim(value->get_dim())
      .set_stride(value->get_stride())
      .set_data_type(fe::DataType_t::FLOAT);
  return result;
}

// Empty when there is an engine; otherwise why not.
std::string why_unsupported(const std::shared_ptr<fe::DeviceProperties>& properties,
                            const Gpu& gpu,
                            const Convolution& c,
                            Pass pass,
                            bool in_float32 = false) {
  fe::graph::Graph graph;
  graph.set_io_data_type(cudnn_type(c.type))
      .set_intermediate_data_type(fe::DataType_t::FLOAT)
      .set_compute_data_type(fe::DataType_t::FLOAT);
  graph.set_device_properties(properties);
  graph.set_sm_version(gpu.compute_capability);
  const auto result = add_pass(graph, c, pass);
  (in_float32 ? kept_in_float32(graph, result) : result)->set_output(true);
  for (const auto& step :
       {std::function<fe::error_t()>([&] { return graph.validate(); }),
        std::function<fe::error_t()>([&] { return graph.build_operation_graph(); }),
        std::function<fe::error_t()>([&] {
          return graph.create_execution_plans({fe::HeurMode_t::A, fe::HeurMode_t::FALLBACK});
        }),
        std::function<fe::error_t()>([&] {
          graph.deselect_workspace_greater_than(std::int64_t{4} << 30);
          graph.deselect_numeric_notes(cuda::refused_engines(c.type));
          return graph.check_support();
        })}) {
    fe::error_t status = step();
    if (status.is_bad())
      return status.get_message();
  }
  return {};
}

// Without those at the ends, for which the backend has kernels of its own.
std::vector<Convolution> convolutions_of(const std::string& preset, DataType type) {
  std::vector<Convolution> convolutions;
  std::set<decltype(Convolution{}.key())> seen;
  for (const LayerWork& work : work_of(preset_network(preset), {2, 256, 256, 1}, type)) {
    const UNetLayer& layer = work.layer;
    if (!layer.has_weights() || layer.inputs <= 4 || layer.outputs <= 4)
      continue;
    const bool transposed = layer.kind == LayerKind::transposed_convolution;
    const Convolution c{.x = transposed ? work.output : work.input,
                        .y = transposed ? work.input : work.output,
                        .kernel_size = layer.kernel,
                        .step = transposed ? 2 : 1,
                        .type = type};
    if (seen.insert(c.key()).second)
      convolutions.push_back(c);
  }
  return convolutions;
}

}  // namespace

TEST_CASE("cudnn_support: every layer of the preset networks has an engine on every GPU") {
  int described = 0;
  for (const Gpu& gpu : gpus) {
    const auto properties = describe(gpu);
    if (!properties)
      continue;
    ++described;
    for (const DataType type : {DataType::bfloat16, DataType::float32}) {
      if (type == DataType::bfloat16 && gpu.compute_capability < 80)
        continue;  // the backend says so and refuses
      for (const char* preset : {"classic", "default"})
        for (const Convolution& c : convolutions_of(preset, type))
          for (const Pass pass : {Pass::forward, Pass::data_gradient, Pass::weight_gradient}) {
            INFO(gpu.name << ", " << name(type) << ", " << preset << ", " << c.x.channels << " to "
                          << c.y.channels << " at " << c.x.height << ", pass "
                          << static_cast<int>(pass));
            CHECK(why_unsupported(properties, gpu, c, pass) == "");
          }
    }
  }
  if (described == 0)
    WARN("SKIPPED: this cuDNN takes no description of a GPU");
}

// Where the bias, the activation or the sum of parts comes in a kernel of its own, it is given
// float32 (cudnn_pass.h). The engines for it are compiled when they are first used, which
// needs a driver.
TEST_CASE("cudnn_support: results can be kept in float32") {
  if (dlopen("libcuda.so.1", RTLD_NOW) == nullptr) {
    WARN("SKIPPED: no NVIDIA driver is installed");
    return;
  }
  for (const Gpu& gpu : {gpus[1], gpus[4]}) {
    const auto properties = describe(gpu);
    if (!properties)
      continue;
    for (const Convolution& c : convolutions_of("default", DataType::bfloat16))
      for (const Pass pass : {Pass::forward, Pass::data_gradient, Pass::weight_gradient}) {
        INFO(gpu.name << ", " << c.x.channels << " to " << c.y.channels << " at " << c.x.height
                      << ", pass " << static_cast<int>(pass));
        CHECK(why_unsupported(properties, gpu, c, pass, true) == "");
      }
  }
}

TEST_CASE("cudnn_support: a convolution that no engine can do is told apart") {
  const auto properties = describe(gpus[4]);
  if (!properties) {
    WARN("SKIPPED: this cuDNN takes no description of a GPU");
    return;
  }
  // A window larger than the image with its padding has no output of that size.
  const Convolution impossible{.x = {1, 4, 4, 64},
                               .y = {1, 64, 64, 64},
                               .kernel_size = 3,
                               .step = 1,
                               .type = DataType::bfloat16};
  CHECK(why_unsupported(properties, gpus[4], impossible, Pass::forward) != "");
}
