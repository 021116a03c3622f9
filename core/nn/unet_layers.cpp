#include "core/nn/unet_layers.h"

#include <fmt/format.h>

namespace limpid {
namespace {

void add_block(std::vector<UNetLayer>& layers, const std::string& block, UNetLayer first) {
  first.name = block + ".conv0";
  layers.push_back(first);
  layers.push_back({.name = block + ".conv1",
                    .kind = LayerKind::convolution,
                    .inputs = first.outputs,
                    .outputs = first.outputs,
                    .kernel = first.kernel,
                    .grid_px = first.grid_px});
}

// What changes the size or the order of pixels alone.
void add_resampling(std::vector<UNetLayer>& layers,
                    const std::string& name,
                    LayerKind kind,
                    std::int64_t inputs,
                    std::int64_t outputs,
                    std::int64_t grid_px) {
  layers.push_back(
      {.name = name, .kind = kind, .inputs = inputs, .outputs = outputs, .grid_px = grid_px});
}

}  // namespace

std::vector<UNetLayer> layers_of(const UNetDescription& d) {
  std::vector<UNetLayer> layers;
  const auto grid = [&](std::int64_t level) { return d.unshuffle << level; };
  std::int64_t inputs = d.unshuffle * d.unshuffle;
  if (d.unshuffle > 1)
    add_resampling(layers, "unshuffle", LayerKind::space_to_depth, 1, inputs, d.unshuffle);
  for (std::int64_t level = 0; level < d.levels(); ++level) {
    const std::int64_t outputs = d.channels[static_cast<std::size_t>(level)];
    if (level > 0)
      add_resampling(layers,
                     fmt::format("pool{}", level - 1),
                     LayerKind::max_pool,
                     inputs,
                     inputs,
                     grid(level));
    add_block(
        layers,
        fmt::format("enc{}", level),
        {.inputs = inputs, .outputs = outputs, .kernel = d.kernel_size, .grid_px = grid(level)});
    inputs = outputs;
  }
  for (std::int64_t level = d.levels() - 2; level >= 0; --level) {
    const std::int64_t outputs = d.channels[static_cast<std::size_t>(level)];
    const std::int64_t upsampled = d.upsampled_channels(level);
    const std::string up = fmt::format("up{}", level);
    if (d.upsampling == Upsampling::transposed_convolution)
      layers.push_back({.name = up,
                        .kind = LayerKind::transposed_convolution,
                        .inputs = inputs,
                        .outputs = upsampled,
                        .kernel = 2,
                        .grid_px = grid(level)});
    else
      add_resampling(layers, up, LayerKind::upsample_nearest, inputs, upsampled, grid(level));
    add_block(layers,
              fmt::format("dec{}", level),
              {.inputs = upsampled + outputs,
               .skipped = outputs,
               .outputs = outputs,
               .kernel = d.kernel_size,
               .grid_px = grid(level)});
    inputs = outputs;
  }
  layers.push_back({.name = "out",
                    .inputs = inputs,
                    .outputs = d.unshuffle * d.unshuffle,
                    .kernel = 1,
                    .grid_px = d.unshuffle});
  if (d.unshuffle > 1)
    add_resampling(layers, "shuffle", LayerKind::depth_to_space, d.unshuffle * d.unshuffle, 1, 1);
  return layers;
}

}  // namespace limpid
