#include "plugin/drawing/comparison.h"

#include "core/base/error.h"
#include "core/base/random.h"
#include "tests/support/catch.h"
#include "tests/support/decoded_png.h"
#include "tests/support/temporary_folder.h"

#include <cmath>
#include <cstdint>
#include <fstream>
#include <string>

using namespace limpid;
using namespace limpid::test;

namespace {

// A dark lower left quarter.
Image quarter(std::int64_t width, std::int64_t height) {
  Image image(width, height, 10.0f);
  for (std::int64_t y = 0; y < height / 2; ++y)
    for (std::int64_t x = 0; x < width / 2; ++x)
      image.at(x, y) = 6.0f;
  return image;
}

Image with_noise(Image image, double sigma) {
  RandomSequence random(3, 1);
  for (float& pixel : image.pixels())
    pixel += static_cast<float>(sigma * random.normal());
  return image;
}

double mean_grey(const DecodedPng& png, const Rectangle& area) {
  double sum = 0, count = 0;
  for (auto y = static_cast<std::int64_t>(area.y); y < static_cast<std::int64_t>(area.bottom());
       ++y)
    for (auto x = static_cast<std::int64_t>(area.x); x < static_cast<std::int64_t>(area.right());
         ++x) {
      sum += png.at(x, y) & 0xffu;
      count += 1;
    }
  return sum / count;
}

std::size_t memory_bytes(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(field))
      return 1024 * std::stoull(line.substr(field.size()));
  return 0;
}

}  // namespace

TEST_CASE("comparison: panels are raw, denoised, removed and the truth if there is one") {
  const Image truth = quarter(400, 300), raw = with_noise(truth, 2);
  ComparisonInput input{.title = "a", .pixel_size_angstrom = 1.5, .raw = &raw, .denoised = &truth};
  CHECK(make_comparison(input).panels.size() == 3);
  input.truth = &truth;
  const ComparisonPicture picture = make_comparison(input);
  REQUIRE(picture.panels.size() == 4);
  CHECK(picture.panels[0].title == "Raw");
  CHECK(picture.panels[1].title == "Denoised");
  CHECK(picture.panels[2].title == "Removed");
  CHECK(picture.panels[3].title == "Truth");
  CHECK(picture.panels[2].picture.at(7, 5) == raw.at(7, 5) - truth.at(7, 5));
}

TEST_CASE("comparison: panels to be compared have one grey scale") {
  const Image truth = quarter(400, 300), raw = with_noise(truth, 2);
  const Image denoised = with_noise(truth, 0.5);
  const ComparisonPicture picture =
      make_comparison({.title = "a", .raw = &raw, .denoised = &denoised, .truth = &truth});
  CHECK(picture.panels[1].window.low == picture.panels[3].window.low);
  CHECK(picture.panels[1].window.high == picture.panels[3].window.high);
  CHECK(picture.panels[2].window.width() == Approx(picture.panels[0].window.width()));
  CHECK(picture.panels[2].window.low + picture.panels[2].window.high == Approx(0).margin(0.5));
  CHECK(picture.panels[2].spectrum_window.low == picture.panels[0].spectrum_window.low);
}

TEST_CASE("comparison: images of unlike size are refused with their sizes") {
  const Image raw(30, 20), denoised(20, 30);
  CHECK_THROWS_WITH(make_comparison({.title = "a", .raw = &raw, .denoised = &denoised}),
                    ContainsSubstring("20 x 30") && ContainsSubstring("30 x 20"));
}

TEST_CASE("comparison: the picture shows the micrograph with row 0 at the bottom") {
  const TemporaryFolder folder;
  const Image truth = quarter(400, 300), raw = with_noise(truth, 0.5);
  const ComparisonPicture picture =
      make_comparison({.title = "a", .raw = &raw, .denoised = &truth});
  write_comparison(folder.path("a.png"), picture);
  const DecodedPng png(content_of(folder.path("a.png")));
  const Size size = comparison_size(picture);
  CHECK(static_cast<double>(png.width()) == size.width);
  CHECK(static_cast<double>(png.height()) == size.height);
  // The first panel lies at 20, 82.
  CHECK(mean_grey(png, {30, 92, 180, 130}) > 180);
  CHECK(mean_grey(png, {230, 92, 180, 130}) > 180);
  CHECK(mean_grey(png, {30, 242, 180, 130}) < 70);
  CHECK(mean_grey(png, {230, 242, 180, 130}) > 180);
}

TEST_CASE("comparison: the page grows with the numbers below") {
  const Image raw = with_noise(quarter(100, 100), 1);
  ComparisonInput input{.title = "a", .raw = &raw, .denoised = &raw};
  const double without = comparison_size(make_comparison(input)).height;
  input.footer = {"SNR 0.03"};
  const double one_line = comparison_size(make_comparison(input)).height;
  input.footer = std::vector<std::string>(12, "correlation of denoised and removed 0.01");
  const double many_lines = comparison_size(make_comparison(input)).height;
  CHECK(one_line > without);
  CHECK(many_lines > one_line + 40);
}

TEST_CASE("comparison: odd images are drawn in every format") {
  const TemporaryFolder folder;
  const Image images[] = {
      Image(1, 1, 3.0f), Image(200, 300, 1.0f), with_noise(Image(900, 4), 1), Image(50, 40, NAN)};
  for (const Image& image : images)
    for (const char* name : {"a.png", "a.svg", "a.pdf"}) {
      write_comparison(folder.path(name),
                       make_comparison({.title = "\xff<>",
                                        .pixel_size_angstrom = 0.8,
                                        .raw = &image,
                                        .denoised = &image,
                                        .footer = {"\xfe"}}));
      CHECK(content_of(folder.path(name)).size() > 1000);
    }
}

TEST_CASE("comparison: what is prepared beforehand is drawn as what is not") {
  const TemporaryFolder folder;
  const Image raw = with_noise(quarter(300, 200), 1);
  const Image denoised = quarter(300, 200);
  ComparisonPicture picture = make_comparison(
      {.title = "a", .pixel_size_angstrom = 1.2, .raw = &raw, .denoised = &denoised});
  write_comparison(folder.path("drawn.png"), picture);
  prepare_drawing(picture);
  REQUIRE(picture.greys.size() == picture.panels.size());
  write_comparison(folder.path("prepared.png"), picture);
  CHECK(content_of(folder.path("prepared.png")) == content_of(folder.path("drawn.png")));
}

TEST_CASE("comparison: several fit into one PDF") {
  const Image raw = with_noise(quarter(100, 100), 1);
  const ComparisonPicture picture = make_comparison({.title = "a", .raw = &raw, .denoised = &raw});
  Canvas canvas(PictureFormat::pdf, comparison_size(picture));
  draw_comparison(canvas, picture);
  canvas.next_page(comparison_size(picture));
  draw_comparison(canvas, picture);
  CHECK(canvas.finish().find("/Count 2") != std::string::npos);
}

TEST_CASE("comparison: a large micrograph takes little memory beside itself") {
  const Image raw(7420, 7676, 1.0f);
  Image denoised(7420, 7676, 1.0f);
  denoised.at(100, 100) = 2;
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak counts from here
  const std::size_t before = memory_bytes("VmRSS:");
  const ComparisonPicture picture = make_comparison(
      {.title = "a", .pixel_size_angstrom = 0.5, .raw = &raw, .denoised = &denoised});
  Canvas canvas(PictureFormat::png, comparison_size(picture));
  draw_comparison(canvas, picture);
  canvas.finish();
  const std::size_t peak = memory_bytes("VmHWM:");
  CHECK(picture.panels[0].picture.pixel_count() < 520 * 520);
  REQUIRE(peak >= before);
  // A third image would be 228 MB.
  CHECK(peak - before < std::size_t{80} << 20);
}
