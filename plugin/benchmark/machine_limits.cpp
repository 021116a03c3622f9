#include "plugin/benchmark/machine_limits.h"

#include "core/backend/registry.h"
#include "plugin/benchmark/disk_rates.h"
#include "plugin/benchmark/noise_values.h"
#include "plugin/benchmark/repeated_timing.h"
#include "plugin/machine/processors.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <span>
#include <vector>

namespace limpid {
namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

// A product of matrices as a convolution: pixels by (taps times input channels), by outputs.
struct Product {
  std::int64_t height;
  std::int64_t width;
  std::int64_t channels;  // of input and output
  std::int64_t kernel_size;
};

// Which of a plain product and a wide 3x3 convolution is faster depends on the library.
std::vector<Product> products(bool gpu) {
  if (gpu)
    return {{128, 128, 4096, 1}, {256, 256, 512, 3}};
  return {{64, 64, 1024, 1}, {64, 64, 256, 3}};
}

double product_rate(Backend& backend, const Product& product, const LimitsRequest& request) {
  const std::int64_t k = product.kernel_size;
  const DataType type = backend.compute_type();
  Parameters parameters(
      backend,
      {{"weight", {product.channels, product.channels, k, k}}, {"bias", {product.channels}}});
  parameters.set_values(
      {noise_values(product.channels * product.channels * k * k), noise_values(product.channels)});
  const Shape shape{
      1,
      std::max<std::int64_t>(product.height / static_cast<std::int64_t>(request.size_divisor), 1),
      product.width,
      product.channels};
  const Conv2dDesc desc{.input = shape,
                        .output_channels = product.channels,
                        .kernel_size = k,
                        .input_type = type,
                        .output_type = type,
                        .weight = 0,
                        .bias = 1};
  const auto convolution = backend.make_conv2d(desc, parameters);
  Conv2d::Forward values;
  values.input = backend.allocate_tensor(shape, type);
  values.output = backend.allocate_tensor(shape, type);
  fill_with_noise(backend, values.input);
  const double flop = 2.0 * static_cast<double>(shape.element_count()) *
                      static_cast<double>(product.channels * k * k);
  return flop / median_s(
                    backend, [&] { convolution->forward(values); }, request.seconds);
}

double copy_rate(Backend& backend, const LimitsRequest& request) {
  const std::size_t size_bytes = 512 * mebibyte / request.size_divisor;
  const Shape shape{1, 1, static_cast<std::int64_t>(size_bytes / (256 * sizeof(float))), 256};
  const Tensor source = backend.allocate_tensor(shape, DataType::float32);
  const Tensor destination = backend.allocate_tensor(shape, DataType::float32);
  fill_with_noise(backend, source);
  const double bytes = 2.0 * static_cast<double>(Tensor::size_bytes(source.shape(), source.type()));
  return bytes / median_s(
                     backend, [&] { backend.copy(source, destination); }, request.seconds);
}

// As images go to a GPU and come back.
void measure_transfers(Backend& backend, const LimitsRequest& request, MachineLimits& limits) {
  const std::size_t size_bytes = 256 * mebibyte / request.size_divisor;
  const Shape shape{1, 1, static_cast<std::int64_t>(size_bytes / sizeof(float)), 1};
  const auto staging = backend.allocate_staging(size_bytes);
  const std::span<float> values(reinterpret_cast<float*>(staging->data()),
                                static_cast<std::size_t>(shape.width));
  std::fill(values.begin(), values.end(), 1.0f);
  const Tensor tensor = backend.allocate_tensor(shape, DataType::float32);
  const auto bytes = static_cast<double>(size_bytes);
  limits.upload_bytes_per_s =
      bytes / median_waited_s(
                  backend, [&] { backend.upload(values, tensor); }, request.seconds);
  limits.download_bytes_per_s =
      bytes / median_waited_s(
                  backend, [&] { backend.download(tensor, values); }, request.seconds);
}

}  // namespace

MachineLimits measure_limits(Backend& backend, const LimitsRequest& request) {
  MachineLimits limits;
  for (const Product& product : products(is_gpu(backend)))
    limits.processor.flop_per_s =
        std::max(limits.processor.flop_per_s, product_rate(backend, product, request));
  limits.processor.bytes_per_s = copy_rate(backend, request);
  if (is_gpu(backend)) {
    measure_transfers(backend, request, limits);
    limits.host_copy_bytes_per_s = copy_rate(*make_backend({.kind = DeviceKind::cpu}), request);
  } else {
    limits.host_copy_bytes_per_s = limits.processor.bytes_per_s;
  }
  if (!request.disk_folder.empty()) {
    const DiskRates disk =
        measure_disk(request.disk_folder, 1024 * mebibyte / request.size_divisor);
    limits.disk_write_bytes_per_s = disk.write_bytes_per_s;
    limits.disk_read_bytes_per_s = disk.read_bytes_per_s;
  }
  return limits;
}

std::string describe(const MachineLimits& limits) {
  std::string text = fmt::format("limits: matrix product {:.3g} TFLOP/s, copy {:.4g} GB/s",
                                 limits.processor.flop_per_s / 1e12,
                                 limits.processor.bytes_per_s / 1e9);
  if (limits.upload_bytes_per_s > 0)
    text +=
        fmt::format(", host to device {:.3g} GB/s, back {:.3g} GB/s, copy on the host {:.4g} GB/s",
                    limits.upload_bytes_per_s / 1e9,
                    limits.download_bytes_per_s / 1e9,
                    limits.host_copy_bytes_per_s / 1e9);
  if (limits.disk_write_bytes_per_s && limits.disk_read_bytes_per_s)
    text += fmt::format(", disk written {:.3g} GB/s, read {:.3g} GB/s",
                        *limits.disk_write_bytes_per_s / 1e9,
                        *limits.disk_read_bytes_per_s / 1e9);
  return text;
}

std::string limits_json(const MachineLimits& limits) {
  nlohmann::json json = {{"flop_per_s", limits.processor.flop_per_s},
                         {"copy_bytes_per_s", limits.processor.bytes_per_s},
                         {"host_copy_bytes_per_s", limits.host_copy_bytes_per_s}};
  if (limits.upload_bytes_per_s > 0) {
    json["upload_bytes_per_s"] = limits.upload_bytes_per_s;
    json["download_bytes_per_s"] = limits.download_bytes_per_s;
  }
  if (limits.disk_write_bytes_per_s && limits.disk_read_bytes_per_s) {
    json["disk_write_bytes_per_s"] = *limits.disk_write_bytes_per_s;
    json["disk_read_bytes_per_s"] = *limits.disk_read_bytes_per_s;
  }
  return json.dump(1);
}

}  // namespace limpid
