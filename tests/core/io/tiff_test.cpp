#include "core/io/tiff.h"

#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/io_tiff_writer.h"
#include "tests/support/temporary_folder.h"

#include <tiff.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <thread>

using namespace limpid;
using limpid::test::content_of;
using limpid::test::TemporaryFolder;
using limpid::test::TiffPage;
using limpid::test::write_tiff;

namespace {

// A page whose sample at (x, y), y counted from the top, is value(x, y).
template <class Sample, class Value>
TiffPage page_of(std::uint32_t width, std::uint32_t height, Value value) {
  TiffPage page;
  page.width = width;
  page.height = height;
  page.bits = 8 * sizeof(Sample);
  page.sample_format = std::is_floating_point_v<Sample> ? SAMPLEFORMAT_IEEEFP
                       : std::is_signed_v<Sample>       ? SAMPLEFORMAT_INT
                                                        : SAMPLEFORMAT_UINT;
  page.samples.resize(sizeof(Sample) * width * height);
  for (std::uint32_t y = 0; y < height; ++y)
    for (std::uint32_t x = 0; x < width; ++x) {
      const Sample sample = static_cast<Sample>(value(x, y));
      std::memcpy(page.samples.data() + (std::size_t{y} * width + x) * sizeof(Sample),
                  &sample,
                  sizeof(Sample));
    }
  return page;
}

TiffPage small_page() {
  return page_of<std::uint8_t>(6, 9, [](std::uint32_t x, std::uint32_t y) { return 10 * y + x; });
}

std::string reading_error(const std::string& path) {
  try {
    TiffReader reader(path);
    for (std::int64_t page = 0; page < reader.header().page_count; ++page)
      reader.read_page(page);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::input);
    CHECK_THAT(error.what(), Catch::StartsWith("reading '" + path + "': "));
    CHECK(std::string(error.what()).find('\n') == std::string::npos);
    return error.what();
  }
  return "accepted";
}

template <class Sample>
void check_type(TiffPixelType type) {
  const auto value = [](std::uint32_t x, std::uint32_t y) {
    return static_cast<double>(x) * 37 + static_cast<double>(y) * 11 -
           (std::is_signed_v<Sample> ? 100 : 0);
  };
  const auto as_sample = [&](std::int64_t x, std::int64_t y) {
    return static_cast<float>(static_cast<Sample>(static_cast<std::int64_t>(
        value(static_cast<std::uint32_t>(x), static_cast<std::uint32_t>(y)))));
  };
  for (const std::uint16_t compression : {COMPRESSION_NONE,
                                          COMPRESSION_LZW,
                                          COMPRESSION_ADOBE_DEFLATE,
                                          COMPRESSION_PACKBITS,
                                          COMPRESSION_ZSTD,
                                          COMPRESSION_LZMA})
    for (const std::uint32_t tile_size : {0u, 16u})
      for (const char* mode : {"w", "wb", "w8"}) {
        if (!test::tiff_has_compression(compression))
          continue;
        INFO("compression " << compression << ", tile " << tile_size << ", mode " << mode);
        TiffPage page = page_of<Sample>(37, 23, [&](std::uint32_t x, std::uint32_t y) {
          return static_cast<Sample>(static_cast<std::int64_t>(value(x, y)));
        });
        page.compression = compression;
        page.tile_size = tile_size;
        page.rows_per_strip = 5;
        const TemporaryFolder folder;
        write_tiff(folder.path("a.tif"), {page}, mode);
        TiffReader reader(folder.path("a.tif"));
        CHECK(reader.header().pixel_type == type);
        const Image image = reader.read_page(0);
        std::size_t wrong = 0;
        for (std::int64_t y = 0; y < 23; ++y)
          for (std::int64_t x = 0; x < 37; ++x)
            wrong += image.at(x, 22 - y) != as_sample(x, y);
        CHECK(wrong == 0);
      }
}

}  // namespace

TEST_CASE("tiff: every type, compression, layout and byte order, with rows flipped") {
  check_type<std::uint8_t>(TiffPixelType::uint8);
  check_type<std::int8_t>(TiffPixelType::int8);
  check_type<std::uint16_t>(TiffPixelType::uint16);
  check_type<std::int16_t>(TiffPixelType::int16);
  check_type<std::uint32_t>(TiffPixelType::uint32);
  check_type<std::int32_t>(TiffPixelType::int32);
  check_type<float>(TiffPixelType::float32);
  check_type<double>(TiffPixelType::float64);
}

TEST_CASE("tiff: half floats") {
  const TemporaryFolder folder;
  for (const char* mode : {"w", "wb"}) {
    TiffPage page = page_of<std::uint16_t>(
        2, 1, [](std::uint32_t x, std::uint32_t) { return x == 0 ? 0x3c00 : 0xc100; });
    page.sample_format = SAMPLEFORMAT_IEEEFP;
    write_tiff(folder.path("a.tif"), {page}, mode);
    TiffReader reader(folder.path("a.tif"));
    CHECK(reader.header().pixel_type == TiffPixelType::float16);
    CHECK(name(reader.header().pixel_type) == std::string("float16"));
    const Image image = reader.read_page(0);
    CHECK(image.at(0, 0) == 1.0f);
    CHECK(image.at(1, 0) == -2.5f);
  }
}

TEST_CASE("tiff: pages are read in any order") {
  const TemporaryFolder folder;
  std::vector<TiffPage> pages;
  for (int i = 0; i < 40; ++i)
    pages.push_back(page_of<std::int16_t>(
        3, 2, [i](std::uint32_t x, std::uint32_t) { return 100 * i + static_cast<int>(x); }));
  write_tiff(folder.path("a.tif"), pages);
  TiffReader reader(folder.path("a.tif"));
  REQUIRE(reader.header().page_count == 40);
  for (const int page : {0, 1, 2, 39, 17, 17, 0, 38})
    CHECK(reader.read_page(page).at(2, 1) == static_cast<float>(100 * page + 2));
  CHECK_THROWS_WITH(reader.read_page(40), ContainsSubstring("the file has pages 0 to 39"));
  CHECK_THROWS_WITH(reader.read_page(-1), ContainsSubstring("page -1 was asked for"));
}

TEST_CASE("tiff: the pixel size comes from the resolution, if it is one of a microscope") {
  const TemporaryFolder folder;
  const auto size = [&](float resolution, std::uint16_t unit) {
    TiffPage page = small_page();
    page.resolution = resolution;
    page.resolution_unit = unit;
    write_tiff(folder.path("a.tif"), {page});
    return TiffReader(folder.path("a.tif")).header().pixel_size_angstrom;
  };
  CHECK(size(2.54e8f / 1.06f, RESUNIT_INCH).value() == Approx(1.06).epsilon(1e-6));
  CHECK(size(1e8f / 0.65f, RESUNIT_CENTIMETER).value() == Approx(0.65).epsilon(1e-6));
  CHECK_FALSE(size(1e8f, RESUNIT_NONE));
  CHECK_FALSE(size(72.0f, RESUNIT_INCH));
  CHECK_FALSE(size(0.0f, RESUNIT_INCH));
}

TEST_CASE("tiff: kinds that are not grey-scale images are refused") {
  const TemporaryFolder folder;
  const auto error_of = [&](const std::function<void(TiffPage&)>& change) {
    TiffPage page = small_page();
    change(page);
    const std::size_t row = (std::size_t{page.width} * page.bits * page.samples_per_pixel + 7) / 8;
    page.samples.resize(row * page.height);
    write_tiff(folder.path("a.tif"), {page});
    return reading_error(folder.path("a.tif"));
  };
  CHECK(error_of([](TiffPage&) {}) == "accepted");
  CHECK_THAT(error_of([](TiffPage& page) {
               page.samples_per_pixel = 3;
               page.photometric = PHOTOMETRIC_RGB;
             }),
             ContainsSubstring("3 samples a pixel, expected 1"));
  CHECK_THAT(error_of([](TiffPage& page) { page.samples_per_pixel = 2; }),
             ContainsSubstring("2 samples a pixel"));
  CHECK_THAT(error_of([](TiffPage& page) { page.photometric = PHOTOMETRIC_MINISWHITE; }),
             ContainsSubstring("photometric interpretation 0, expected 1"));
  CHECK_THAT(error_of([](TiffPage& page) { page.orientation = ORIENTATION_BOTLEFT; }),
             ContainsSubstring("orientation 4, expected 1"));
  CHECK_THAT(error_of([](TiffPage& page) { page.bits = 4; }), ContainsSubstring("4 bits a pixel"));
  CHECK_THAT(error_of([](TiffPage& page) { page.bits = 1; }), ContainsSubstring("1 bits a pixel"));
  CHECK_THAT(error_of([](TiffPage& page) { page.bits = 24; }),
             ContainsSubstring("24 bits a pixel in sample format 1"));
  CHECK_THAT(error_of([](TiffPage& page) { page.bits = 64; }),
             ContainsSubstring("64 bits a pixel in sample format 1"));
  CHECK_THAT(error_of([](TiffPage& page) { page.depth = 2; }),
             ContainsSubstring("pages of 2 planes, expected 1"));
}

TEST_CASE("tiff: pages of different sizes or types are refused") {
  const TemporaryFolder folder;
  const TiffPage other_size = page_of<std::uint8_t>(6, 8, [](auto, auto) { return 0; });
  const TiffPage other_type = page_of<std::int8_t>(6, 9, [](auto, auto) { return 0; });
  for (const TiffPage& other : {other_size, other_type}) {
    write_tiff(folder.path("a.tif"), {small_page(), small_page(), other});
    CHECK_THAT(reading_error(folder.path("a.tif")), ContainsSubstring("page 3 has 6 x"));
  }
}

namespace {

// A little-endian TIFF put together by hand: one directory with the given entries.
class RawTiff {
 public:
  RawTiff& entry(std::uint16_t tag, std::uint16_t type, std::uint32_t count, std::uint32_t value) {
    entries_.push_back({tag, type, count, value});
    return *this;
  }
  RawTiff& replace(std::uint16_t tag, std::uint32_t value) {
    for (Entry& entry : entries_)
      if (entry.tag == tag)
        entry.value = value;
    return *this;
  }
  std::string bytes(std::uint32_t next_directory, const std::string& data) const {
    std::string result("II*\0\x08\0\0\0", 8);
    append<std::uint16_t>(result, static_cast<std::uint16_t>(entries_.size()));
    for (const Entry& entry : entries_) {
      append(result, entry.tag);
      append(result, entry.type);
      append(result, entry.count);
      append(result, entry.value);
    }
    append(result, next_directory);
    return result + data;
  }
  // Where the data begin.
  std::uint32_t data_offset() const {
    return static_cast<std::uint32_t>(8 + 2 + 12 * entries_.size() + 4);
  }

 private:
  struct Entry {
    std::uint16_t tag, type;
    std::uint32_t count, value;
  };
  template <class T>
  static void append(std::string& text, T value) {
    text.append(reinterpret_cast<const char*>(&value), sizeof(T));
  }
  std::vector<Entry> entries_;
};

// 4 x 4 bytes in one strip.
RawTiff raw_strip_file() {
  RawTiff file;
  file.entry(TIFFTAG_IMAGEWIDTH, TIFF_LONG, 1, 4).entry(TIFFTAG_IMAGELENGTH, TIFF_LONG, 1, 4);
  file.entry(TIFFTAG_BITSPERSAMPLE, TIFF_SHORT, 1, 8).entry(TIFFTAG_COMPRESSION, TIFF_SHORT, 1, 1);
  file.entry(TIFFTAG_PHOTOMETRIC, TIFF_SHORT, 1, 1).entry(TIFFTAG_STRIPOFFSETS, TIFF_LONG, 1, 0);
  file.entry(TIFFTAG_ROWSPERSTRIP, TIFF_LONG, 1, 4);
  file.entry(TIFFTAG_STRIPBYTECOUNTS, TIFF_LONG, 1, 16);
  return file.replace(TIFFTAG_STRIPOFFSETS, file.data_offset());
}

RawTiff raw_tile_file() {
  RawTiff file;
  file.entry(TIFFTAG_IMAGEWIDTH, TIFF_LONG, 1, 4).entry(TIFFTAG_IMAGELENGTH, TIFF_LONG, 1, 4);
  file.entry(TIFFTAG_BITSPERSAMPLE, TIFF_SHORT, 1, 8).entry(TIFFTAG_COMPRESSION, TIFF_SHORT, 1, 1);
  file.entry(TIFFTAG_PHOTOMETRIC, TIFF_SHORT, 1, 1).entry(TIFFTAG_TILEWIDTH, TIFF_LONG, 1, 16);
  file.entry(TIFFTAG_TILELENGTH, TIFF_LONG, 1, 16).entry(TIFFTAG_TILEOFFSETS, TIFF_LONG, 1, 0);
  file.entry(TIFFTAG_TILEBYTECOUNTS, TIFF_LONG, 1, 256);
  return file.replace(TIFFTAG_TILEOFFSETS, file.data_offset());
}

}  // namespace

TEST_CASE("tiff: hostile and damaged files are refused") {
  const TemporaryFolder folder;
  const std::string data(16, 'x');
  const std::string tile(256, 'x');
  const auto error_of = [&](const std::string& bytes) {
    return reading_error(folder.write("a.tif", bytes));
  };
  REQUIRE(error_of(raw_strip_file().bytes(0, data)) == "accepted");
  REQUIRE(error_of(raw_tile_file().bytes(0, tile)) == "accepted");

  struct Case {
    const char* what;
    std::string bytes;
    const char* message;
  };
  const auto strips = [](std::uint16_t tag, std::uint32_t value) {
    return raw_strip_file().replace(tag, value);
  };
  const auto tiles = [](std::uint16_t tag, std::uint32_t value) {
    return raw_tile_file().replace(tag, value);
  };
  const std::string whole = raw_strip_file().bytes(0, data);
  const Case cases[] = {
      {"signature only", whole.substr(0, 4), "not a readable TIFF file"},
      {"directory behind the end", std::string("II*\0\xff\xff\xff\x7f", 8), "not a readable TIFF"},
      {"cut in the directory", whole.substr(0, 40), "not a readable TIFF"},
      {"one byte missing", raw_strip_file().bytes(0, data.substr(1)), "decoding a strip"},
      {"no pixels", raw_strip_file().bytes(0, ""), "decoding a strip"},
      {"width 0", strips(TIFFTAG_IMAGEWIDTH, 0).bytes(0, data), ""},
      {"giant width",
       strips(TIFFTAG_IMAGEWIDTH, 0xffffffff).bytes(0, data),
       "4294967295 x 4 pixels"},
      {"more pixels than the file has bytes",
       strips(TIFFTAG_IMAGEWIDTH, 20000).replace(TIFFTAG_IMAGELENGTH, 20000).bytes(0, data),
       "take 400000000 bytes, which a file of"},
      {"more pixels than LZW can hold",
       strips(TIFFTAG_COMPRESSION, COMPRESSION_LZW)
           .replace(TIFFTAG_IMAGEWIDTH, 20000)
           .replace(TIFFTAG_IMAGELENGTH, 20000)
           .bytes(0, data),
       "which a file of"},
      {"strip of 3.6 GB",
       strips(TIFFTAG_IMAGEWIDTH, 60000)
           .replace(TIFFTAG_IMAGELENGTH, 60000)
           .replace(TIFFTAG_ROWSPERSTRIP, 60000)
           .bytes(0, data),
       "expected 1 to 536870912 pixels"},
      {"strip behind the end", strips(TIFFTAG_STRIPOFFSETS, 1 << 30).bytes(0, data), "decoding"},
      {"strip of no rows", strips(TIFFTAG_ROWSPERSTRIP, 0).bytes(0, data), ""},
      {"tile behind the end", tiles(TIFFTAG_TILEOFFSETS, 1 << 30).bytes(0, tile), "decoding"},
      {"giant tile",
       tiles(TIFFTAG_TILEWIDTH, 1 << 20).replace(TIFFTAG_TILELENGTH, 1 << 20).bytes(0, tile),
       "a tile takes 1099511627776 bytes"},
      {"tile whose size wraps",
       tiles(TIFFTAG_TILEWIDTH, 0xfffffff0).replace(TIFFTAG_TILELENGTH, 0xfffffff0).bytes(0, tile),
       ""},
      {"unknown compression", strips(TIFFTAG_COMPRESSION, 4711).bytes(0, data), "compression 4711"},
      {"electron-event movie", strips(TIFFTAG_COMPRESSION, 65001).bytes(0, data), "an EER movie"},
      {"LZW data that are none",
       strips(TIFFTAG_COMPRESSION, COMPRESSION_LZW).bytes(0, data),
       "decoding a strip"},
      {"Deflate data that are none",
       strips(TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE).bytes(0, data),
       "decoding a strip"},
      {"no width", RawTiff().entry(TIFFTAG_IMAGELENGTH, TIFF_LONG, 1, 4).bytes(0, data), ""},
      {"empty directory", RawTiff().bytes(0, data), ""}};
  for (const Case& test : cases) {
    INFO(test.what);
    const std::string message = error_of(test.bytes);
    CHECK(message != "accepted");
    CHECK_THAT(message, ContainsSubstring(test.message));
  }
}

TEST_CASE("tiff: directories that form a loop do not hang the reader") {
  const TemporaryFolder folder;
  const std::string path = folder.write("a.tif", raw_strip_file().bytes(8, std::string(16, 'x')));
  const std::string message = reading_error(path);
  // Depending on its version, libtiff stops silently or with an error.
  CHECK((message == "accepted" || message.find("going to the next page") != std::string::npos));
}

TEST_CASE("tiff: every truncated file is refused") {
  const TemporaryFolder folder;
  for (const std::uint16_t compression : {COMPRESSION_NONE, COMPRESSION_LZW}) {
    TiffPage page = small_page();
    page.compression = compression;
    write_tiff(folder.path("whole.tif"), {page, page});
    const std::string whole = content_of(folder.path("whole.tif"));
    for (std::size_t size = 0; size < whole.size(); ++size)
      CHECK(reading_error(folder.write("cut.tif", whole.substr(0, size))) != "accepted");
  }
}

TEST_CASE("tiff: readers in several threads keep their messages apart") {
  const TemporaryFolder folder;
  write_tiff(folder.path("good.tif"), {small_page()});
  const std::string bad = folder.write("bad.tif", raw_strip_file().bytes(0, std::string(15, 'x')));
  std::vector<std::thread> threads;
  std::vector<int> failures(4);
  for (std::size_t i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      for (int round = 0; round < 50; ++round)
        try {
          TiffReader(i % 2 == 0 ? folder.path("good.tif") : bad).read_page(0);
        } catch (const Error&) {
          ++failures[i];
        }
    });
  for (std::thread& thread : threads)
    thread.join();
  CHECK(failures == std::vector<int>{0, 50, 0, 50});
}
