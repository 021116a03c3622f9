#pragma once

#include "core/image/block_statistics.h"
#include "core/image/image.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace limpid {

// Pixels of a camera that do not work. Left alone they are the same in both halves of a movie, and
// a network would learn them as part of the specimen.
class DefectivePixels {
 public:
  // Those where the gain is 0 (an empty image: no gain), and single ones and lines whose sum over
  // all frames is beyond its mean +- 6 sigma. Larger regions, such as the metal of a grid, are part
  // of the picture.
  DefectivePixels(Image sum, const Image& gain);
  // The same of two images that were measured as one sum, without a gain.
  DefectivePixels(const Image& first, const Image& second, BlockStatistics& sum);

  // Those that an earlier search in such images has found.
  DefectivePixels(std::vector<std::int64_t> pixels, std::int64_t pixel_count);

  std::size_t count() const { return pixels_.size(); }
  const std::vector<std::int64_t>& pixels() const { return pixels_; }
  // Gives each the value of a random pixel nearby that works. Other numbers give other choices.
  void repair(Image& frame, std::uint64_t frame_number) const;
  // The same for two images that share these pixels, each in only one of the two, drawn anew for
  // every pixel: what a network sees of them in one image it cannot find in the other.
  void repair_in_one(Image& first, Image& second) const;

 private:
  float draw(const Image& frame, std::int64_t pixel, std::uint64_t frame_number) const;

  void mark(std::int64_t pixel_count);

  std::vector<bool> is_defective_;  // of each pixel; empty if none is
  std::vector<std::int64_t> pixels_;
};

}  // namespace limpid
