// Runs one network on given numbers and writes down everything it computes, for comparison with
// PyTorch (compare_with_pytorch.py).
//
//   network_probe devices
//   network_probe check [--device cpu|cuda] [--precision float32|bfloat16]
//   network_probe init --network classic|default --seed N --model FILE
//   network_probe run --model FILE --input FILE --out FILE [--device cpu|cuda]
//       [--precision float32|bfloat16] [--adam_steps N] [--learning_rate X]
//   network_probe train --model FILE --input FILE --target FILE --out FILE --batch N --adam_steps N
//       [--learning_rate X] [--device cpu|cuda] [--precision float32|bfloat16]
//
// The input has the tensors "image" and "target", (N, 1, H, W). The output has "prediction",
// "inference_prediction" (of a network without backward pass), "loss", "gradient.NAME" at the start
// values, and "parameter.NAME" and "last_loss" after N steps of Adam. For `train`
// (compare_training.py) "target" is in a file of its own, as one file would be larger than any that
// is read; N is a multiple of the batch, whose images are taken in turn, and "validation" holds
// images of their size; the output has "losses" of all steps, and after them
// "validation_prediction" and, by the same weights in float32, "validation_prediction_float32".
// Exit status 77, after "SKIPPED: reason", when this machine lacks the processor.
#include "core/backend/registry.h"
#include "core/base/error.h"
#include "core/base/random.h"
#include "core/io/safetensors.h"
#include "core/nn/initialize.h"
#include "core/nn/model.h"
#include "core/nn/unet.h"

#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <memory>
#include <span>
#include <string>

using namespace limpid;

namespace {

constexpr int status_skipped = 77;

using Options = std::map<std::string, std::string>;

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 2; i < argc; i += 2) {
    const std::string name = argv[i];
    if (!name.starts_with("--") || i + 1 == argc)
      fail(ErrorKind::usage, "'{}': expected pairs of --name value", name);
    options[name.substr(2)] = argv[i + 1];
  }
  return options;
}

std::string required(const Options& options, const std::string& name) {
  const auto found = options.find(name);
  if (found == options.end())
    fail(ErrorKind::usage, "--{} is missing", name);
  return found->second;
}

std::string optional(const Options& options, const std::string& name, const std::string& other) {
  const auto found = options.find(name);
  return found == options.end() ? other : found->second;
}

std::unique_ptr<Backend> backend_of(const Options& options) {
  const std::string device = optional(options, "device", "cpu");
  const std::string precision = optional(options, "precision", "float32");
  if (device != "cpu" && device != "cuda")
    fail(ErrorKind::usage, "--device {}: expected cpu or cuda", device);
  if (precision != "float32" && precision != "bfloat16")
    fail(ErrorKind::usage, "--precision {}: expected float32 or bfloat16", precision);
  const DataType type = precision == "bfloat16" ? DataType::bfloat16 : DataType::float32;
  std::string why_not;
  if (device == "cuda") {
    const GpuReport report = inspect_gpus();
    if (report.gpus.empty())
      why_not = report.why_none;
  } else if (type == DataType::bfloat16 && !cpu_has_bfloat16()) {
    why_not = "this processor has no bfloat16 arithmetic";
  }
  if (!why_not.empty()) {
    fmt::print("SKIPPED: {}\n", why_not);
    return nullptr;
  }
  return make_backend({.kind = device == "cuda" ? DeviceKind::cuda : DeviceKind::cpu,
                       .gpu_index = 0,
                       .compute_type = type});
}

const NamedTensor& tensor_named(const TensorFile& file, const std::string& name) {
  const NamedTensor* tensor = file.find(name);
  if (tensor == nullptr || tensor->shape.size() != 4 || tensor->shape[1] != 1)
    fail(ErrorKind::usage, "the input has no tensor '{}' of shape (N, 1, height, width)", name);
  return *tensor;
}

NamedTensor download(Backend& backend, const std::string& name, const Tensor& tensor) {
  const Shape& s = tensor.shape();  // one channel, so NHWC is NCHW
  NamedTensor result{name,
                     {s.batch, s.channels, s.height, s.width},
                     std::vector<float>(static_cast<std::size_t>(s.element_count()))};
  backend.download(tensor, result.values);
  return result;
}

void append(TensorFile& file,
            const std::string& prefix,
            const Parameters& parameters,
            const std::vector<std::vector<float>>& values) {
  for (std::size_t i = 0; i < values.size(); ++i)
    file.tensors.push_back(
        {prefix + parameters.specs()[i].name, parameters.specs()[i].shape, values[i]});
}

// Prints what this installation can use.
int print_devices() {
  const GpuReport report = inspect_gpus();
  fmt::print("{}\n", report.versions);
  for (const GpuInfo& gpu : report.gpus)
    fmt::print("GPU {}: {}, compute capability {}.{}, {:.1f} GiB\n",
               gpu.index,
               gpu.name,
               gpu.compute_capability / 10,
               gpu.compute_capability % 10,
               static_cast<double>(gpu.total_memory_bytes) / (1 << 30));
  if (!report.gpus.empty())
    return 0;
  fmt::print("SKIPPED: {}\n", report.why_none);
  return status_skipped;
}

// Start values that both sides can represent in bfloat16, so that a comparison in bfloat16 measures
// the arithmetic. Biases that are not zero, so that they matter.
int write_start_model(const Options& options) {
  Model model;
  model.description.name = required(options, "network");
  model.description.network = preset_network(model.description.name);
  const std::uint64_t seed = std::stoull(optional(options, "seed", "1"));
  model.parameters = initial_parameters(*model.description.network.unet(), seed);
  const auto specs = model.description.network.parameters();
  for (std::size_t i = 0; i < specs.size(); ++i) {
    RandomSequence random(seed, i);
    for (float& value : model.parameters[i]) {
      if (specs[i].shape.size() == 1)
        value = static_cast<float>(0.1 * random.normal());
      value = static_cast<float>(BFloat16(value));
    }
  }
  save_model(required(options, "model"), model);
  return 0;
}

int run(const Options& options) {
  const auto backend = backend_of(options);
  if (!backend)
    return status_skipped;
  const Model model = load_model(required(options, "model"));
  if (model.description.network.unet() == nullptr)
    fail(ErrorKind::usage, "--model: a network that can be trained is needed");
  const UNetDescription& description = *model.description.network.unet();
  const TensorFile input = read_safetensors(required(options, "input"));
  const NamedTensor& image = tensor_named(input, "image");
  const NamedTensor& target_values = tensor_named(input, "target");
  require(image.shape == target_values.shape, "image and target differ in size");
  const Shape shape{image.shape[0], image.shape[2], image.shape[3], 1};

  Parameters parameters(*backend, description.parameters());
  parameters.set_values(model.parameters);
  TensorFile output;
  {
    UNet inference(*backend, description, parameters, shape, NetworkUse::inference);
    backend->upload(image.values, inference.image());
    inference.forward();
    output.tensors.push_back(download(*backend, "inference_prediction", inference.prediction()));
  }
  UNet network(*backend, description, parameters, shape, NetworkUse::training);
  const auto loss = backend->make_loss({.prediction = shape});
  const auto adam = backend->make_adam({}, parameters);
  const Tensor target = backend->allocate_tensor(shape, DataType::float32);
  backend->upload(image.values, network.image());
  backend->upload(target_values.values, target);
  const auto evaluate = [&] {
    network.forward();
    loss->evaluate(network.prediction(), target, Tensor(), network.prediction_gradient());
    network.backward();
  };
  evaluate();
  output.tensors.push_back(download(*backend, "prediction", network.prediction()));
  output.tensors.push_back({"loss", {1}, {static_cast<float>(loss->value())}});
  append(output, "gradient.", parameters, parameters.gradients());

  const std::int64_t step_count = std::stoll(optional(options, "adam_steps", "20"));
  const float learning_rate = std::stof(optional(options, "learning_rate", "1e-3"));
  // Recorded as in training: one CUDA graph a step on a GPU. Recording runs the first step.
  adam->prepare_step({.number = 1, .learning_rate = learning_rate});
  const auto step = backend->record([&] {
    evaluate();
    adam->step();
  });
  for (std::int64_t number = 2; number <= step_count; ++number) {
    adam->prepare_step({.number = number, .learning_rate = learning_rate});
    step->run();
    backend->synchronize();
  }
  output.tensors.push_back({"last_loss", {1}, {static_cast<float>(loss->value())}});
  append(output, "parameter.", parameters, parameters.values());
  write_safetensors(required(options, "out"), output);
  return 0;
}

// Values `first` to `first + count` of a tensor's batch.
std::span<const float> images_of(const NamedTensor& tensor,
                                 std::int64_t first,
                                 std::int64_t count) {
  const std::int64_t size = tensor.shape[2] * tensor.shape[3];
  return std::span(tensor.values)
      .subspan(static_cast<std::size_t>(first * size), static_cast<std::size_t>(count * size));
}

NamedTensor predict(Backend& backend,
                    const UNetDescription& description,
                    Parameters& parameters,
                    const NamedTensor& images,
                    const std::string& name) {
  UNet network(backend,
               description,
               parameters,
               Shape{1, images.shape[2], images.shape[3], 1},
               NetworkUse::inference);
  NamedTensor result{name, images.shape, {}};
  for (std::int64_t i = 0; i < images.shape[0]; ++i) {
    backend.upload(images_of(images, i, 1), network.image());
    network.forward();
    const auto one = download(backend, "", network.prediction()).values;
    result.values.insert(result.values.end(), one.begin(), one.end());
  }
  return result;
}

int train(const Options& options) {
  const auto backend = backend_of(options);
  if (!backend)
    return status_skipped;
  const Model model = load_model(required(options, "model"));
  const UNetDescription* description = model.description.network.unet();
  if (description == nullptr)
    fail(ErrorKind::usage, "--model: a network that can be trained is needed");
  const TensorFile input = read_safetensors(required(options, "input"));
  const TensorFile target_file = read_safetensors(required(options, "target"));
  const NamedTensor& images = tensor_named(input, "image");
  const NamedTensor& targets = tensor_named(target_file, "target");
  require(images.shape == targets.shape, "image and target differ in size");
  const std::int64_t batch = std::stoll(required(options, "batch"));
  if (batch < 1 || images.shape[0] % batch != 0)
    fail(ErrorKind::usage, "--batch {}: expected a divisor of {} images", batch, images.shape[0]);
  const std::int64_t step_count = std::stoll(required(options, "adam_steps"));
  const float learning_rate = std::stof(optional(options, "learning_rate", "1e-3"));

  const Shape shape{batch, images.shape[2], images.shape[3], 1};
  Parameters parameters(*backend, description->parameters());
  parameters.set_values(model.parameters);
  UNet network(*backend, *description, parameters, shape, NetworkUse::training);
  const auto loss = backend->make_loss({.prediction = shape});
  const auto adam = backend->make_adam({}, parameters);
  const Tensor target = backend->allocate_tensor(shape, DataType::float32);
  std::unique_ptr<Replay> step;
  NamedTensor losses{"losses", {step_count}, {}};
  for (std::int64_t number = 1; number <= step_count; ++number) {
    const std::int64_t first = (number - 1) * batch % images.shape[0];
    backend->upload(images_of(images, first, batch), network.image());
    backend->upload(images_of(targets, first, batch), target);
    const float rate = learning_rate * static_cast<float>(step_count + 1 - number) /
                       static_cast<float>(step_count);
    adam->prepare_step({.number = number, .learning_rate = rate});
    if (step) {
      step->run();
    } else {  // as in training: recording runs the first step
      step = backend->record([&] {
        network.forward();
        loss->evaluate(network.prediction(), target, Tensor(), network.prediction_gradient());
        network.backward();
        adam->step();
      });
    }
    losses.values.push_back(static_cast<float>(loss->value()));
  }
  TensorFile output;
  output.tensors.push_back(std::move(losses));
  const NamedTensor& validation = tensor_named(input, "validation");
  output.tensors.push_back(
      predict(*backend, *description, parameters, validation, "validation_prediction"));
  Options in_float32 = options;
  in_float32["precision"] = "float32";
  const auto exact = backend_of(in_float32);
  Parameters same(*exact, description->parameters());
  same.set_values(parameters.values());
  output.tensors.push_back(
      predict(*exact, *description, same, validation, "validation_prediction_float32"));
  write_safetensors(required(options, "out"), output);
  return 0;
}

int dispatch(const std::string& verb, const Options& options) {
  if (verb == "devices")
    return print_devices();
  if (verb == "check")
    return backend_of(options) ? 0 : status_skipped;
  if (verb == "init")
    return write_start_model(options);
  if (verb == "run")
    return run(options);
  if (verb == "train")
    return train(options);
  fail(ErrorKind::usage, "unknown verb '{}' (known: devices, check, init, run, train)", verb);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return dispatch(argc > 1 ? argv[1] : "", parse(argc, argv));
  } catch (const std::exception& error) {
    fmt::print(stderr, "network_probe: {}\n", error.what());
    return 1;
  }
}
