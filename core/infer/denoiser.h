#pragma once

#include "core/backend/backend.h"
#include "core/image/image.h"
#include "core/image/intensity.h"
#include "core/infer/tile_plan.h"
#include "core/nn/model.h"
#include "core/nn/network.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace limpid {

struct DenoiserOptions {
  std::size_t memory_bytes = 0;      // for the network's activations; 0 = most of what is free
  std::int64_t largest_tile_px = 0;  // side of a tile; 0 = as the memory allows
  // Takes the mean of what the network makes of an image in all eight orientations.
  bool average_orientations = false;
  // Asked between tiles, and on the CPU between layers; if true, denoise() throws
  // Error(interrupted).
  std::function<bool()> stop_requested = {};
};

// Applies a model to whole images: one grey scale for each image, exact tiles, the grey scale put
// back. The result does not depend on the size of the tiles beyond rounding. For one thread.
class Denoiser {
 public:
  // The backend must outlive the denoiser.
  Denoiser(Backend& backend, const Model& model, const DenoiserOptions& options);
  Denoiser(const Denoiser&) = delete;
  Denoiser& operator=(const Denoiser&) = delete;
  ~Denoiser();

  struct Report {
    IntensityScale scale;
    std::int64_t repaired_count = 0;  // pixels that were not finite
    std::int64_t tile_count = 0;
    std::int64_t tile_width = 0;
    std::int64_t tile_height = 0;
  };

  // In place. Throws Error(input) for an image without a grey scale (constant, mostly not finite)
  // and Error(device) when not even the smallest tile fits in memory.
  Report denoise(Image& image);

  // The grey scale on which the model works. Throws Error(input) for an image without one.
  IntensityScale measure_scale(const Image& image) const;

  // The network's output for an image that is normalised already; in place.
  void apply_network(Image& image);

  // Sets the tiles that the last image was cut into.
  void describe_tiles(Report& report) const;

 private:
  void apply_network_upright(Image& image);
  void prepare(std::int64_t width, std::int64_t height);
  bool try_prepare(const TilePlan& plan);
  void stop_if_asked() const;
  std::int64_t affordable_tile_px() const;

  Backend& backend_;
  NetworkDescription description_;
  GreyScale grey_scale_;
  DenoiserOptions options_;
  TileGeometry geometry_;
  std::unique_ptr<Parameters> parameters_;
  double bytes_per_pixel_ = 0;

  std::int64_t largest_tile_px_ = 0;  // that was found to fit
  TilePlan plan_;
  std::unique_ptr<Network> network_;  // of the plan's tile size
  std::unique_ptr<Replay> forward_;   // none on the CPU
  std::shared_ptr<Storage> staging_;
};

}  // namespace limpid
