#pragma once

#include "core/image/image.h"
#include "core/noise/poisson_gaussian.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace limpid {

// One micrograph to learn from. Both images have mean 0 and sigma 1 in the grey scale of the input
// (core/image/intensity.h), as the network will see them.
struct ImagePair {
  Image input;
  Image target;              // empty: the input itself, before any noise
  float loss_weight = 1.0f;  // of this pair's squared error
  bool symmetric = false;    // input and target may be exchanged: two halves
  NoiseModel noise;          // to be added to crops of the input, in its own units; none by default
  // With noise, images are in the units of the noise, and a crop is normalized after the noise:
  // (value - noise_mean) / noise_sigma.
  double noise_mean = 0;
  double noise_sigma = 1;
  // Grey value in the file of the input = grey_offset + grey_range * value, where nothing was
  // clipped.
  double grey_offset = 0;
  double grey_range = 1;

  const Image& target_image() const { return target.empty() ? input : target; }
};

struct ImageSize {
  std::int64_t width = 0;
  std::int64_t height = 0;

  std::int64_t pixel_count() const { return width * height; }
};

// Memory that one pair takes.
struct PairCost {
  std::int64_t pixel_count = 0;   // of either image
  std::size_t pair_bytes = 0;     // once it is loaded
  std::size_t loading_bytes = 0;  // besides, at most, while it is loaded

  // So many images of float32.
  static PairCost of(const ImageSize& size, std::size_t loading_bytes, std::size_t images = 2);
};

// A set of training pairs on disk. load() and load_into() may be called from any thread.
class PairSource {
 public:
  virtual ~PairSource() = default;
  virtual std::int64_t count() const = 0;
  virtual std::string name(std::int64_t index) const = 0;
  // Throws Error(input) that names the file.
  virtual ImagePair load(std::int64_t index) const = 0;
  // The same into a pair whose memory is used again where it suffices. After an error the content
  // of `pair` is undefined.
  virtual void load_into(std::int64_t index, ImagePair& pair) const;
  // From the header; throws Error(input) that names the file.
  virtual ImageSize size(std::int64_t index) const = 0;
  // Likewise. By default loading takes half as much again as the pair.
  virtual PairCost cost(std::int64_t index) const;
  // Whether every pair is made for its load, and none need come twice: there are more than any
  // training uses, all of one size.
  virtual bool is_endless() const { return false; }
  // What is read for a pair, to notice when it changes; nothing if that cannot happen.
  virtual std::vector<std::string> files(std::int64_t index) const;
};

// Two sums with independent noise as each other's target. Pixels that stand out of both alike, such
// as hot ones, are replaced in one of the two, so that neither teaches to expect them in the other.
ImagePair make_half_pair(Image even, Image odd);

// A noisy micrograph and its noiseless truth as they were recorded, put in one grey scale; see
// make_truth_pairs(). Fills `pair`, whose images hold them, in their memory.
void finish_truth_pair(ImagePair& pair);

// Files of one pair; which are used depends on the kind of source.
struct PairFiles {
  std::string first;   // the noisy micrograph, or the even half
  std::string second;  // the noiseless micrograph, or the odd half
};

// Even and odd sums with independent noise (Lehtinen et al. 2018, "Noise2Noise"): each is the
// target of the other, each normalized by its own grey scale, since halves may have different
// numbers of frames.
std::unique_ptr<PairSource> make_half_pairs(std::vector<PairFiles> files);

// A noisy micrograph and its noiseless truth in the same grey scale. The squared error is weighted
// by 1 / (variance of the normalized truth + 0.004), so that faint micrographs count as much as
// strong ones.
std::unique_ptr<PairSource> make_truth_pairs(std::vector<PairFiles> files);

// One micrograph as its own target; noise is drawn anew for every crop. Images are scaled to 0..1
// by their clip range first. Only `first` of the files is used.
std::unique_ptr<PairSource> make_simulated_pairs(std::vector<PairFiles> files,
                                                 const NoiseModel& noise);

// Lone micrographs, each its own input and target, for training on blind spots
// (core/data/blind_spots.h). Only `first` of the files is used.
std::unique_ptr<PairSource> make_single_pairs(std::vector<PairFiles> files);

}  // namespace limpid
