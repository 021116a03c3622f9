#include "core/metrics/ssim.h"

#include "core/base/error.h"
#include "core/image/block_sum.h"
#include "core/image/statistics.h"
#include "core/metrics/psnr.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

namespace limpid {
namespace {

constexpr std::int64_t radius = 5;
constexpr double window_sigma = 1.5;
constexpr std::int64_t band_rows = 32;

using Window = std::array<double, 2 * radius + 1>;

Window gaussian_window() {
  Window window{};
  double sum = 0;
  for (std::int64_t i = -radius; i <= radius; ++i) {
    const double value =
        std::exp(-0.5 * static_cast<double>(i * i) / (window_sigma * window_sigma));
    window[static_cast<std::size_t>(i + radius)] = value;
    sum += value;
  }
  for (double& value : window)
    value /= sum;
  return window;
}

std::int64_t reflected(std::int64_t index, std::int64_t size) {
  while (index < 0 || index >= size)
    index = index < 0 ? -1 - index : 2 * size - 1 - index;
  return index;
}

// Positions that count along a side.
struct Span {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

Span counted(std::int64_t size) {
  return size > 2 * radius ? Span{radius, size - radius} : Span{0, size};
}

// Rows of the five products whose windowed means are needed.
enum Product { d, x, dd, xx, dx, product_count };
using ProductRows = std::array<std::vector<double>, product_count>;

ProductRows make_rows(std::int64_t width) {
  ProductRows rows;
  for (std::vector<double>& row : rows)
    row.resize(static_cast<std::size_t>(width));
  return rows;
}

void add_multiple(std::vector<double>& sum, double factor, const double* values) {
  for (std::size_t i = 0; i < sum.size(); ++i)
    sum[i] += factor * values[i];
}

class Comparison {
 public:
  Comparison(const Image& image, const Image& truth, double data_range)
      : image_(image),
        truth_(truth),
        columns_(counted(image.width())),
        offset_(measure_statistics(truth).mean),
        half_range_(data_range / 2),
        c1_(0.01 * data_range * 0.01 * data_range),
        c2_(0.03 * data_range * 0.03 * data_range) {}

  // Sum of the similarity over the counted columns of rows [begin, end).
  double sum_rows(std::int64_t begin, std::int64_t end) const {
    std::vector<ProductRows> rows;
    for (std::int64_t y = begin - radius; y < end + radius; ++y)
      rows.push_back(filtered_row(reflected(y, image_.height())));
    double sum = 0;
    for (std::size_t row = 0; row < static_cast<std::size_t>(end - begin); ++row) {
      ProductRows means = make_rows(columns_.end - columns_.begin);
      for (std::size_t product = 0; product < product_count; ++product)
        for (std::size_t i = 0; i < window_.size(); ++i)
          add_multiple(means[product], window_[i], rows[row + i][product].data());
      for (std::size_t column = 0; column < means[d].size(); ++column)
        sum += similarity(means, column);
    }
    return sum;
  }

 private:
  // Products of row y, filtered along the row.
  ProductRows filtered_row(std::int64_t y) const {
    const std::int64_t count = columns_.end - columns_.begin;
    ProductRows padded = make_rows(count + 2 * radius);
    for (std::size_t i = 0; i < padded[d].size(); ++i) {
      const std::int64_t px =
          reflected(columns_.begin - radius + static_cast<std::int64_t>(i), image_.width());
      const double vd = image_.at(px, y) - offset_;
      const double vx = truth_.at(px, y) - offset_;
      padded[d][i] = vd;
      padded[x][i] = vx;
      padded[dd][i] = vd * vd;
      padded[xx][i] = vx * vx;
      padded[dx][i] = vd * vx;
    }
    ProductRows filtered = make_rows(count);
    for (std::size_t product = 0; product < product_count; ++product)
      for (std::size_t i = 0; i < window_.size(); ++i)
        add_multiple(filtered[product], window_[i], padded[product].data() + i);
    return filtered;
  }

  double similarity(const ProductRows& means, std::size_t column) const {
    const double centred_d = means[d][column];
    const double centred_x = means[x][column];
    const double variance_d = means[dd][column] - centred_d * centred_d;
    const double variance_x = means[xx][column] - centred_x * centred_x;
    const double covariance = means[dx][column] - centred_d * centred_x;
    const double mean_d = centred_d + half_range_;
    const double mean_x = centred_x + half_range_;
    return (2 * mean_d * mean_x + c1_) * (2 * covariance + c2_) /
           ((mean_d * mean_d + mean_x * mean_x + c1_) * (variance_d + variance_x + c2_));
  }

  const Image& image_;
  const Image& truth_;
  Span columns_;
  double offset_;
  double half_range_;
  double c1_;
  double c2_;
  Window window_ = gaussian_window();
};

}  // namespace

double ssim(const Image& image, const Image& truth, double data_range) {
  require_equal_size(image, truth, "an image and the truth");
  if (!(data_range > 0) || !std::isfinite(data_range))
    fail(ErrorKind::input,
         "SSIM needs a range of grey values above 0, found {}; is the truth constant?",
         data_range);
  const Comparison comparison(image, truth, data_range);
  const Span rows = counted(image.height());
  const Span columns = counted(image.width());
  const double sum = sum_in_blocks<double>(
      rows.end - rows.begin, band_rows, [&](std::int64_t begin, std::int64_t end) {
        return comparison.sum_rows(rows.begin + begin, rows.begin + end);
      });
  return sum / static_cast<double>((rows.end - rows.begin) * (columns.end - columns.begin));
}

}  // namespace limpid
