#include "core/metrics/pick_residual.h"

#include "core/base/random.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

namespace limpid {
namespace {

constexpr std::size_t least_picks = 4;
constexpr std::int64_t most_rings = 48;
// Of the contrast at the picks, in standard errors: below there is nothing to have been removed.
constexpr double least_contrast_sigmas = 3;

std::int64_t left_of(double centre, std::int64_t side_px) {
  return static_cast<std::int64_t>(std::lround(centre)) - side_px / 2;
}

bool is_inside(double centre, std::int64_t size, std::int64_t side_px) {
  // NaN and what no integer can hold are outside.
  if (!(centre >= 0 && centre < static_cast<double>(size)))
    return false;
  const std::int64_t left = left_of(centre, side_px);
  return left >= 0 && left + side_px <= size;
}

// The ring of each pixel of a window; -1 in the corners.
class WindowRings {
 public:
  explicit WindowRings(std::int64_t side_px)
      : side_px_(side_px), index_(static_cast<std::size_t>(side_px * side_px)) {
    const auto radius = static_cast<double>(side_px) / 2;
    const double width = std::max(1.0, radius / static_cast<double>(most_rings));
    count_ = static_cast<std::size_t>(std::floor(radius / width));
    sizes_.assign(count_, 0.0);
    for (std::int64_t y = 0; y < side_px; ++y)
      for (std::int64_t x = 0; x < side_px; ++x) {
        const double distance =
            std::hypot(static_cast<double>(x - side_px / 2), static_cast<double>(y - side_px / 2));
        const auto ring = static_cast<std::size_t>(distance / width);
        index_[static_cast<std::size_t>(y * side_px + x)] =
            ring < count_ ? static_cast<int>(ring) : -1;
        if (ring < count_)
          sizes_[ring] += 1;
      }
  }

  const std::vector<double>& sizes() const { return sizes_; }

  // m_r of the header.
  std::vector<double> profile(const Image& image, const PickPosition& place) const {
    std::vector<double> sums(count_, 0.0);
    const std::int64_t left = left_of(place.x, side_px_);
    const std::int64_t first_row = left_of(place.y, side_px_);
    for (std::int64_t y = 0; y < side_px_; ++y) {
      const float* const row = image.row(first_row + y).data() + left;
      const int* const ring = index_.data() + y * side_px_;
      for (std::int64_t x = 0; x < side_px_; ++x)
        if (ring[x] >= 0)
          sums[static_cast<std::size_t>(ring[x])] += row[x];
    }
    double total = 0, pixels = 0;
    for (std::size_t r = 0; r < count_; ++r) {
      total += sums[r];
      pixels += sizes_[r];
    }
    for (std::size_t r = 0; r < count_; ++r)
      sums[r] = sums[r] / sizes_[r] - total / pixels;
    return sums;
  }

 private:
  std::int64_t side_px_;
  std::size_t count_ = 0;
  std::vector<int> index_;
  std::vector<double> sizes_;
};

using Profiles = std::vector<std::vector<double>>;

Profiles profiles_of(const WindowRings& rings,
                     const Image& image,
                     std::span<const PickPosition> places) {
  Profiles profiles;
  for (const PickPosition& place : places)
    profiles.push_back(rings.profile(image, place));
  return profiles;
}

// The mean of those with even (parity 0) or odd numbers, times the pixels of each ring.
std::vector<double> weighted_template(const WindowRings& rings,
                                      const Profiles& profiles,
                                      std::size_t parity) {
  std::vector<double> sum(rings.sizes().size(), 0.0);
  double count = 0;
  for (std::size_t i = parity; i < profiles.size(); i += 2, ++count)
    for (std::size_t r = 0; r < sum.size(); ++r)
      sum[r] += profiles[i][r];
  for (std::size_t r = 0; r < sum.size(); ++r)
    sum[r] *= rings.sizes()[r] / count;
  return sum;
}

struct Content {
  double mean_at_picks = 0;
  double mean_at_random = 0;
  double sigma_at_random = 0;

  double difference() const { return mean_at_picks - mean_at_random; }
};

double product(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t r = 0; r < a.size(); ++r)
    sum += a[r] * b[r];
  return sum;
}

using Templates = std::array<std::vector<double>, 2>;

Content content_of(const Templates& templates, const Profiles& picks, const Profiles& random) {
  Content content;
  for (std::size_t i = 0; i < picks.size(); ++i)
    content.mean_at_picks += product(templates[(i + 1) % 2], picks[i]);
  content.mean_at_picks /= static_cast<double>(picks.size());
  double squares = 0;
  for (std::size_t i = 0; i < random.size(); ++i) {
    const double value = product(templates[i % 2], random[i]);
    content.mean_at_random += value;
    squares += value * value;
  }
  const auto count = static_cast<double>(random.size());
  content.mean_at_random /= count;
  content.sigma_at_random =
      std::sqrt(std::max(0.0, squares / count - content.mean_at_random * content.mean_at_random));
  return content;
}

Profiles difference_of(const Profiles& a, const Profiles& b) {
  Profiles result = a;
  for (std::size_t i = 0; i < result.size(); ++i)
    for (std::size_t r = 0; r < result[i].size(); ++r)
      result[i][r] -= b[i][r];
  return result;
}

}  // namespace

void WindowMean::add(const Image& image, const PickPosition& place) {
  const std::int64_t left = left_of(place.x, side_px());
  const std::int64_t first_row = left_of(place.y, side_px());
  for (std::int64_t y = 0; y < side_px(); ++y)
    for (std::int64_t x = 0; x < side_px(); ++x)
      sum_.at(x, y) += image.at(left + x, first_row + y);
  ++count_;
}

Image WindowMean::mean() const {
  require(count_ > 0, "the mean of no windows");
  Image result = sum_;
  for (float& value : result.pixels())
    value /= static_cast<float>(count_);
  return result;
}

std::vector<PickPosition> places_inside(std::span<const PickPosition> places,
                                        std::int64_t width,
                                        std::int64_t height,
                                        std::int64_t side_px) {
  std::vector<PickPosition> inside;
  for (const PickPosition& place : places)
    if (is_inside(place.x, width, side_px) && is_inside(place.y, height, side_px))
      inside.push_back(place);
  return inside;
}

std::vector<PickPosition> random_places(std::int64_t width,
                                        std::int64_t height,
                                        std::int64_t side_px,
                                        std::int64_t count,
                                        std::uint64_t seed) {
  constexpr std::uint64_t stream = 0x7100000000000000ull;
  std::vector<PickPosition> places;
  if (width < side_px || height < side_px)
    return places;
  RandomSequence random(seed, stream);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t x = side_px / 2 + random.below(width - side_px + 1);
    const std::int64_t y = side_px / 2 + random.below(height - side_px + 1);
    places.push_back({static_cast<double>(x), static_cast<double>(y)});
  }
  return places;
}

PickResidual measure_pick_residual(const Image& raw,
                                   const Image& denoised,
                                   std::span<const PickPosition> picks,
                                   std::span<const PickPosition> random,
                                   std::int64_t side_px) {
  require(raw.width() == denoised.width() && raw.height() == denoised.height(),
          "the residual of images of unlike size");
  if (picks.size() < least_picks || random.size() < least_picks)
    fail(ErrorKind::input,
         "{} picks whose window of {} px lies inside; at least {} are needed",
         picks.size(),
         side_px,
         least_picks);
  const WindowRings rings(side_px);
  const Profiles raw_picks = profiles_of(rings, raw, picks);
  const Profiles raw_random = profiles_of(rings, raw, random);
  const Templates templates = {weighted_template(rings, raw_picks, 0),
                               weighted_template(rings, raw_picks, 1)};
  const Content before = content_of(templates, raw_picks, raw_random);
  const Content removed =
      content_of(templates,
                 difference_of(raw_picks, profiles_of(rings, denoised, picks)),
                 difference_of(raw_random, profiles_of(rings, denoised, random)));
  const double places =
      std::sqrt(1 / static_cast<double>(picks.size()) + 1 / static_cast<double>(random.size()));
  PickResidual result{.pick_count = static_cast<std::int64_t>(picks.size()),
                      .sigmas = 0,
                      .fraction = std::numeric_limits<double>::quiet_NaN()};
  if (removed.sigma_at_random > 0)
    result.sigmas = removed.difference() / (removed.sigma_at_random * places);
  if (before.difference() > least_contrast_sigmas * before.sigma_at_random * places)
    result.fraction = removed.difference() / before.difference();
  return result;
}

}  // namespace limpid
