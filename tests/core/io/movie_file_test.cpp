#include "core/io/movie_file.h"

#include "core/base/error.h"
#include "core/base/random.h"
#include "tests/support/catch.h"
#include "tests/support/io_compressed.h"
#include "tests/support/io_eer_writer.h"
#include "tests/support/io_mrc_bytes.h"
#include "tests/support/io_tiff_writer.h"
#include "tests/support/temporary_folder.h"

#include <algorithm>

using namespace limpid;
using limpid::test::MrcBytes;
using limpid::test::TemporaryFolder;
using limpid::test::TiffPage;

namespace {

constexpr std::int32_t width = 6, height = 4, frames = 3;

// Counts in MRC order.
std::int8_t count_at(std::int64_t frame, std::int64_t pixel) {
  return static_cast<std::int8_t>(100 * frame / frames + pixel);
}

MrcBytes mrc_movie() {
  MrcBytes file(width, height, frames, 0);
  file.pixel_size(1.5f);
  for (std::int64_t frame = 0; frame < frames; ++frame)
    for (std::int64_t pixel = 0; pixel < width * height; ++pixel)
      file.pixel(count_at(frame, pixel));
  return file;
}

std::vector<TiffPage> tiff_movie() {
  std::vector<TiffPage> pages(frames);
  for (std::size_t frame = 0; frame < frames; ++frame) {
    TiffPage& page = pages[frame];
    page.width = width;
    page.height = height;
    page.compression = 5;
    for (std::int64_t y = height - 1; y >= 0; --y)  // the picture from the top
      for (std::int64_t x = 0; x < width; ++x)
        page.samples.push_back(
            static_cast<std::byte>(count_at(static_cast<std::int64_t>(frame), y * width + x)));
  }
  return pages;
}

std::string refusal(const std::string& path, const EerRendering& rendering = {}) {
  try {
    MovieReader reader(path, rendering);
    Image frame;
    while (reader.next_frame() < reader.description().frame_count)
      reader.read_next(frame);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::input);
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("movie_file: the same frames come from every kind of file") {
  const TemporaryFolder folder;
  test::write_tiff(folder.path("movie.tif"), tiff_movie());
  const struct {
    std::string path;
    MovieFormat format;
  } movies[] = {
      {folder.write("movie.mrcs", mrc_movie().bytes()), MovieFormat::mrc},
      {folder.write("movie.mrc.gz", test::compressed(mrc_movie().bytes(), Compression::gzip)),
       MovieFormat::compressed_mrc},
      {folder.write("movie.mrc.bz2", test::compressed(mrc_movie().bytes(), Compression::bzip2)),
       MovieFormat::compressed_mrc},
      {folder.path("movie.tif"), MovieFormat::tiff}};
  for (const auto& movie : movies)
    for (const std::int64_t skipped : {-1, 0, 1}) {
      MovieReader reader(movie.path);
      CHECK(reader.description().format == movie.format);
      CHECK(reader.description().width == width);
      CHECK(reader.description().height == height);
      CHECK(reader.description().frame_count == frames);
      CHECK(reader.description().file_size_bytes == test::content_of(movie.path).size());
      Image frame;
      for (std::int64_t number = 0; number < frames; ++number) {
        if (number == skipped) {
          reader.skip_next();
          continue;
        }
        reader.read_next(frame);
        for (std::int64_t pixel = 0; pixel < width * height; ++pixel)
          CHECK(frame.at(pixel % width, pixel / width) ==
                static_cast<float>(count_at(number, pixel)));
      }
    }
}

TEST_CASE("movie_file: electron events are added up to fractions, rows as they come") {
  const TemporaryFolder folder;
  test::EerFile file{.width = 8, .height = 8};
  for (int frame = 0; frame < 7; ++frame)
    file.frames.push_back(test::encode_eer_frame(file.coding, 8, 8, {{4 * frame + 3, 4}, {0, 31}}));
  const std::string path = folder.write("movie.eer", test::eer_bytes(file));
  MovieReader reader(path, {.frames_per_fraction = 3, .upsampling = 2});
  CHECK(reader.description().format == MovieFormat::eer);
  CHECK(reader.description().width == 16);
  CHECK(reader.description().frame_count == 2);
  Image fraction;
  for (int number = 0; number < 2; ++number) {
    reader.read_next(fraction);
    CHECK(fraction.at(0, 15) == 3.0f);
    for (int frame = 0; frame < 7; ++frame)
      CHECK(fraction.at(2 * frame + 1, 2) == (frame / 3 == number ? 1.0f : 0.0f));
  }
  CHECK_THAT(refusal(path), ContainsSubstring("7 frames are less than the 40 to be added up"));
}

TEST_CASE("movie_file: 8-bit pages of a packed size hold two pixels a byte, the low half first") {
  const TemporaryFolder folder;
  TiffPage page;
  page.width = 3710;
  page.height = 7676;
  page.compression = 8;
  page.rows_per_strip = 512;
  page.samples.resize(std::size_t{page.width} * page.height);
  page.samples[1] = std::byte{0x52};
  test::write_tiff(folder.path("a.tif"), {page});
  MovieReader reader(folder.path("a.tif"));
  REQUIRE(reader.description().width == 7420);
  Image frame;
  reader.read_next(frame);
  CHECK(frame.at(1, 7675) == 0.0f);
  CHECK(frame.at(2, 7675) == 2.0f);
  CHECK(frame.at(3, 7675) == 5.0f);
  CHECK(frame.at(4, 7675) == 0.0f);
}

TEST_CASE("movie_file: damaged movies are named") {
  const TemporaryFolder folder;
  MrcBytes cut = mrc_movie();
  cut.resize(cut.bytes().size() - 1);
  CHECK_THAT(refusal(folder.write("cut.mrcs", cut.bytes())), ContainsSubstring("1 of 1096 bytes"));
  CHECK_THAT(refusal(folder.write("cut.mrcs.gz", test::compressed(cut.bytes(), Compression::gzip))),
             ContainsSubstring("it ends at byte 1095 of 1096"));
  std::vector<TiffPage> pages = tiff_movie();
  pages[1].height = 2;
  pages[1].samples.resize(width * 2);
  test::write_tiff(folder.path("mixed.tif"), pages);
  CHECK_THAT(refusal(folder.path("mixed.tif")), ContainsSubstring("page 2 has 6 x 2 pixels"));
  CHECK_THAT(refusal(folder.path("missing.eer")), ContainsSubstring("No such file"));
  CHECK_THAT(refusal(folder.write("a.txt", "text")), ContainsSubstring("it is a text file"));
}
