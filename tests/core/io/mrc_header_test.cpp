#include "core/io/mrc_header.h"

#include "core/base/error.h"
#include "tests/support/captured_log.h"
#include "tests/support/catch.h"
#include "tests/support/io_mrc_bytes.h"

#include <cmath>
#include <functional>
#include <limits>

using namespace limpid;
using limpid::test::CapturedLog;
using limpid::test::MrcBytes;

namespace {

MrcHeader parsed(const MrcBytes& file, std::uint64_t size_bytes) {
  return parse_mrc_header(
      MrcHeaderBytes(file.bytes().data(), mrc_header_bytes), size_bytes, "mics/a.mrc");
}

std::string parse_error(const MrcBytes& file, std::uint64_t size_bytes) {
  try {
    parsed(file, size_bytes);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::input);
    CHECK_THAT(error.what(), Catch::StartsWith("reading 'mics/a.mrc': "));
    return error.what();
  }
  return "accepted";
}

// 6 x 4 float32 pixels.
constexpr std::uint64_t small_size_bytes = 1024 + 6 * 4 * 4;
MrcBytes small_file(bool is_big_endian = false) {
  return MrcBytes(6, 4, 1, 2, is_big_endian);
}

constexpr std::int32_t largest = std::numeric_limits<std::int32_t>::max();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

}  // namespace

TEST_CASE("mrc_header: fields are read in both byte orders") {
  for (const bool is_big_endian : {false, true}) {
    MrcBytes file(6, 4, 3, 1, is_big_endian);
    file.pixel_size(0.83f).put(16, std::int32_t{-3}).put(24, std::int32_t{7});
    file.put(196, 1.5f).put(204, -2.5f).put(92, std::int32_t{100}).put_text(104, "SERI");
    file.put(128, std::int16_t{12}).put(130, std::int16_t{34});
    file.put(220, std::int32_t{2}).put_text(224, "first label   ").put_text(304, "second\tlabel");
    const MrcHeader header = parsed(file, 1024 + 100 + 6 * 4 * 3 * 2);
    CHECK(header.width == 6);
    CHECK(header.height == 4);
    CHECK(header.section_count == 3);
    CHECK(header.mode == MrcMode::int16);
    CHECK(header.is_big_endian == is_big_endian);
    CHECK(header.pixel_size_angstrom.value() == Approx(0.83).epsilon(1e-6));
    CHECK(header.data_offset == 1124);
    CHECK(header.row_bytes() == 12);
    CHECK(header.section_bytes() == 48);
    CHECK(header.metadata.start == std::array<std::int32_t, 3>{-3, 0, 7});
    CHECK(header.metadata.origin == std::array<float, 3>{1.5f, 0.0f, -2.5f});
    CHECK(header.metadata.extended_type == std::array<char, 4>{'S', 'E', 'R', 'I'});
    CHECK(header.metadata.extended_counts == std::array<std::int16_t, 2>{12, 34});
    CHECK(header.metadata.extended_is_big_endian == is_big_endian);
    CHECK(header.metadata.labels == std::vector<std::string>{"first label", "second?label"});
  }
}

TEST_CASE("mrc_header: the pixel size is absent when the header gives none") {
  CHECK_FALSE(parsed(small_file(), small_size_bytes).pixel_size_angstrom);
  for (const float cell : {0.0f, -3.0f, not_a_number, std::numeric_limits<float>::infinity()})
    CHECK_FALSE(parsed(small_file().put(40, cell), small_size_bytes).pixel_size_angstrom);
  CHECK_FALSE(parsed(small_file().put(40, 6.0f).put(28, std::int32_t{0}), small_size_bytes)
                  .pixel_size_angstrom);
  // The cell may be sampled more finely than the image is wide.
  CHECK(parsed(small_file().put(40, 24.0f).put(28, std::int32_t{12}), small_size_bytes)
            .pixel_size_angstrom == 2.0);
}

TEST_CASE("mrc_header: bytes are signed unless a stamped header says otherwise") {
  constexpr std::int32_t stamp = 1146047817;
  const auto are_unsigned = [](std::int32_t stamp_value, std::int32_t flags) {
    MrcBytes file(6, 4, 1, 0);
    file.put(152, stamp_value).put(156, flags);
    return parsed(file, 1024 + 24).bytes_are_unsigned;
  };
  CHECK_FALSE(are_unsigned(0, 0));
  CHECK_FALSE(are_unsigned(stamp, 1));
  CHECK_FALSE(are_unsigned(stamp, 5));
  CHECK(are_unsigned(stamp, 0));
  CHECK(are_unsigned(stamp, 4));
}

TEST_CASE("mrc_header: the numbers decide the byte order, the machine stamp only draws") {
  {
    const CapturedLog log;
    CHECK_FALSE(parsed(small_file().put_text(212, "\x11\x11"), small_size_bytes).is_big_endian);
    CHECK_THAT(log.warnings(), ContainsSubstring("stamp says big-endian"));
  }
  {
    const CapturedLog log;
    CHECK(parsed(small_file(true).put_text(212, "DD"), small_size_bytes).is_big_endian);
    CHECK_THAT(log.warnings(), ContainsSubstring("stamp says little-endian"));
  }
  {
    const CapturedLog log;
    CHECK(parsed(small_file(true).put_text(212, std::string_view("\0\0", 2)), small_size_bytes)
              .is_big_endian);
    CHECK(log.warnings().empty());
  }
  // 256 x 256 bytes also make sense as 65536 x 65536 in the other order, in a huge file.
  const std::uint64_t huge = 1ull << 60;
  MrcBytes draw(256, 256, 1 << 8, 0);
  const std::uint64_t size = 1024 + (std::uint64_t{65536} << 32);
  REQUIRE(size < huge);
  CHECK_THAT(parse_error(draw, size), ContainsSubstring("256 x 256"));
  CHECK(parsed(draw.put_text(212, "\x11\x11"), size).width == 65536);
}

TEST_CASE("mrc_header: an image wider than 65535 pixels is read") {
  const MrcHeader header = parsed(MrcBytes(70000, 2, 1, 2), 1024 + 70000ull * 2 * 4);
  CHECK(header.width == 70000);
  CHECK_FALSE(header.is_big_endian);
}

TEST_CASE("mrc_header: a file without 'MAP' is MRC only if its size fits exactly") {
  MrcBytes old = small_file();
  old.put_text(208, std::string_view("\0\0\0\0", 4)).put(196, 1.0f);
  const CapturedLog log;
  CHECK(parsed(old, small_size_bytes).metadata.origin[0] == 0.0f);
  CHECK_THAT(log.warnings(), ContainsSubstring("an old MRC file without 'MAP'"));
  CHECK_THAT(parse_error(old, small_size_bytes - 1), ContainsSubstring("not an MRC file"));
  CHECK_THAT(parse_error(old, small_size_bytes + 1), ContainsSubstring("not an MRC file"));
}

TEST_CASE("mrc_header: bytes behind the last pixel are a warning, another image an error") {
  {
    const CapturedLog log;
    CHECK(parsed(small_file(), small_size_bytes + 95).width == 6);
    CHECK(log.warnings() == "reading 'mics/a.mrc': 95 bytes after the last pixel are ignored\n");
  }
  CHECK_THAT(parse_error(small_file(), small_size_bytes + 96),
             ContainsSubstring("1216 bytes, 96 more than 6 x 4 pixels in 1 sections"));
}

TEST_CASE("mrc_header: odd axis fields are repaired or refused") {
  const auto with_axes = [](std::int32_t x, std::int32_t y, std::int32_t z) {
    return small_file().put(64, x).put(68, y).put(72, z);
  };
  const CapturedLog log;
  CHECK(parsed(with_axes(0, 0, 0), small_size_bytes).width == 6);
  CHECK(log.warnings().empty());
  CHECK(parsed(with_axes(1, 2, 31), small_size_bytes).width == 6);
  CHECK_THAT(log.warnings(), ContainsSubstring("axis order 1 2 31 means nothing"));
  CHECK_THAT(parse_error(with_axes(2, 1, 3), small_size_bytes),
             ContainsSubstring("axis order is 2 1 3"));
}

TEST_CASE("mrc_header: pixels that are not square are a warning") {
  const CapturedLog log;
  CHECK(parsed(small_file().put(40, 6.0f).put(44, 8.0f), small_size_bytes).pixel_size_angstrom ==
        1.0);
  CHECK_THAT(log.warnings(), ContainsSubstring("pixels are 1 x 2 angstrom, 1 is used"));
}

TEST_CASE("mrc_header: hostile and damaged headers are refused before anything is allocated") {
  struct Case {
    const char* what;
    std::function<void(MrcBytes&)> damage;
    std::uint64_t size_bytes;
    const char* message;
  };
  const Case cases[] = {
      {"one byte missing", [](MrcBytes&) {}, small_size_bytes - 1, "1 of 1120 bytes are missing"},
      {"half of the pixels", [](MrcBytes&) {}, 1024 + 48, "48 of 1120 bytes are missing"},
      {"no pixels", [](MrcBytes&) {}, 1024, "96 of 1120 bytes are missing"},
      {"zero width", [](MrcBytes& f) { f.put(0, 0); }, small_size_bytes, "claims 0 x 4"},
      {"negative height", [](MrcBytes& f) { f.put(4, -4); }, small_size_bytes, "claims 6 x -4"},
      {"two negative sizes",
       [](MrcBytes& f) { f.put(0, -6).put(4, -4); },
       small_size_bytes,
       "claims -6 x -4"},
      {"no section", [](MrcBytes& f) { f.put(8, 0); }, small_size_bytes, "in 0 sections"},
      {"all sizes 2^31 - 1",
       [](MrcBytes& f) { f.put(0, largest).put(4, largest).put(8, largest); },
       small_size_bytes,
       "bytes are missing"},
      {"sizes whose product wraps to a small number",
       [](MrcBytes& f) { f.put(0, 1 << 30).put(4, 1 << 30).put(8, 1 << 4); },
       small_size_bytes,
       "bytes are missing"},
      {"sizes whose product wraps to zero in 32 bits",
       [](MrcBytes& f) { f.put(0, 65536).put(4, 65536); },
       small_size_bytes,
       "17179870208 bytes are missing"},
      {"mode -1", [](MrcBytes& f) { f.put(12, -1); }, small_size_bytes, "mode -1 is not supported"},
      {"complex integers",
       [](MrcBytes& f) { f.put(12, 3); },
       small_size_bytes,
       "mode 3 is not supported (modes 0, 1, 2, 6, 12 and 101 are)"},
      {"complex", [](MrcBytes& f) { f.put(12, 4); }, small_size_bytes, "mode 4 is not supported"},
      {"mode 5", [](MrcBytes& f) { f.put(12, 5); }, small_size_bytes, "mode 5 is not supported"},
      {"RGB", [](MrcBytes& f) { f.put(12, 16); }, small_size_bytes, "mode 16 is not supported"},
      {"MRCZ", [](MrcBytes& f) { f.put(12, 6002); }, small_size_bytes, "compressed MRCZ file"},
      {"largest mode",
       [](MrcBytes& f) { f.put(12, largest); },
       small_size_bytes,
       "is not supported"},
      {"negative extended header",
       [](MrcBytes& f) { f.put(92, -1024); },
       small_size_bytes,
       "extended header of -1024 bytes"},
      {"extended header past the end",
       [](MrcBytes& f) { f.put(92, 97); },
       small_size_bytes,
       "97 of 1217 bytes are missing"},
      {"largest extended header",
       [](MrcBytes& f) { f.put(92, largest); },
       small_size_bytes,
       "bytes are missing"},
      {"extended header larger than any, in a sparse file",
       [](MrcBytes& f) { f.put(92, largest); },
       small_size_bytes + largest,
       "expected at most 67108864"}};
  for (const Case& test : cases)
    for (const bool is_big_endian : {false, true}) {
      INFO(test.what);
      MrcBytes file = small_file(is_big_endian);
      test.damage(file);
      CHECK_THAT(parse_error(file, test.size_bytes), ContainsSubstring(test.message));
    }
}
