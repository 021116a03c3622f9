#include "plugin/drawing/scale_bar.h"

#include "tests/support/catch.h"
#include "tests/support/decoded_png.h"

using namespace limpid;
using namespace limpid::test;

TEST_CASE("scale bar: its length is round and at most what is allowed") {
  const ScaleBar bar = choose_scale_bar(2.12, 128);  // 271 angstrom at most
  CHECK(bar.length_angstrom == Approx(200));
  CHECK(bar.length_px == Approx(200 / 2.12));
  CHECK(bar.label == "20 nm");
  CHECK(choose_scale_bar(7.5, 130).length_angstrom == Approx(500));
  CHECK(choose_scale_bar(1.0, 100).length_angstrom == Approx(100));
}

TEST_CASE("scale bar: short lengths are in angstrom, fractions too") {
  CHECK(choose_scale_bar(0.5, 120).label == "50 \u00c5");
  CHECK(choose_scale_bar(0.005, 120).label == "0.5 \u00c5");
  CHECK(choose_scale_bar(100, 130).label == "1000 nm");
}

TEST_CASE("scale bar: the white bar on the page has the length it claims") {
  Canvas canvas(PictureFormat::png, {400, 300});
  canvas.fill({0, 0, 400, 300}, {0.5, 0.5, 0.5});
  const ScaleBar bar{200, 100, "20 nm"};
  draw_scale_bar(canvas, {20, 10, 360, 280}, bar);
  const DecodedPng png(canvas.finish());
  // The longest run of white in any row is the bar, not the text.
  std::int64_t longest = 0, left = 0, bottom = 0;
  for (std::int64_t y = 0; y < png.height(); ++y)
    for (std::int64_t x = 0, run = 0; x < png.width(); ++x) {
      run = png.at(x, y) == 0xffffffu ? run + 1 : 0;
      if (run >= longest) {
        longest = run;
        left = x - run + 1;
        bottom = y;
      }
    }
  CHECK(longest == 100);
  CHECK(left > 20);
  CHECK(left + longest < 200);
  CHECK(bottom > 240);
  CHECK(bottom < 290);
}
