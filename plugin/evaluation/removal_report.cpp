#include "plugin/evaluation/removal_report.h"

#include "core/base/error.h"
#include "core/metrics/psnr.h"
#include "core/metrics/seam.h"
#include "plugin/drawing/comparison_panels.h"
#include "plugin/preview/preview_plan.h"
#include "plugin/preview/removal.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace limpid {
namespace {

constexpr std::size_t most_pictured = 2;

ScoreTable empty_table() {
  return {
      "removed",
      "What was removed",
      "corr: correlation of what was kept with what was removed (noisy - result); large: signal "
      "was removed. seam:\njump across the strongest straight edge over its surroundings; above "
      "1.7 tiles do not fit together (up to 1024\npixels chance reaches 2). picks: how surely the "
      "particles' mean shape is in what was removed around them,\nbeyond random places, in "
      "standard errors (above 5: it is); part: how much of their contrast, 0 to 1; some of\nthe "
      "finest detail always is.\n",
      {{"corr", "removed_correlation", 3},
       {"seam", "seam", 2},
       {"picks", "residual_at_picks_sigmas", 1, ScoreColumn::Style::with_sign},
       {"part", "residual_at_picks_fraction", 3}}};
}

Image difference(const Image& a, const Image& b) {
  Image result = a;
  for (std::size_t i = 0; i < result.pixels().size(); ++i)
    result.pixels()[i] -= b.pixels()[i];
  return result;
}

GreyWindow shifted(const GreyWindow& window, const Image& image) {
  const Image* const images[] = {&image};
  const GreyWindow own = measure_window(images);
  const double middle = (own.low + own.high) / 2;
  return {middle - window.width() / 2, middle + window.width() / 2};
}

}  // namespace

RemovalReport::RemovalReport(const EvaluateJob& job, std::size_t micrograph_count)
    : job_(job), table_(empty_table()) {
  if (!job.coordinates.empty())
    picks_ = PickList::read(job.coordinates);
  if (!job.run.output_folder.empty())
    for (const std::size_t i : evenly_chosen(micrograph_count, most_pictured))
      pictured_.insert(i);
}

void RemovalReport::begin(const std::string& name,
                          const Image& noisy,
                          const Image* truth,
                          double pixel_size_angstrom) {
  noisy_ = &noisy;
  truth_ = truth;
  pixel_size_angstrom_ = pixel_size_angstrom;
  group_ = {.name = name,
            .description = fmt::format(
                "{} x {} px of {:.4g} A", noisy.width(), noisy.height(), pixel_size_angstrom),
            .facts = {},
            .rows = {}};
  choose_places(name, noisy, pixel_size_angstrom);
  ++next_;
}

void RemovalReport::choose_places(const std::string& name,
                                  const Image& noisy,
                                  double pixel_size_angstrom) {
  places_ = {};
  if (!picks_)
    return;
  places_ = choose_pick_places(picks_->of(name),
                               noisy,
                               job_.particle_diameter_angstrom,
                               pixel_size_angstrom,
                               job_.run.seed + next_);
  group_.description += fmt::format(", {} picks", places_.picked.size());
  group_.facts.emplace_back("pick_count", static_cast<double>(places_.picked.size()));
}

void RemovalReport::add(const std::string& method, const Image& result) {
  require_equal_size(result, *noisy_, "the denoised image and the noisy one");
  if (pictured_.contains(next_ - 1) && (group_.rows.empty() || next_ - 1 == *pictured_.begin()))
    pictures_.push_back(
        make_comparison({.title = group_.rows.empty() ? group_.name : group_.name + ": " + method,
                         .pixel_size_angstrom = pixel_size_angstrom_,
                         .raw = noisy_,
                         .denoised = &result,
                         .truth = truth_}));
  ScoreRow row{.method = method, .values = std::vector<std::optional<double>>(4)};
  if (!is_measured()) {
    group_.rows.push_back(std::move(row));
    return;
  }
  row.values = {measure_removal(*noisy_, result).correlation,
                strongest_seam(result).strength,
                std::nullopt,
                std::nullopt};
  if (!places_.picked.empty()) {
    const PickResidual residual =
        measure_pick_residual(*noisy_, result, places_.picked, places_.random, places_.window_px);
    row.values[2] = residual.sigmas;
    if (std::isfinite(residual.fraction))
      row.values[3] = residual.fraction;
    add_windows(method, result, difference(*noisy_, result));
  }
  group_.rows.push_back(std::move(row));
}

void RemovalReport::add_windows(const std::string& method,
                                const Image& result,
                                const Image& removed) {
  const WindowMean none(places_.window_px);
  const auto [found, is_new] = windows_.try_emplace(method, MeanWindows{none, none, none, none});
  if (is_new)
    methods_.push_back(method);
  MeanWindows& windows = found->second;
  if (windows.raw.side_px() != places_.window_px)
    return;  // of another pixel size: cannot be averaged with the others
  for (const PickPosition& place : places_.picked) {
    windows.raw.add(*noisy_, place);
    windows.denoised.add(result, place);
    windows.removed.add(removed, place);
  }
  for (std::size_t i = 0; i < std::min(places_.picked.size(), places_.random.size()); ++i)
    windows.removed_elsewhere.add(removed, places_.random[i]);
}

std::map<std::string, double> RemovalReport::finish() {
  std::map<std::string, double> numbers;
  if (!group_.rows.empty())
    for (std::size_t i = 0; i < table_.columns().size(); ++i)
      if (group_.rows.front().values[i])
        numbers[table_.columns()[i].key] = *group_.rows.front().values[i];
  if (is_measured())
    table_.add(std::move(group_));
  noisy_ = truth_ = nullptr;
  return numbers;
}

std::vector<PageStrip> RemovalReport::strips() const {
  constexpr std::int64_t least_side_px = 150;
  std::vector<PageStrip> strips;
  for (const std::string& method : methods_) {
    const MeanWindows& windows = windows_.at(method);
    const Image raw = windows.raw.mean();
    const Image* const raws[] = {&raw};
    const GreyWindow grey = measure_window(raws);
    const std::int64_t zoom =
        std::max<std::int64_t>(1, (least_side_px + raw.width() - 1) / raw.width());
    PageStrip strip{.title = fmt::format("Mean over {} picks: {}", windows.raw.count(), method),
                    .legend =
                        "Raw and removed have grey scales of one width. There must be no "
                        "particle in what was removed: it should look like the same number "
                        "of random places."};
    const auto add = [&](const char* caption, const WindowMean& mean) {
      const Image image = mean.mean();
      strip.pictures.push_back({caption, image_png(image, shifted(grey, image), zoom)});
    };
    add("Raw, at picks", windows.raw);
    add("Result, at picks", windows.denoised);
    add("Removed, at picks", windows.removed);
    add("Removed, at random places", windows.removed_elsewhere);
    strips.push_back(std::move(strip));
  }
  return strips;
}

}  // namespace limpid
