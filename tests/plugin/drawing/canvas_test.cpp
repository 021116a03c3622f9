#include "plugin/drawing/canvas.h"

#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/decoded_png.h"
#include "tests/support/temporary_folder.h"

#include <string>

using namespace limpid;
using namespace limpid::test;

namespace {

std::size_t count_of(const std::string& part, const std::string& text) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

std::string two_pages() {
  Canvas canvas(PictureFormat::pdf, {200, 100});
  canvas.text({10, 50}, "first", {});
  canvas.next_page({300, 400});
  canvas.text({10, 50}, "second", {});
  return canvas.finish();
}

template <class Action>
ErrorKind kind_of_error(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.kind();
  }
  return ErrorKind::internal;
}

}  // namespace

TEST_CASE("canvas: the format follows the extension") {
  CHECK(picture_format("a/b.png") == PictureFormat::png);
  CHECK(picture_format("a.b/c.PDF") == PictureFormat::pdf);
  CHECK(picture_format("c.svg") == PictureFormat::svg);
  for (const char* name : {"a.jpg", "png", ".png", "a.png/b", ""})
    CHECK(kind_of_error([&] { picture_format(name); }) == ErrorKind::usage);
}

TEST_CASE("canvas: pixels of an image arrive unchanged") {
  GreyImage image{3, 2, {0, 100, 255, 17, 18, 19}};
  Canvas canvas(PictureFormat::png, {20, 10});
  canvas.image(image, {4, 3, 3, 2});
  canvas.image(image, {10, 3, 6, 4});  // each pixel 2 x 2 times
  const DecodedPng png(canvas.finish());
  REQUIRE(png.width() == 20);
  REQUIRE(png.height() == 10);
  CHECK(png.at(3, 3) == 0xffffffu);
  CHECK(png.at(4, 3) == 0x000000u);
  CHECK(png.at(5, 3) == 0x646464u);
  CHECK(png.at(6, 4) == 0x131313u);
  CHECK(png.at(4, 5) == 0xffffffu);
  CHECK(png.at(12, 4) == 0x646464u);
  CHECK(png.at(15, 6) == 0x131313u);
}

TEST_CASE("canvas: areas and clips end where they should") {
  Canvas canvas(PictureFormat::png, {10, 10});
  canvas.clipped({0, 0, 5, 10}, [&] { canvas.fill({2, 2, 8, 3}, {1, 0, 0}); });
  canvas.outline({6, 6, 2, 2}, {1, {0, 0, 1}});
  const DecodedPng png(canvas.finish());
  CHECK(png.at(2, 2) == 0xff0000u);
  CHECK(png.at(4, 4) == 0xff0000u);
  CHECK(png.at(5, 4) == 0xffffffu);
  CHECK(png.at(2, 5) == 0xffffffu);
  CHECK(png.at(5, 5) == 0x0000ffu);
  CHECK(png.at(8, 8) == 0x0000ffu);
  CHECK(png.at(6, 6) == 0xffffffu);
}

TEST_CASE("canvas: text is drawn where it is put") {
  Canvas canvas(PictureFormat::png, {200, 40});
  const TextStyle style{.size_px = 20, .align = TextAlign::right};
  const double width = canvas.text_width("HHHH", style);
  canvas.text({150, 30}, "HHHH", style);
  const DecodedPng png(canvas.finish());
  std::int64_t first = png.width(), last = 0;
  for (std::int64_t y = 0; y < png.height(); ++y)
    for (std::int64_t x = 0; x < png.width(); ++x)
      if (png.at(x, y) != 0xffffffu) {
        first = std::min(first, x);
        last = std::max(last, x);
      }
  CHECK(first == Approx(150 - width).margin(4));
  CHECK(last == Approx(150).margin(4));
}

TEST_CASE("canvas: a text that is too long keeps its end") {
  Canvas canvas(PictureFormat::png, {10, 10});
  const TextStyle style{};
  CHECK(canvas.fitted_text("short", 500, style) == "short");
  const std::string fitted = canvas.fitted_text(std::string(5000, 'x') + "_0042.mrc", 120, style);
  CHECK(fitted.starts_with("\u2026"));
  CHECK(fitted.ends_with("x_0042.mrc"));
  CHECK(canvas.text_width(fitted, style) <= 120);
  CHECK(canvas.fitted_text("\xff", 500, style) == "?");
}

TEST_CASE("canvas: names of any bytes can be drawn") {
  for (const PictureFormat format : {PictureFormat::png, PictureFormat::svg, PictureFormat::pdf}) {
    Canvas canvas(format, {100, 100});
    canvas.text({0, 50}, "<&\"'>\xff\xfe\n\x01", {});
    CHECK(!canvas.finish().empty());
  }
}

TEST_CASE("canvas: each format has its signature and its end") {
  Canvas svg(PictureFormat::svg, {120, 80});
  svg.line({0, 0}, {50, 50}, {});
  const std::string svg_text = svg.finish();
  CHECK(svg_text.starts_with("<?xml"));
  CHECK(svg_text.find("width=\"120px\"") != std::string::npos);
  CHECK(svg_text.find("</svg>") != std::string::npos);

  const std::string pdf = two_pages();
  CHECK(pdf.starts_with("%PDF-"));
  CHECK(pdf.substr(pdf.size() - 6).find("%%EOF") != std::string::npos);
}

TEST_CASE("canvas: a PDF has as many pages as were begun, each of its size") {
  const std::string pdf = two_pages();
  CHECK(count_of("/Type /Page\n", pdf) + count_of("/Type /Page ", pdf) == 2);
  CHECK(pdf.find("/Count 2") != std::string::npos);
  // 3/4 point for each px.
  CHECK(pdf.find("0 0 150 75 ]") != std::string::npos);
  CHECK(pdf.find("0 0 225 300 ]") != std::string::npos);
  Canvas png(PictureFormat::png, {10, 10});
  CHECK_THROWS_AS(png.next_page({10, 10}), Error);
}

TEST_CASE("canvas: a PDF does not tell when it was made") {
  CHECK(two_pages().find("CreationDate") == std::string::npos);
  CHECK(two_pages() == two_pages());
}

TEST_CASE("canvas: files appear complete or not at all") {
  const TemporaryFolder folder;
  Canvas canvas(PictureFormat::png, {5, 5});
  canvas.save(folder.path("a.png"));
  CHECK(folder.file_count() == 1);
  CHECK(DecodedPng(content_of(folder.path("a.png"))).width() == 5);

  Canvas other(PictureFormat::png, {5, 5});
  CHECK(kind_of_error([&] { other.save(folder.path("missing/a.png")); }) == ErrorKind::storage);
}

TEST_CASE("canvas: a page that cannot be made is an error") {
  CHECK(kind_of_error([] { Canvas(PictureFormat::png, {1e6, 1e6}); }) == ErrorKind::storage);
}
