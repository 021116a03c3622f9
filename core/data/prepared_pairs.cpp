#include "core/data/prepared_pairs.h"

#include "core/base/error.h"
#include "core/io/half.h"
#include "core/io/input_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <utility>
#include <vector>

namespace limpid {
namespace {

class PreparedPairs : public PairSource {
 public:
  PreparedPairs(const std::string& folder, PreparedDataset dataset) : dataset_(std::move(dataset)) {
    for (const PatchSetKind kind : {PatchSetKind::train, PatchSetKind::test})
      for (const PatchRole role : {PatchRole::input, PatchRole::target})
        if (dataset_.has_file(kind, role))
          files_.try_emplace(
              {kind, role}, folder + "/" + patch_file_name(kind, role), ErrorKind::input);
  }

  std::int64_t count() const override {
    return dataset_.patch_count(PatchSetKind::train) + dataset_.patch_count(PatchSetKind::test);
  }
  std::string name(std::int64_t index) const override {
    const PatchOrigin origin = origin_of_patch(dataset_, index);
    return fmt::format("{} patch {} ({} at x {}, y {})",
                       limpid::name(origin.set),
                       origin.number,
                       origin.micrograph->name,
                       origin.x_px,
                       origin.y_px);
  }
  ImageSize size(std::int64_t) const override {
    return {dataset_.patch_size_px, dataset_.patch_size_px};
  }
  PairCost cost(std::int64_t index) const override {
    const PairCost one = PairCost::of(size(index), 0, 1);
    return PairCost::of(size(index), one.pair_bytes, dataset_.has_inputs ? 2 : 1);
  }
  std::vector<std::string> files(std::int64_t index) const override {
    const PatchSetKind set = origin_of_patch(dataset_, index).set;
    std::vector<std::string> paths;
    for (const PatchRole role : {PatchRole::input, PatchRole::target})
      if (const auto file = files_.find({set, role}); file != files_.end())
        paths.push_back(file->second.path());
    return paths;
  }
  ImagePair load(std::int64_t index) const override {
    const PatchOrigin origin = origin_of_patch(dataset_, index);
    const PatchedMicrograph& micrograph = *origin.micrograph;
    ImagePair pair;
    pair.symmetric = dataset_.is_symmetric;
    pair.loss_weight = static_cast<float>(micrograph.loss_weight);
    if (dataset_.has_inputs) {
      pair.target = read(origin, PatchRole::target);
      pair.input = read(origin, PatchRole::input);
      normalize_as_stored(pair.input, micrograph);
      normalize_as_stored(pair.target, micrograph);
      pair.grey_offset = micrograph.grey_offset + micrograph.grey_range * micrograph.mean;
      pair.grey_range = micrograph.grey_range * micrograph.sigma;
    } else {
      pair.input = read(origin, PatchRole::target);
      pair.noise = dataset_.noise;
      pair.noise_mean = micrograph.mean;
      pair.noise_sigma = micrograph.sigma;
      pair.grey_offset = micrograph.grey_offset;
      pair.grey_range = micrograph.grey_range;
    }
    return pair;
  }

 private:
  Image read(const PatchOrigin& origin, PatchRole role) const {
    const InputFile& file = files_.at({origin.set, role});
    Image image(dataset_.patch_size_px, dataset_.patch_size_px);
    const std::uint64_t offset = static_cast<std::uint64_t>(origin.number) * dataset_.patch_bytes();
    if (dataset_.is_float16) {
      std::vector<std::uint16_t> halves(image.pixels().size());
      file.read_at(offset, std::as_writable_bytes(std::span(halves)));
      half_to_float(halves, image.pixels());
    } else {
      file.read_at(offset, std::as_writable_bytes(image.pixels()));
    }
    for (const float value : std::as_const(image).pixels())
      if (!std::isfinite(value))
        fail(ErrorKind::input,
             "reading '{}': patch {} has values that are not finite",
             file.path(),
             origin.number);
    return image;
  }

  static void normalize_as_stored(Image& image, const PatchedMicrograph& micrograph) {
    if (micrograph.mean == 0 && micrograph.sigma == 1)
      return;
    // In float, as the loader does with noise that it has drawn itself.
    const auto mean = static_cast<float>(micrograph.mean);
    const auto sigma = static_cast<float>(micrograph.sigma);
    for (float& value : image.pixels())
      value = (value - mean) / sigma;
  }

  PreparedDataset dataset_;
  std::map<std::pair<PatchSetKind, PatchRole>, InputFile> files_;
};

}  // namespace

PatchOrigin origin_of_patch(const PreparedDataset& dataset, std::int64_t index) {
  const std::int64_t train_count = dataset.patch_count(PatchSetKind::train);
  PatchOrigin origin;
  origin.set = index < train_count ? PatchSetKind::train : PatchSetKind::test;
  origin.number = index < train_count ? index : index - train_count;
  const auto& micrographs = dataset.set(origin.set);
  const auto behind = std::upper_bound(
      micrographs.begin(),
      micrographs.end(),
      origin.number,
      [](std::int64_t number, const PatchedMicrograph& m) { return number < m.first_patch; });
  require(behind != micrographs.begin() && index >= 0, "there is no patch {}", index);
  origin.micrograph = &*(behind - 1);
  const std::int64_t inside = origin.number - origin.micrograph->first_patch;
  require(inside < origin.micrograph->patch_count(), "there is no patch {}", index);
  origin.x_px = inside % origin.micrograph->columns * dataset.stride_px;
  origin.y_px = inside / origin.micrograph->columns * dataset.stride_px;
  return origin;
}

std::unique_ptr<PairSource> make_prepared_pairs(const std::string& folder,
                                                PreparedDataset dataset) {
  return std::make_unique<PreparedPairs>(folder, std::move(dataset));
}

}  // namespace limpid
