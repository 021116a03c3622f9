#include "core/io/mrc_reader.h"

#include "core/base/parallel.h"
#include "tests/support/catch.h"
#include "tests/support/io_mrc_bytes.h"
#include "tests/support/temporary_folder.h"

#include <cmath>
#include <limits>
#include <thread>

using namespace limpid;
using limpid::test::MrcBytes;
using limpid::test::TemporaryFolder;

namespace {

// Widths and heights with remainders for every group size.
constexpr std::int32_t width = 21;
constexpr std::int32_t height = 5;
constexpr std::int32_t sections = 2;
constexpr std::int32_t pixel_count = width * height * sections;

// Stores pixel i of all sections as value(i) and expects the reader to give float(expected(i)).
template <class Value, class Expected>
void check_mode(std::int32_t mode, Value value, Expected expected, std::int32_t imod_flags = -1) {
  for (const bool is_big_endian : {false, true}) {
    INFO("mode " << mode << (is_big_endian ? ", big-endian" : ", little-endian"));
    MrcBytes file(width, height, sections, mode, is_big_endian);
    if (imod_flags >= 0)
      file.put(152, std::int32_t{1146047817}).put(156, imod_flags);
    for (std::int32_t i = 0; i < pixel_count; ++i)
      file.pixel(value(i));
    const TemporaryFolder folder;
    const MrcReader reader(folder.write("a.mrcs", file.bytes()));
    REQUIRE(reader.header().section_count == sections);
    std::int32_t i = 0;
    for (std::int64_t section = 0; section < sections; ++section) {
      const Image image = reader.read_section(section);
      for (const float pixel : image.pixels())
        CHECK(pixel == static_cast<float>(expected(i++)));
    }
  }
}

}  // namespace

TEST_CASE("mrc_reader: signed and unsigned bytes") {
  const auto stored = [](std::int32_t i) { return static_cast<std::uint8_t>(i * 5); };
  check_mode(0, stored, [&](std::int32_t i) { return static_cast<std::int8_t>(stored(i)); });
  check_mode(
      0, stored, [&](std::int32_t i) { return stored(i); }, 0);
}

TEST_CASE("mrc_reader: signed and unsigned 16-bit integers") {
  const auto stored = [](std::int32_t i) { return static_cast<std::uint16_t>(i * 313); };
  check_mode(1, stored, [&](std::int32_t i) { return static_cast<std::int16_t>(stored(i)); });
  check_mode(6, stored, [&](std::int32_t i) { return stored(i); });
}

TEST_CASE("mrc_reader: float32") {
  const auto value = [](std::int32_t i) {
    return std::ldexp(static_cast<float>(i) - 50.3f, i % 40);
  };
  check_mode(2, value, value);
}

TEST_CASE("mrc_reader: float16") {
  // 1 + i / 1024, negative for odd i: sign, exponent 15, fraction i.
  check_mode(
      12,
      [](std::int32_t i) { return static_cast<std::uint16_t>((i % 2) << 15 | 0x3c00 | i); },
      [](std::int32_t i) { return (i % 2 ? -1.0 : 1.0) * (1 + i / 1024.0); });
}

TEST_CASE("mrc_reader: 4-bit pixels, low half first, odd rows padded to a byte") {
  for (const std::int32_t row_width : {1, 2, 7, 8}) {
    INFO("width " << row_width);
    const auto value = [&](std::int32_t x, std::int32_t y) { return (3 * x + 5 * y + 1) % 16; };
    MrcBytes file(row_width, 3, 1, 101);
    for (std::int32_t y = 0; y < 3; ++y)
      for (std::int32_t x = 0; x < row_width; x += 2)
        file.pixel(static_cast<std::uint8_t>(value(x, y) |
                                             (x + 1 < row_width ? value(x + 1, y) : 15) << 4));
    const TemporaryFolder folder;
    const Image image = MrcReader(folder.write("a.mrc", file.bytes())).read_section(0);
    for (std::int32_t y = 0; y < 3; ++y)
      for (std::int32_t x = 0; x < row_width; ++x)
        CHECK(image.at(x, y) == static_cast<float>(value(x, y)));
  }
}

TEST_CASE("mrc_reader: NaN and infinity are passed on") {
  const float infinity = std::numeric_limits<float>::infinity();
  const TemporaryFolder folder;
  MrcBytes wide(3, 1, 1, 2);
  wide.pixel(std::numeric_limits<float>::quiet_NaN()).pixel(infinity).pixel(-infinity);
  MrcBytes narrow(3, 1, 1, 12);
  narrow.pixel(std::uint16_t{0x7e00}).pixel(std::uint16_t{0x7c00}).pixel(std::uint16_t{0xfc00});
  for (const auto& file : {wide, narrow}) {
    const Image image = MrcReader(folder.write("a.mrc", file.bytes())).read_section(0);
    CHECK(std::isnan(image.at(0, 0)));
    CHECK(image.at(1, 0) == infinity);
    CHECK(image.at(2, 0) == -infinity);
  }
}

TEST_CASE("mrc_reader: the extended header is kept and skipped") {
  std::vector<std::byte> extended(768);
  for (std::size_t i = 0; i < extended.size(); ++i)
    extended[i] = static_cast<std::byte>(i * 7);
  MrcBytes file(2, 1, 1, 2);
  file.extended_header("FEI1", extended).pixel(4.5f).pixel(-1.0f);
  const TemporaryFolder folder;
  const MrcReader reader(folder.write("a.mrc", file.bytes()));
  CHECK(reader.header().metadata.extended_header == extended);
  CHECK(reader.read_section(0).at(0, 0) == 4.5f);
}

TEST_CASE("mrc_reader: any range of rows, with any number of threads") {
  // More than one block per thread: 3000 rows of 8 kB.
  constexpr std::int32_t wide = 4000;
  constexpr std::int32_t high = 3000;
  MrcBytes file(wide, high, 1, 6);
  file.resize(1024 + std::size_t{wide} * high * 2);
  const auto stored = [](std::int64_t x, std::int64_t y) {
    return static_cast<std::uint16_t>(x * 3 + y * 7);
  };
  for (std::int64_t y = 0; y < high; ++y)
    for (std::int64_t x = 0; x < wide; ++x)
      file.put(1024 + static_cast<std::size_t>(y * wide + x) * 2, stored(x, y));
  const TemporaryFolder folder;
  const MrcReader reader(folder.write("a.mrc", file.bytes()));
  for (const int threads : {1, 3}) {
    set_thread_count(threads);
    for (const auto& [first, rows] :
         {std::pair<int, int>{0, high}, {17, 1}, {2999, 1}, {100, 999}}) {
      std::vector<float> pixels(static_cast<std::size_t>(rows) * wide);
      reader.read_rows(0, first, pixels);
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < pixels.size(); ++i)
        wrong +=
            pixels[i] != static_cast<float>(stored(static_cast<std::int64_t>(i % wide),
                                                   static_cast<std::int64_t>(i / wide) + first));
      CHECK(wrong == 0);
    }
  }
  set_thread_count(0);
}

TEST_CASE("mrc_reader: sections that the file does not have are refused") {
  MrcBytes file(1, 1, 2, 2);
  file.pixel(1.0f).pixel(2.0f);
  const TemporaryFolder folder;
  const MrcReader reader(folder.write("a.mrc", file.bytes()));
  CHECK(reader.read_section(1).at(0, 0) == 2.0f);
  CHECK_THROWS_WITH(reader.read_section(2), ContainsSubstring("the file has sections 0 to 1"));
  CHECK_THROWS_WITH(reader.read_section(-1), ContainsSubstring("section -1 was asked for"));
  std::vector<float> pixels(2);
  CHECK_THROWS_AS(reader.read_rows(0, 0, pixels), Error);
  CHECK_THROWS_AS(reader.read_rows(0, -1, pixels), Error);
}

TEST_CASE("mrc_reader: a file shorter than a header is refused") {
  const TemporaryFolder folder;
  for (const std::size_t size : {0, 1, 1023})
    CHECK_THROWS_WITH(MrcReader(folder.write("a.mrc", std::string(size, 'M'))),
                      ContainsSubstring("an MRC header alone has 1024"));
}

TEST_CASE("mrc_reader: a file cut while it is read gives an error, no crash") {
  MrcBytes file(100, 100, 1, 2);
  file.resize(1024 + 40000);
  const TemporaryFolder folder;
  const std::string path = folder.write("a.mrc", file.bytes());
  const MrcReader reader(path);
  std::filesystem::resize_file(path, 5000);
  CHECK_THROWS_WITH(reader.read_section(0), ContainsSubstring("the file ends at byte 5000"));
}

TEST_CASE("mrc_reader: a sparse file of 2^40 pixels can be opened but not loaded whole") {
  MrcBytes file(1 << 20, 1 << 20, 1, 0);
  const TemporaryFolder folder;
  const std::string path = folder.write("a.mrc", file.bytes());
  std::error_code refused;
  std::filesystem::resize_file(path, 1024 + (1ull << 40), refused);
  if (refused) {
    WARN("SKIPPED: the temporary folder holds no sparse file of 1 TB");
    return;
  }
  const MrcReader reader(path);
  CHECK_THROWS_WITH(reader.read_section(0), ContainsSubstring("1048576 x 1048576 pixels"));
  std::vector<float> row(1 << 20, 1.0f);
  reader.read_rows(0, (1 << 20) - 1, row);
  CHECK(row.back() == 0.0f);
}

TEST_CASE("mrc_reader: threads share one reader") {
  MrcBytes file(64, 64, 4, 2);
  for (int i = 0; i < 4 * 64 * 64; ++i)
    file.pixel(static_cast<float>(i / (64 * 64)));
  const TemporaryFolder folder;
  const MrcReader reader(folder.write("a.mrc", file.bytes()));
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (int section = 0; section < 4; ++section)
    threads.emplace_back([&, section] {
      for (int round = 0; round < 20; ++round) {
        const Image image = reader.read_section(section);
        for (const float pixel : image.pixels())
          wrong[static_cast<std::size_t>(section)] += pixel != static_cast<float>(section);
      }
    });
  for (std::thread& thread : threads)
    thread.join();
  CHECK(wrong == std::vector<int>(4));
}
