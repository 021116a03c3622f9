#include "core/infer/denoiser.h"

#include "core/base/checked_math.h"
#include "core/base/log.h"
#include "core/base/phase_log.h"
#include "core/image/orientation.h"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

namespace limpid {
namespace {

// Share of the free memory that the activations may take: beside a host's own images, and of a
// processor's own memory, where the rest is for workspaces and a network for smaller images.
constexpr double host_memory_share = 0.7;
constexpr double own_memory_share = 0.85;

HostImage in_place(Image& image) {
  return {image.pixels().data(), image.width(), image.height()};
}

std::span<float> pixels_of(const HostImage& image) {
  return {image.pixels, static_cast<std::size_t>(image.pixel_count())};
}

// What a tile keeps, without what lies in the padding.
ImagePart kept_part(const Tile& tile, const HostImage& image) {
  return {.x = tile.keep_x,
          .y = tile.keep_y,
          .width = std::min(tile.keep_width, image.width - tile.keep_x),
          .height = std::min(tile.keep_height, image.height - tile.keep_y)};
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
  if (options.staging_count > 0)
    staging_ = std::make_unique<GrowingPool<Staging>>(options.staging_count);
  on_device([&] {
    parameters_ = std::make_unique<Parameters>(backend, description_.parameters());
    parameters_->set_values(model.parameters);
    // Memory grows with the area alone, so a small network tells what a large one needs.
    const std::int64_t side = 4 * description_.grid_px();
    const auto probe = make_network(backend, description_, *parameters_, {1, side, side, 1});
    bytes_per_pixel_ =
        static_cast<double>(probe->memory_bytes()) / static_cast<double>(side * side);
  });
  log_phase("weights on the processor");
}

Denoiser::~Denoiser() {
  on_device([this] {
    forward_.reset();  // all who waited have their results
    network_.reset();
    parameters_.reset();
  });
}

void Denoiser::on_device(const std::function<void()>& task) const {
  if (options_.device_thread != nullptr)
    options_.device_thread->run(task);
  else
    task();
}

std::int64_t Denoiser::affordable_tile_area() const {
  const bool has_own_memory = backend_.taken_memory_bytes() > 0;
  const double share = has_own_memory ? own_memory_share : host_memory_share;
  const double budget = options_.memory_bytes > 0
                            ? static_cast<double>(options_.memory_bytes)
                            : share * static_cast<double>(backend_.free_memory_bytes());
  // On their way to a memory of its own and back.
  const double copies_bytes_per_pixel = has_own_memory ? 2 * sizeof(float) : 0;
  // Convolution libraries address up to 2^31 bytes of a tensor; beyond, they are slow or refuse.
  const double widest_pixel_bytes = description_.widest_tensor_channels_per_pixel() *
                                    static_cast<double>(size_bytes(backend_.compute_type()));
  const double most_bytes = std::numeric_limits<std::int32_t>::max();
  return static_cast<std::int64_t>(std::min(budget / (bytes_per_pixel_ + copies_bytes_per_pixel),
                                            most_bytes / widest_pixel_bytes));
}

TilePlan Denoiser::plan_for(std::int64_t width, std::int64_t height) const {
  if (options_.largest_tile_px > 0)
    return plan_tiles(
        width, height, geometry_, std::max(options_.largest_tile_px, geometry_.smallest_tile_px()));
  return plan_tiles_of_area(width, height, geometry_, largest_tile_area_);
}

void Denoiser::prepare(std::int64_t width, std::int64_t height) {
  if (network_ && width == width_ && height == height_)
    return;
  if (network_) {
    TilePlan plan = plan_for(width, height);
    if (plan.tile_width == plan_.tile_width && plan.tile_height == plan_.tile_height) {
      plan_ = std::move(plan);
      width_ = width;
      height_ = height;
      return;
    }
  }
  backend_.synchronize();  // another image may still be in the network
  forward_.reset();
  network_.reset();
  const std::int64_t smallest_px = geometry_.smallest_tile_px();
  largest_tile_area_ = affordable_tile_area();
  while (!try_prepare(plan_for(width, height))) {
    const std::int64_t area = plan_.tile_width * plan_.tile_height;
    if (options_.largest_tile_px > 0 || area <= smallest_px * smallest_px)
      fail(ErrorKind::device,
           "not enough memory for a tile of {} x {} pixels",
           plan_.tile_width,
           plan_.tile_height);
    largest_tile_area_ = std::max(smallest_px * smallest_px, area * 9 / 16);
  }
  width_ = width;
  height_ = height;
  log_phase(fmt::format("network for {} x {} pixels ready", width, height));
}

bool Denoiser::try_prepare(const TilePlan& plan) {
  plan_ = plan;
  const Shape window{1, plan.tile_height, plan.tile_width, 1};
  try {
    network_ = make_network(backend_, description_, *parameters_, window);
    log_phase("memory of a network taken");
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

void Denoiser::run_tiles(const HostImage& image, const HostImage& result) {
  for (const Tile& tile : plan_.tiles) {
    stop_if_asked();
    const ImagePoint corner{.x = tile.x, .y = tile.y};
    backend_.upload_window(image, corner, network_->image());
    // What a GPU has recorded is queued as a whole; there is nothing to ask between its layers.
    if (forward_)
      forward_->run();
    else
      network_->forward([this] { stop_if_asked(); });
    if (const ImagePart kept = kept_part(tile, image); kept.width > 0 && kept.height > 0)
      backend_.download_window(network_->prediction(), corner, kept, result);
  }
}

HostImage Denoiser::run_network(const HostImage& image,
                                const std::function<HostImage()>& beside,
                                NetworkUse& use) {
  HostImage result = image;
  std::unique_ptr<Mark> begin;
  std::unique_ptr<Mark> end;
  on_device([&] {
    prepare(image.width, image.height);
    // Neighbouring tiles read each other's input.
    if (plan_.tiles.size() > 1)
      result = beside();
    use = {.tile_count = static_cast<std::int64_t>(plan_.tiles.size()),
           .tile_width = plan_.tile_width,
           .tile_height = plan_.tile_height};
    begin = backend_.make_mark();
    end = backend_.make_mark();
    begin->set();
    try {
      run_tiles(image, result);
    } catch (...) {
      backend_.synchronize();  // the memory of both is given back
      throw;
    }
    end->set();
  });
  // Waited for here, so that the next image is queued behind this one.
  end->wait();
  use.seconds = end->seconds_since(*begin);
  return result;
}

Denoiser::NetworkUse Denoiser::apply_network(Image& image) {
  if (!options_.average_orientations)
    return apply_network_upright(image);
  NetworkUse use;
  double seconds = 0;
  Image sum(image.width(), image.height());
  // The transposed ones last: an image that is not square needs a network of another size for them.
  for (int orientation = 0; orientation < orientation_count; ++orientation) {
    Image one = turned(image, orientation);
    use = apply_network_upright(one);
    seconds += use.seconds;
    add_turned_back(one, orientation, sum);
  }
  for (float& pixel : sum.pixels())
    pixel /= orientation_count;
  image = std::move(sum);
  use.seconds = seconds;
  return use;
}

Denoiser::NetworkUse Denoiser::apply_network_upright(Image& image) {
  if (staging_)
    return run_network_staged(
        image,
        [&](const HostImage& input) {
          std::copy_n(image.pixels().data(), image.pixel_count(), input.pixels);
        },
        [&](const HostImage& result) {
          std::copy_n(result.pixels, image.pixel_count(), image.pixels().data());
        });
  NetworkUse use;
  Image beside;
  run_network(
      in_place(image),
      [&] {
        beside = Image(image.width(), image.height());
        return in_place(beside);
      },
      use);
  if (!beside.empty())
    image = std::move(beside);
  return use;
}

IntensityScale Denoiser::measure_scale(const Image& image) const {
  return grey_scale_ == GreyScale::all_pixels ? measure_plain_scale(image)
                                              : measure_intensity_scale(image);
}

Denoiser::Report Denoiser::denoise(Image& image, BlockStatistics* measured) {
  Report report;
  if (grey_scale_ == GreyScale::all_pixels) {
    report.repaired_count = repair_non_finite(image);
    report.scale = measure_plain_scale(image);
  } else {
    const NetworkScale scale =
        measured != nullptr ? repair_and_measure(image, *measured) : repair_and_measure(image);
    report.repaired_count = scale.repaired_count;
    report.scale = scale.scale;
  }
  if (staging_ && !options_.average_orientations) {
    report.network = run_network_staged(
        image,
        [&](const HostImage& input) { normalize(image, report.scale, pixels_of(input)); },
        [&](const HostImage& result) { restore(pixels_of(result), report.scale, image); });
    return report;
  }
  normalize(image, report.scale);
  report.network = apply_network(image);
  restore(image, report.scale);
  return report;
}

}  // namespace limpid
