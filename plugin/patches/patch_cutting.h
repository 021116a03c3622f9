#pragma once

#include "core/data/pair_source.h"
#include "core/data/prepared_dataset.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace limpid {

// The stored bytes of some patches that follow each other. Empty inputs: only targets are stored.
struct PatchBytes {
  std::span<const std::byte> input;
  std::span<const std::byte> target;
};

// Cuts a pair of images into the patches of `micrograph`, whose grid, hashes and normalization it
// fills in, and hands their bytes over, a few patches at a time. Noise, if the pair has any, is
// drawn for each patch on its own: a function of the seed, of `micrograph_number`, of the number of
// the patch and of the pixel.
class PatchCutter {
 public:
  PatchCutter(const PreparedDataset& dataset, std::uint64_t micrograph_number);

  void cut(const ImagePair& pair,
           PatchedMicrograph& micrograph,
           const std::function<void(const PatchBytes&)>& take) const;

 private:
  void encode(const ImagePair& pair,
              const PatchedMicrograph& micrograph,
              std::int64_t patch,
              PatchRole role,
              std::span<std::byte> bytes) const;

  const PreparedDataset& dataset_;
  std::uint64_t micrograph_number_;
};

}  // namespace limpid
