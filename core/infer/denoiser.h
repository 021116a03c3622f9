#pragma once

#include "core/backend/backend.h"
#include "core/base/growing_pool.h"
#include "core/base/task_thread.h"
#include "core/image/block_statistics.h"
#include "core/image/image.h"
#include "core/image/intensity.h"
#include "core/infer/tile_plan.h"
#include "core/nn/model.h"
#include "core/nn/network.h"

#include <atomic>
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
  // The only thread that uses the backend. With one, any number of threads may call denoise(), and
  // what belongs to the host they do beside each other. Must outlive the denoiser.
  TaskThread* device_thread = nullptr;
  // Images that can be on their way to the network and back at a time, through memory that the
  // backend copies from and to fastest; 0: they are copied from where they are.
  std::int64_t staging_count = 0;
};

// Applies a model to whole images: one grey scale for each image, exact tiles, the grey scale put
// back. The result does not depend on the size of the tiles beyond rounding. For one thread, unless
// the options name a thread for the backend.
class Denoiser {
 public:
  // The backend must outlive the denoiser.
  Denoiser(Backend& backend, const Model& model, const DenoiserOptions& options);
  Denoiser(const Denoiser&) = delete;
  Denoiser& operator=(const Denoiser&) = delete;
  ~Denoiser();

  // What the network did for an image.
  struct NetworkUse {
    std::int64_t tile_count = 0;
    std::int64_t tile_width = 0;
    std::int64_t tile_height = 0;
    double seconds = 0;  // with the copies to and from it
  };

  struct Report {
    IntensityScale scale;
    std::int64_t repaired_count = 0;  // pixels that were not finite
    NetworkUse network;
  };

  // In place. Throws Error(input) for an image without a grey scale (constant, mostly not finite)
  // and Error(device) when not even the smallest tile fits in memory. `measured`: statistics of the
  // image as it is, which are not taken again then.
  Report denoise(Image& image, BlockStatistics* measured = nullptr);

  // Does beforehand what the first image of this size would wait for: plans and memory. Throws what
  // denoise() throws.
  void warm_up(std::int64_t width, std::int64_t height);

  // The grey scale on which the model works. Throws Error(input) for an image without one.
  IntensityScale measure_scale(const Image& image) const;

  // The network's output for an image that is normalised already; in place.
  NetworkUse apply_network(Image& image);

 private:
  // Memory for one image on its way, and for its result where tiles read each other's input.
  struct Staging {
    std::shared_ptr<Storage> input;
    std::shared_ptr<Storage> result;
  };

  void on_device(const std::function<void()>& task) const;
  HostImage staged(std::shared_ptr<Storage>& memory, std::int64_t width, std::int64_t height) const;
  std::shared_ptr<Staging> take_staging(std::int64_t width, std::int64_t height) const;
  // `fill` puts the image into the staging memory, `take` the result into the image.
  NetworkUse run_network_staged(const Image& size_of,
                                const std::function<void(const HostImage&)>& fill,
                                const std::function<void(const HostImage&)>& take);
  // Of an image in memory; the result takes its place where it is cut into one tile, else that of
  // `beside`. Returns where it is.
  HostImage run_network(const HostImage& image,
                        const std::function<HostImage()>& beside,
                        NetworkUse& use);
  void run_tiles(const HostImage& image, const HostImage& result);

  NetworkUse apply_network_upright(Image& image);
  void prepare(std::int64_t width, std::int64_t height);
  TilePlan plan_for(std::int64_t width, std::int64_t height) const;
  bool try_prepare(const TilePlan& plan);
  void stop_if_asked() const;
  std::int64_t affordable_tile_area() const;

  Backend& backend_;
  const NetworkDescription description_;
  const GreyScale grey_scale_;
  const DenoiserOptions options_;
  const TileGeometry geometry_;
  std::unique_ptr<GrowingPool<Staging>> staging_;  // none without staging memory
  std::atomic<bool> is_tiled_ = false;             // as far as is known
  mutable std::atomic<bool> has_staging_ = false;  // or makes it
  std::atomic<bool> is_preparing_ = false;         // the network, before the first image

  // For the thread of the backend.
  std::unique_ptr<Parameters> parameters_;
  double bytes_per_pixel_ = 0;
  std::int64_t width_ = 0;  // of the image that the plan is for
  std::int64_t height_ = 0;
  std::int64_t largest_tile_area_ = 0;  // that was found to fit
  TilePlan plan_;
  std::unique_ptr<Network> network_;  // of the plan's tile size
  std::unique_ptr<Replay> forward_;   // none on the CPU
};

}  // namespace limpid
