#include "plugin/drawing/curves.h"

#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/decoded_png.h"
#include "tests/support/temporary_folder.h"

#include <cmath>
#include <cstdlib>

using namespace limpid;
using namespace limpid::test;

namespace {

CurvePlot two_levels() {
  CurvePlot plot;
  plot.title = "Training";
  plot.x = {.label = "Step", .low = 0.0, .high = 10.0};
  plot.y = {.label = "Loss", .low = 0.0, .high = 1.0};
  plot.curves = {{.label = "", .x = {0, 10}, .y = {0.25, 0.25}},
                 {.label = "", .x = {0, 4, 5, 6, 10}, .y = {0.75, 0.75, std::nan(""), 0.75, 0.75}}};
  return plot;
}

bool is_near(std::uint32_t pixel, const Color& color) {
  const auto part = [&](int shift) { return static_cast<int>((pixel >> shift) & 0xffu); };
  const auto wanted = [](double value) { return static_cast<int>(std::lround(255 * value)); };
  return std::abs(part(16) - wanted(color.red)) < 50 &&
         std::abs(part(8) - wanted(color.green)) < 50 &&
         std::abs(part(0) - wanted(color.blue)) < 50;
}

// Rows of a column in which a colour occurs: their middle, or -1.
double row_of(const DecodedPng& png, std::int64_t x, const Color& color) {
  double sum = 0, count = 0;
  for (std::int64_t y = 60; y < png.height() - 70; ++y)
    if (is_near(png.at(x, y), color)) {
      sum += static_cast<double>(y);
      count += 1;
    }
  return count > 0 ? sum / count : -1;
}

}  // namespace

TEST_CASE("curves: values are drawn at their place, higher ones further up") {
  const TemporaryFolder folder;
  write_curves(folder.path("a.png"), two_levels(), {600, 400});
  const DecodedPng png(content_of(folder.path("a.png")));
  REQUIRE(png.width() == 600);
  REQUIRE(png.height() == 400);
  // The frame spans y 42 .. 342: margin 12, 30 above, 46 below.
  CHECK(row_of(png, 200, curve_color(0)) == Approx(342 - 0.25 * 300).margin(2));
  CHECK(row_of(png, 200, curve_color(1)) == Approx(342 - 0.75 * 300).margin(2));
}

TEST_CASE("curves: a value without a place leaves a gap") {
  const TemporaryFolder folder;
  write_curves(folder.path("a.png"), two_levels(), {600, 400});
  const DecodedPng png(content_of(folder.path("a.png")));
  std::int64_t without = 0;
  for (std::int64_t x = 100; x < 560; ++x)
    without += row_of(png, x, curve_color(1)) < 0 ? 1 : 0;
  // From x = 4 to 6 of 10, over the width of some 520 px.
  CHECK(without > 80);
  CHECK(without < 130);
}

TEST_CASE("curves: empty plots and lone values can be drawn in every format") {
  const TemporaryFolder folder;
  CurvePlot plot;
  for (const char* name : {"a.png", "a.svg", "a.pdf"})
    write_curves(folder.path(name), plot);
  plot.curves = {{.label = "one", .x = {1}, .y = {2}}, {.label = "none", .x = {}, .y = {}}};
  plot.y.is_logarithmic = true;
  for (const char* name : {"b.png", "b.svg", "b.pdf"})
    write_curves(folder.path(name), plot);
  CHECK(folder.file_count() == 6);
}

TEST_CASE("curves: x and y of unlike length are a broken promise") {
  const TemporaryFolder folder;
  CurvePlot plot;
  plot.curves = {{.label = "a", .x = {1, 2}, .y = {1}}};
  CHECK_THROWS_AS(write_curves(folder.path("a.png"), plot), Error);
}
