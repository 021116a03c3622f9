#include "plugin/benchmark/layer_benchmark.h"

#include "plugin/benchmark/benchmarked_network.h"
#include "plugin/benchmark/repeated_timing.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace limpid {
namespace {

std::string shape_text(const LayerWork& work) {
  const UNetLayer& layer = work.layer;
  const std::string window = layer.has_weights() ? fmt::format(" {0}x{0}", layer.kernel) : "";
  return fmt::format("{}>{}{} at {}x{}",
                     layer.inputs,
                     layer.outputs,
                     window,
                     work.output.width,
                     work.output.height);
}

Work of_one_image(const Work& work, std::int64_t batch) {
  return {work.flop / static_cast<double>(batch), work.bytes / static_cast<double>(batch)};
}

LayerPass make_pass(double measured_s,
                    const Work& work,
                    std::int64_t batch,
                    const ProcessorRates& rates,
                    const std::string& implementation) {
  const Work one = of_one_image(work, batch);
  return {.measured_s = measured_s / static_cast<double>(batch),
          .work = one,
          .floor_s = rates.least_s(one),
          .implementation = implementation};
}

LayerResult measure(Backend& backend,
                    const UNet::Operation& operation,
                    const LayerWork& work,
                    const ProcessorRates& rates,
                    double seconds) {
  const std::int64_t batch = work.input.batch;
  const double forward_s = median_s(backend, operation.forward, seconds);
  double backward_s = 0, weight_gradient_s = 0;
  if (operation.backward)
    backward_s = median_s(backend, operation.backward, seconds);
  if (operation.weight_gradient)
    weight_gradient_s = work.data_gradient.bytes > 0
                            ? median_s(backend, operation.weight_gradient, seconds)
                            : backward_s;
  const Implementations names =
      operation.implementations ? operation.implementations() : Implementations();
  LayerResult result{.name = work.layer.name, .shape = shape_text(work)};
  result.forward = make_pass(forward_s, work.forward, batch, rates, names.forward);
  if (operation.backward) {
    result.data_gradient = make_pass(std::max(backward_s - weight_gradient_s, 0.0),
                                     work.data_gradient,
                                     batch,
                                     rates,
                                     names.data_gradient);
    result.weight_gradient =
        make_pass(weight_gradient_s, work.weight_gradient, batch, rates, names.weight_gradient);
  }
  return result;
}

struct NamedPass {
  const char* name;
  const LayerPass* pass;
};

std::vector<NamedPass> passes_of(const LayerResult& layer) {
  std::vector<NamedPass> passes{{"forward", &layer.forward}};
  if (layer.data_gradient.work.bytes > 0)
    passes.push_back({"data gradient", &layer.data_gradient});
  if (layer.weight_gradient.work.bytes > 0)
    passes.push_back({"weight gradient", &layer.weight_gradient});
  return passes;
}

void add(LayerPass& sum, const LayerPass& pass) {
  sum.measured_s += pass.measured_s;
  sum.work += pass.work;
  sum.floor_s += pass.floor_s;
}

double percent_of_limit(const LayerPass& pass) {
  return pass.measured_s > 0 ? 100 * pass.floor_s / pass.measured_s : 0;
}

std::string table_line(const std::string& name,
                       const std::string& shape,
                       const char* pass_name,
                       const LayerPass& pass) {
  std::string line = fmt::format(
      "{:<17} {:<27} {:<15} {:>10.1f} {:>10.1f} {:>9.1f} {:>9.2f} {:>8.1f} {:>6.1f}  {}",
      name,
      shape,
      pass_name,
      1e6 * pass.measured_s,
      1e6 * pass.floor_s,
      1e6 * (pass.measured_s - pass.floor_s),
      pass.work.flop / 1e9,
      pass.work.bytes / 1e6,
      percent_of_limit(pass),
      pass.implementation);
  while (line.ends_with(' '))
    line.pop_back();
  return line + "\n";
}

}  // namespace

std::vector<LayerWork> work_of_operations(const std::vector<std::string>& names,
                                          const std::vector<LayerWork>& layers) {
  std::vector<LayerWork> works;
  for (const LayerWork& work : layers) {
    if (works.size() < names.size() && work.layer.name == names[works.size()]) {
      works.push_back(work);
      continue;
    }
    require(!works.empty(), "{} belongs to no operation", work.layer.name);
    LayerWork& owner = works.back();
    owner.layer.name += "+" + work.layer.name;
    owner.forward += work.forward;
    owner.data_gradient += work.data_gradient;
    owner.weight_gradient += work.weight_gradient;
  }
  require(works.size() == names.size(), "operations of other layers than the network's");
  return works;
}

std::vector<LayerResult> run_layer_benchmark(Backend& backend,
                                             const BenchmarkCase& what,
                                             const ProcessorRates& rates,
                                             double seconds) {
  BenchmarkedNetwork network(backend, what);
  network.run();  // plans are made, and all tensors hold what they hold in a step
  const auto operations = network.unet().operations();
  std::vector<std::string> names;
  names.reserve(operations.size());
  for (const UNet::Operation& operation : operations)
    names.push_back(operation.name);
  const auto works = work_of_operations(
      names,
      work_of(
          choose_network(what.network), network.unet().image().shape(), backend.compute_type()));
  std::vector<LayerResult> results;
  results.reserve(works.size());
  for (std::size_t i = 0; i < works.size(); ++i)
    results.push_back(measure(backend, operations[i], works[i], rates, seconds));
  return results;
}

std::string layer_table(const std::vector<LayerResult>& layers) {
  std::string table = fmt::format("{:<17} {:<27} {:<15} {:>10} {:>10} {:>9} {:>9} {:>8} {:>6}\n",
                                  "layer",
                                  "of one image",
                                  "pass",
                                  "us",
                                  "limit us",
                                  "lost us",
                                  "GFLOP",
                                  "MB",
                                  "%");
  LayerPass forward, data_gradient, weight_gradient;
  for (const LayerResult& layer : layers) {
    for (const NamedPass& pass : passes_of(layer)) {
      const bool is_first = pass.pass == &layer.forward;
      table += table_line(
          is_first ? layer.name : "", is_first ? layer.shape : "", pass.name, *pass.pass);
    }
    add(forward, layer.forward);
    add(data_gradient, layer.data_gradient);
    add(weight_gradient, layer.weight_gradient);
  }
  table += table_line("all", "", "forward", forward);
  if (weight_gradient.work.bytes > 0) {
    table += table_line("", "", "data gradient", data_gradient);
    table += table_line("", "", "weight gradient", weight_gradient);
  }
  return table;
}

std::string layer_json(const std::vector<LayerResult>& layers) {
  nlohmann::json list = nlohmann::json::array();
  for (const LayerResult& layer : layers)
    for (const NamedPass& pass : passes_of(layer))
      list.push_back({{"layer", layer.name},
                      {"shape", layer.shape},
                      {"pass", pass.name},
                      {"measured_us", 1e6 * pass.pass->measured_s},
                      {"limit_us", 1e6 * pass.pass->floor_s},
                      {"flop", pass.pass->work.flop},
                      {"bytes", pass.pass->work.bytes},
                      {"percent_of_limit", percent_of_limit(*pass.pass)},
                      {"implementation", pass.pass->implementation}});
  return list.dump(1);
}

}  // namespace limpid
