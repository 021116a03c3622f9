#include "plugin/models/model_report.h"

#include "core/base/error.h"
#include "core/io/printable.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace limpid {
namespace {

// Texts in a model file may come from anywhere.
std::string text_or(const std::string& text, const char* otherwise) {
  return text.empty() ? otherwise : printable(text);
}

std::string pixel_size_range(const ModelDescription& description) {
  if (!description.smallest_pixel_size_angstrom || !description.largest_pixel_size_angstrom)
    return "not stated";
  const std::string smallest = fmt::format("{:g}", *description.smallest_pixel_size_angstrom);
  const std::string largest = fmt::format("{:g}", *description.largest_pixel_size_angstrom);
  return smallest == largest ? smallest + " A" : smallest + " to " + largest + " A";
}

std::string layers_line(const std::vector<ConvLayer>& layers) {
  std::vector<std::string> parts;
  for (const ConvLayer& layer : layers)
    parts.push_back(fmt::format("{0}x{0} to {1}", layer.kernel_size, layer.channels));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string network_line(const ConvNetDescription& network) {
  if (network.encoders.empty())
    return "chain of convolutions: " + layers_line(network.decoders.front());
  return fmt::format(
      "U-Net of {} levels with the image as last input, convolutions down {}; last {}",
      network.levels(),
      layers_line(network.encoders),
      layers_line(network.decoders.front()));
}

std::string network_line(const UNetDescription& network) {
  return fmt::format(
      "U-Net of {} levels with {} channels, {}x{} convolutions{}{}",
      network.levels(),
      fmt::join(network.channels, "-"),
      network.kernel_size,
      network.kernel_size,
      network.upsampling == Upsampling::nearest ? ", nearest-neighbour upsampling"
                                                : ", transposed-convolution upsampling",
      network.unshuffle > 1
          ? fmt::format(", on blocks of {}x{} pixels", network.unshuffle, network.unshuffle)
          : "");
}

std::string table_row(const ShippedModel& shipped, int name_width) {
  try {
    const Model model = load_model(shipped.path);
    return fmt::format("{:<{}}  {:>10}  {:<16}  {}\n",
                       printable(shipped.name),
                       name_width,
                       parameter_count(model.description.network),
                       model.hash,
                       text_or(model.description.summary, ""));
  } catch (const Error& error) {
    return fmt::format(
        "{:<{}}  cannot be used: {}\n", printable(shipped.name), name_width, error.what());
  }
}

}  // namespace

std::int64_t parameter_count(const NetworkDescription& network) {
  std::int64_t count = 0;
  for (const ParameterSpec& spec : network.parameters())
    count += spec.element_count();
  return count;
}

std::string model_table(const std::vector<ShippedModel>& models) {
  int name_width = 4;
  for (const ShippedModel& model : models)
    name_width = std::max(name_width, static_cast<int>(printable(model.name).size()));
  std::string table = fmt::format(
      "{:<{}}  {:>10}  {:<16}  {}\n", "name", name_width, "parameters", "hash", "summary");
  for (const ShippedModel& model : models)
    table += table_row(model, name_width);
  return table;
}

std::string describe_model(const Model& model) {
  const ModelDescription& description = model.description;
  const NetworkDescription& network = description.network;
  const std::int64_t radius_px = network.receptive_radius_px();
  const auto line = [](const char* what, const std::string& value) {
    return fmt::format("{:<17} {}\n", what, value);
  };
  return line("name", text_or(description.name, "not stated")) +
         line("summary", text_or(description.summary, "not stated")) +
         line("network",
              network.unet() ? network_line(*network.unet()) : network_line(*network.conv_net())) +
         line("parameters", fmt::format("{}", parameter_count(network))) +
         line("multiply-adds", fmt::format("{:.0f} a pixel", network.multiply_adds_per_pixel())) +
         line("receptive field", fmt::format("{} x {} px", 2 * radius_px + 1, 2 * radius_px + 1)) +
         line("pixel size", pixel_size_range(description)) +
         (description.grey_scale == GreyScale::all_pixels
              ? line("grey scale", "mean and standard deviation of all pixels, outliers included")
              : "") +
         (description.knows_weighted_noise
              ? line("noise", "knows that of plain sums weighted by dose; it is not matched")
              : "") +
         line("training", text_or(description.training, "not stated")) +
         line("licence", text_or(description.licence, "not stated")) + line("hash", model.hash);
}

}  // namespace limpid
