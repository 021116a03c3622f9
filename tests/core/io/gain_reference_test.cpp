#include "core/io/gain_reference.h"

#include "core/base/error.h"
#include "core/io/mrc_writer.h"
#include "tests/support/catch.h"
#include "tests/support/io_tiff_writer.h"
#include "tests/support/temporary_folder.h"

#include <cstring>
#include <limits>

using namespace limpid;
using limpid::test::TemporaryFolder;

namespace {

// 0.5, 1, 1.5, ... in the order of the file.
Image numbered(std::int64_t width, std::int64_t height) {
  Image image(width, height);
  for (std::size_t i = 0; i < image.pixels().size(); ++i)
    image.pixels()[i] = 0.5f * static_cast<float>(i + 1);
  return image;
}

std::string write_tiff_gain(const std::string& path, const Image& image) {
  test::TiffPage page;
  page.width = static_cast<std::uint32_t>(image.width());
  page.height = static_cast<std::uint32_t>(image.height());
  page.bits = 32;
  page.sample_format = 3;
  page.samples.resize(4 * image.pixels().size());
  std::memcpy(page.samples.data(), image.pixels().data(), page.samples.size());
  test::write_tiff(path, {page});
  return path;
}

MovieDescription movie_of(MovieFormat format, std::int64_t width, std::int64_t height) {
  return {.format = format,
          .width = width,
          .height = height,
          .frame_count = 1,
          .pixel_size_angstrom = std::nullopt,
          .file_size_bytes = 0};
}

}  // namespace

TEST_CASE("gain_reference: rows come as those of the movie") {
  const TemporaryFolder folder;
  const Image gain = numbered(3, 2);
  write_mrc(folder.path("gain.mrc"), gain, {});
  write_tiff_gain(folder.path("gain.tif"), gain);
  const MovieDescription movie = movie_of(MovieFormat::tiff, 3, 2);
  const Image from_mrc = read_gain_reference(folder.path("gain.mrc"), "movie", movie);
  const Image from_tiff = read_gain_reference(folder.path("gain.tif"), "movie", movie);
  for (std::int64_t y = 0; y < 2; ++y)
    for (std::int64_t x = 0; x < 3; ++x) {
      CHECK(from_mrc.at(x, y) == gain.at(x, y));
      CHECK(from_tiff.at(x, y) == gain.at(x, 1 - y));
    }
}

TEST_CASE("gain_reference: for electron events there are two kinds and three sizes") {
  const TemporaryFolder folder;
  const Image gain = numbered(2, 2);  // 0.5 1 / 1.5 2
  write_tiff_gain(folder.path("a.gain"), gain);
  write_mrc(folder.path("a.mrc"), gain, {});
  const auto read = [&](const char* name, std::int64_t size) {
    return read_gain_reference(
        folder.path(name), "movie.eer", movie_of(MovieFormat::eer, size, size));
  };
  CHECK(read("a.gain", 2).at(0, 1) == 1.5f);
  CHECK(read("a.gain", 4).at(1, 3) == 1.5f);
  CHECK(read("a.gain", 1).at(0, 0) == 5.0f);
  CHECK(read("a.mrc", 2).at(0, 0) == Approx(1.25 / 0.5));
  CHECK(read("a.mrc", 2).at(1, 1) == Approx(1.25 / 2));
}

TEST_CASE("gain_reference: other sizes are refused, pixels that do not work are 0") {
  const TemporaryFolder folder;
  Image gain = numbered(3, 2);
  gain.at(1, 1) = std::numeric_limits<float>::quiet_NaN();
  write_tiff_gain(folder.path("a.tif"), gain);
  CHECK(read_gain_reference(folder.path("a.tif"), "movie", movie_of(MovieFormat::mrc, 3, 2))
            .at(1, 0) == 0.0f);
  CHECK_THROWS_WITH(
      read_gain_reference(folder.path("a.tif"), "m.mrcs", movie_of(MovieFormat::mrc, 2, 3)),
      "the gain reference '" + folder.path("a.tif") +
          "' has 3 x 2 pixels, the frames of 'm.mrcs' have 2 x 3");
  write_tiff_gain(folder.path("zeros.tif"), Image(3, 2));
  CHECK_THROWS_WITH(
      read_gain_reference(folder.path("zeros.tif"), "m", movie_of(MovieFormat::mrc, 3, 2)),
      ContainsSubstring("zeros alone"));
}
