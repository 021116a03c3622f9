#pragma once

#include "core/backend/ops.h"
#include "core/base/error.h"
#include "core/base/patch_walk.h"

#include <cstdint>
#include <span>

// What the loops over the pixels of a crop share on the host and on devices.
namespace limpid {

struct CropPixel {
  float input;
  float target;
};

// A crop as plain numbers and addresses.
struct CropPixels {
  CropPixels() = default;
  CropPixels(const Crop& crop, std::int64_t size_px)
      : input(crop.input.data_as<float>()),
        target(crop.target.data_as<float>()),
        walk(walk_patch(crop.input.shape().width, crop.x, crop.y, crop.orientation, size_px)),
        noise(crop.noise),
        noise_stream(crop.noise_stream),
        mean(crop.mean),
        sigma(crop.sigma),
        loss_weight(crop.loss_weight),
        has_noise(crop.has_noise()) {}

  // Of a pixel of the crop in both images.
  LIMPID_HOST_DEVICE std::int64_t place(std::int64_t row, std::int64_t column) const {
    return walk.first + row * walk.stride + column * walk.step;
  }

  // From the values in the images to those in the batch.
  LIMPID_HOST_DEVICE CropPixel finish(float clean,
                                      float clean_target,
                                      std::uint64_t seed,
                                      std::int64_t pixel) const {
    if (!has_noise)
      return {clean, clean_target};
    const float noisy =
        noisy_pixel(clean, noise, seed, noise_stream, static_cast<std::uint64_t>(pixel));
    return {(noisy - mean) / sigma, (clean_target - mean) / sigma};
  }

  const float* input = nullptr;
  const float* target = nullptr;
  PatchWalk walk;
  NoiseModel noise;
  std::uint64_t noise_stream = 0;
  float mean = 0.0f;
  float sigma = 1.0f;
  float loss_weight = 1.0f;
  bool has_noise = false;
};

inline void require_fitting(std::span<const Crop> crops, const CropsDesc& desc) {
  require(static_cast<std::int64_t>(crops.size()) == desc.batch_size,
          "{} crops for a batch of {}",
          crops.size(),
          desc.batch_size);
  for (const Crop& crop : crops) {
    const Shape& image = crop.input.shape();
    require(image == crop.target.shape() && image.batch == 1 && image.channels == 1,
            "a crop of two images of different shape");
    require(crop.x >= 0 && crop.y >= 0 && crop.x + desc.size_px <= image.width &&
                crop.y + desc.size_px <= image.height,
            "a crop of {} px at x {}, y {} of an image of {} x {}",
            desc.size_px,
            crop.x,
            crop.y,
            image.width,
            image.height);
  }
}

}  // namespace limpid
