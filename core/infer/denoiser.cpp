#include "core/infer/denoiser.h"

#include "core/base/checked_math.h"
#include "core/base/log.h"
#include "core/base/parallel.h"
#include "core/image/orientation.h"
#include "core/image/reflection.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace limpid {
namespace {

// Share of the free memory that the activations may take; the rest is for weights, workspaces and
// the images themselves.
constexpr double memory_share = 0.7;

void copy_window(const Image& image, const Tile& tile, const Shape& window, float* values) {
  const std::int64_t direct = std::clamp<std::int64_t>(image.width() - tile.x, 0, window.width);
  parallel_for(window.height, 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t y = begin; y < end; ++y) {
      const float* from = image.row(reflected_index(tile.y + y, image.height())).data();
      float* to = values + y * window.width;
      std::copy_n(from + tile.x, direct, to);
      for (std::int64_t x = direct; x < window.width; ++x)
        to[x] = from[reflected_index(tile.x + x, image.width())];
    }
  });
}

// The part of a window that the tile keeps, without what lies in the padding.
void copy_kept(const float* values, const Tile& tile, const Shape& window, Image& image) {
  const std::int64_t width = std::min(tile.keep_width, image.width() - tile.keep_x);
  const std::int64_t height = std::min(tile.keep_height, image.height() - tile.keep_y);
  if (width <= 0)
    return;
  parallel_for(height, 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t y = begin; y < end; ++y)
      std::copy_n(values + (tile.keep_y - tile.y + y) * window.width + tile.keep_x - tile.x,
                  width,
                  image.row(tile.keep_y + y).data() + tile.keep_x);
  });
}

}  // namespace

Denoiser::Denoiser(Backend& backend, const Model& model, const DenoiserOptions& options)
    : backend_(backend),
      description_(model.description.network),
      grey_scale_(model.description.grey_scale),
      options_(options),
      geometry_{.grid_px = description_.grid_px(),
                .receptive_radius_px = description_.receptive_radius_px(),
                .pads_to_grid = description_.needs_whole_grid()} {
  parameters_ = std::make_unique<Parameters>(backend, description_.parameters());
  parameters_->set_values(model.parameters);
  // Memory grows with the area alone, so a small network tells what a large one needs.
  const std::int64_t side = 4 * description_.grid_px();
  const auto probe = make_network(backend, description_, *parameters_, {1, side, side, 1});
  bytes_per_pixel_ = static_cast<double>(probe->memory_bytes()) / static_cast<double>(side * side);
}

Denoiser::~Denoiser() = default;

std::int64_t Denoiser::affordable_tile_px() const {
  if (options_.largest_tile_px > 0)
    return std::max(options_.largest_tile_px, geometry_.smallest_tile_px());
  const double budget = options_.memory_bytes > 0
                            ? static_cast<double>(options_.memory_bytes)
                            : memory_share * static_cast<double>(backend_.free_memory_bytes());
  // Convolution libraries address up to 2^31 bytes of a tensor; beyond, they are slow or refuse.
  const double widest_pixel_bytes = description_.widest_tensor_channels_per_pixel() *
                                    static_cast<double>(size_bytes(backend_.compute_type()));
  const double most_bytes = std::numeric_limits<std::int32_t>::max();
  const double area = std::min(budget / bytes_per_pixel_, most_bytes / widest_pixel_bytes);
  return std::max(static_cast<std::int64_t>(std::sqrt(area)), geometry_.smallest_tile_px());
}

void Denoiser::prepare(std::int64_t width, std::int64_t height) {
  if (network_) {
    const TilePlan plan = plan_tiles(width, height, geometry_, largest_tile_px_);
    if (plan.tile_width == plan_.tile_width && plan.tile_height == plan_.tile_height) {
      plan_ = plan;
      return;
    }
  }
  forward_.reset();
  network_.reset();
  largest_tile_px_ = affordable_tile_px();
  while (!try_prepare(plan_tiles(width, height, geometry_, largest_tile_px_))) {
    const std::int64_t tried = std::max(plan_.tile_width, plan_.tile_height);
    if (tried <= geometry_.smallest_tile_px())
      fail(ErrorKind::device, "not enough memory for a tile of {} x {} pixels", tried, tried);
    largest_tile_px_ = std::max(geometry_.smallest_tile_px(), tried * 3 / 4);
  }
}

bool Denoiser::try_prepare(const TilePlan& plan) {
  plan_ = plan;
  const Shape window{1, plan.tile_height, plan.tile_width, 1};
  try {
    network_ = make_network(backend_, description_, *parameters_, window);
    staging_ = backend_.allocate_staging(Tensor::size_bytes(window, DataType::float32));
    // The CPU gains nothing from a recording, which costs it the work of a tile.
    if (backend_.name() != "cpu") {
      backend_.fill_zero(network_->image());
      forward_ = backend_.record([this] { network_->forward({}); });
      backend_.synchronize();
    }
    return true;
  } catch (const Error& error) {
    forward_.reset();
    network_.reset();
    if (error.kind() != ErrorKind::device)
      throw;
    log_warning("tiles of {} x {} pixels do not fit in memory, trying smaller ones: {}",
                plan.tile_width,
                plan.tile_height,
                error.what());
    return false;
  }
}

void Denoiser::stop_if_asked() const {
  if (options_.stop_requested && options_.stop_requested())
    fail(ErrorKind::interrupted, "stopped as asked");
}

void Denoiser::apply_network(Image& image) {
  if (!options_.average_orientations) {
    apply_network_upright(image);
    return;
  }
  Image sum(image.width(), image.height());
  // The transposed ones last: an image that is not square needs a network of another size for them.
  for (int orientation = 0; orientation < orientation_count; ++orientation) {
    Image one = turned(image, orientation);
    apply_network_upright(one);
    add_turned_back(one, orientation, sum);
  }
  for (float& pixel : sum.pixels())
    pixel /= orientation_count;
  image = std::move(sum);
}

void Denoiser::apply_network_upright(Image& image) {
  prepare(image.width(), image.height());
  const Shape window = network_->image().shape();
  const std::span<float> values(reinterpret_cast<float*>(staging_->data()),
                                static_cast<std::size_t>(window.element_count()));
  // Neighbouring tiles read each other's input, so the result is collected beside it.
  Image result;
  if (plan_.tiles.size() > 1)
    result = Image(image.width(), image.height());
  for (const Tile& tile : plan_.tiles) {
    stop_if_asked();
    copy_window(image, tile, window, values.data());
    backend_.upload(values, network_->image());
    // What a GPU has recorded is queued as a whole; there is nothing to ask between its layers.
    if (forward_)
      forward_->run();
    else
      network_->forward([this] { stop_if_asked(); });
    backend_.download(network_->prediction(), values);
    copy_kept(values.data(), tile, window, result.empty() ? image : result);
  }
  if (!result.empty())
    image = std::move(result);
}

IntensityScale Denoiser::measure_scale(const Image& image) const {
  return grey_scale_ == GreyScale::all_pixels ? measure_plain_scale(image)
                                              : measure_intensity_scale(image);
}

Denoiser::Report Denoiser::denoise(Image& image) {
  Report report;
  if (grey_scale_ == GreyScale::all_pixels) {
    report.repaired_count = repair_non_finite(image);
    report.scale = measure_plain_scale(image);
    normalize(image, report.scale);
  } else {
    const NetworkScale on_scale = put_on_network_scale(image);
    report.repaired_count = on_scale.repaired_count;
    report.scale = on_scale.scale;
  }
  apply_network(image);
  restore(image, report.scale);
  describe_tiles(report);
  return report;
}

void Denoiser::describe_tiles(Report& report) const {
  report.tile_count = static_cast<std::int64_t>(plan_.tiles.size());
  report.tile_width = plan_.tile_width;
  report.tile_height = plan_.tile_height;
}

}  // namespace limpid
