#include "plugin/preview/patch_pictures.h"

#include "core/base/error.h"
#include "core/data/prepared_dataset.h"
#include "core/data/prepared_pairs.h"
#include "core/io/input_file.h"
#include "core/noise/poisson_gaussian.h"
#include "limpid_version.h"
#include "plugin/drawing/comparison.h"
#include "plugin/preview/preview_plan.h"
#include "plugin/preview/removal.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace limpid {
namespace {

// Shared by the tasks of one preview.
struct OpenDataset {
  PreparedDataset dataset;
  std::unique_ptr<PairSource> source;
};

ComparisonTitles titles_of(const PreparedDataset& dataset) {
  if (dataset.is_symmetric)
    return {.raw = "Even half", .denoised = "Odd half", .removed = "Difference"};
  return {.raw = "Noisy", .denoised = "Clean", .removed = "Difference"};
}

ImagePair load_with_noise(const OpenDataset& open, std::int64_t index) {
  ImagePair pair = open.source->load(index);
  if (open.dataset.has_inputs)
    return pair;
  pair.target = pair.input;
  add_noise(
      pair.target, pair.input, pair.noise, open.dataset.seed, static_cast<std::uint64_t>(index));
  for (Image* image : {&pair.input, &pair.target})
    for (float& value : image->pixels())
      value = static_cast<float>((static_cast<double>(value) - pair.noise_mean) / pair.noise_sigma);
  return pair;
}

std::map<std::string, double> draw(const OpenDataset& open,
                                   std::int64_t index,
                                   const std::string& path) {
  const ImagePair pair = load_with_noise(open, index);
  ComparisonPicture picture = make_comparison(
      {.title = open.source->name(index),
       .pixel_size_angstrom = origin_of_patch(open.dataset, index).micrograph->pixel_size_angstrom,
       .raw = &pair.input,
       .denoised = &pair.target,
       .titles = titles_of(open.dataset)});
  const Removal removal = measure_removal(pair.input, pair.target);
  picture.footer = {
      fmt::format("Standard deviation: input {:.4g}, target {:.4g}, difference {:.4g}",
                  removal.raw_sigma,
                  removal.denoised_sigma,
                  removal.removed_sigma)};
  if (!open.dataset.has_inputs)
    picture.footer.push_back("Noise drawn for the picture");
  write_comparison(path, picture);
  return {{"input_sigma", removal.raw_sigma},
          {"target_sigma", removal.denoised_sigma},
          {"difference_sigma", removal.removed_sigma}};
}

// Of both sets, each evenly; the test set gets the smaller half.
std::vector<std::int64_t> choose_patches(const PreparedDataset& dataset, std::int64_t count) {
  const std::int64_t train_count = dataset.patch_count(PatchSetKind::train);
  const std::int64_t test_count = dataset.patch_count(PatchSetKind::test);
  const std::int64_t for_test = std::min(test_count, count / 2);
  std::vector<std::int64_t> chosen;
  for (const std::size_t i : evenly_chosen(static_cast<std::size_t>(train_count),
                                           static_cast<std::size_t>(count - for_test)))
    chosen.push_back(static_cast<std::int64_t>(i));
  for (const std::size_t i :
       evenly_chosen(static_cast<std::size_t>(test_count), static_cast<std::size_t>(for_test)))
    chosen.push_back(train_count + static_cast<std::int64_t>(i));
  return chosen;
}

}  // namespace

std::vector<PictureTask> plan_patch_pictures(const PreviewJob& job) {
  if (!job.input.star_file.empty() || !job.input.paths.empty() || !job.denoised_folder.empty())
    fail(ErrorKind::usage,
         "both prepared patches ('{}') and micrographs are given; expected one of them",
         job.patches_folder);
  auto open = std::make_shared<OpenDataset>();
  open->dataset = read_prepared_dataset(job.patches_folder);
  open->source = make_prepared_pairs(job.patches_folder, open->dataset);
  const std::string fingerprint =
      fmt::format("limpid {} patches {}",
                  LIMPID_VERSION,
                  content_hash_of_file(job.patches_folder + "/" + PreparedDataset::description_name,
                                       ErrorKind::usage));
  std::vector<PictureTask> tasks;
  for (const std::int64_t index : choose_patches(open->dataset, job.picture_count)) {
    const PatchOrigin origin = origin_of_patch(open->dataset, index);
    tasks.push_back(
        {.name = open->source->name(index),
         .picture_name = fmt::format("{}_{:06}.png", name(origin.set), origin.number),
         .fingerprint = fingerprint,
         .draw = [open, index](const std::string& path) { return draw(*open, index, path); }});
  }
  return tasks;
}

}  // namespace limpid
