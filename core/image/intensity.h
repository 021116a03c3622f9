#pragma once

#include "core/image/block_statistics.h"
#include "core/image/image.h"

#include <cstdint>
#include <span>

// What happens to grey values before and after a network, alike in training and in denoising:
// repair, measure, normalize, network, restore.
namespace limpid {

// Replaces each pixel that is NaN or infinite by the median of the finite pixels in the smallest
// square window around it that has any (3 x 3, 5 x 5, ...; the mean of the middle two when their
// number is even). Returns how many were replaced. Throws Error(input) when more than 1 % of the
// pixels, or all, are not finite.
std::int64_t repair_non_finite(Image& image);

// The grey scale of one image: its mean and standard deviation without outliers (hot pixels), and
// the range to which outliers are clipped.
struct IntensityScale {
  double mean = 0;
  double sigma = 1;
  float clip_low = 0;
  float clip_high = 0;
};

// Measures mean and sigma of all finite pixels, then of those within mean +- 6 sigma, and so on
// until no pixel enters or leaves, 20 times at most. The clip range is the last mean +- 6 sigma. A
// step that would leave only pixels of one value is not taken: then the rare others are no outliers
// but the data (the ones of a counting frame of zeros and ones), and the clip range is the range of
// the pixels kept so far.
//
// The result follows the image: for the image a y + b it is a mean + b, |a| sigma, and the clip
// range mapped in the same way, up to rounding.
// Throws Error(input) when no pixel is finite or all have one value.
IntensityScale measure_intensity_scale(const Image& image);
// From statistics of all finite pixels; `blocks` keeps another range then.
IntensityScale measure_intensity_scale(BlockStatistics& blocks);

// Plain mean and sigma of all finite pixels; nothing is clipped. For networks that were trained so.
// Throws as measure_intensity_scale().
IntensityScale measure_plain_scale(const Image& image);

// repair_non_finite(), then measure_intensity_scale(), in one pass over a sound image.
struct NetworkScale {
  std::int64_t repaired_count = 0;
  IntensityScale scale;
};
NetworkScale repair_and_measure(Image& image);
// With statistics of all finite pixels of the image.
NetworkScale repair_and_measure(Image& image, BlockStatistics& blocks);

// y -> (min(max(y, clip_low), clip_high) - mean) / sigma, in place.
void normalize(Image& image, const IntensityScale& scale);
// The same for some pixels, on the calling thread.
void normalize(std::span<float> pixels, const IntensityScale& scale);

// The same into other memory of as many pixels, in one pass.
void normalize(const Image& image, const IntensityScale& scale, std::span<float> result);

// repair_and_measure() and normalize(), as a network is given every image it learns from or works
// on. Throws what the two throw.
NetworkScale put_on_network_scale(Image& image);

// y -> y sigma + mean, in place: the inverse of normalize() inside the clip range.
void restore(Image& image, const IntensityScale& scale);
// The same of pixels elsewhere, into an image of as many.
void restore(std::span<const float> pixels, const IntensityScale& scale, Image& result);

}  // namespace limpid
