#include "core/io/mrc_stream.h"

#include "core/io/mrc_reader.h"
#include "tests/support/captured_log.h"
#include "tests/support/catch.h"
#include "tests/support/io_compressed.h"
#include "tests/support/io_mrc_bytes.h"
#include "tests/support/temporary_folder.h"

#include <vector>

using namespace limpid;
using limpid::test::compressed;
using limpid::test::MrcBytes;
using limpid::test::TemporaryFolder;

namespace {

MrcBytes numbered(std::int32_t sections, std::int32_t mode, bool is_big_endian) {
  MrcBytes file(7, 5, sections, mode, is_big_endian);
  file.pixel_size(1.25f).extended_header("FEI1", std::vector<std::byte>(77, std::byte{3}));
  for (std::int32_t i = 0; i < 35 * sections; ++i)
    if (mode == 0)
      file.pixel(static_cast<std::int8_t>(i));
    else if (mode == 1)
      file.pixel(static_cast<std::int16_t>(i));
    else
      file.pixel(static_cast<float>(i));
  return file;
}

std::string refusal(const std::string& path) {
  try {
    MrcStream stream(path);
    std::vector<float> pixels(static_cast<std::size_t>(stream.header().width));
    for (std::int64_t row = 0; row < stream.header().height * stream.header().section_count; ++row)
      stream.read_rows(pixels);
    stream.finish();
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::input);
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("mrc_stream: sections are those of the same file uncompressed") {
  const TemporaryFolder folder;
  for (const Compression compression : {Compression::gzip, Compression::bzip2})
    for (const std::int32_t mode : {0, 1, 2})
      for (const bool is_big_endian : {false, true}) {
        const MrcBytes file = numbered(3, mode, is_big_endian);
        const MrcReader reader(folder.write("plain", file.bytes()));
        MrcStream stream(folder.write("packed", compressed(file.bytes(), compression)));
        CHECK(stream.header().width == 7);
        CHECK(stream.header().section_count == 3);
        CHECK(stream.header().metadata.extended_header == reader.header().metadata.extended_header);
        CHECK(stream.compression() == compression);
        stream.skip_section();
        for (std::int64_t section = 1; section < 3; ++section) {
          const Image expected = reader.read_section(section);
          Image image(7, 5);
          stream.read_rows(image.pixels().first(14));
          stream.read_rows(image.pixels().subspan(14));
          CHECK(
              std::equal(image.pixels().begin(), image.pixels().end(), expected.pixels().begin()));
        }
        stream.finish();
      }
}

TEST_CASE("mrc_stream: content that does not fit its header is refused") {
  const TemporaryFolder folder;
  const test::CapturedLog log;
  for (const Compression compression : {Compression::gzip, Compression::bzip2}) {
    const auto refusal_of = [&](const MrcBytes& file) {
      return refusal(folder.write("a", compressed(file.bytes(), compression)));
    };
    const MrcBytes whole = numbered(2, 1, false);
    CHECK(refusal_of(whole) == "accepted");
    MrcBytes cut = whole;
    CHECK_THAT(
        refusal_of(cut.resize(whole.bytes().size() - 1)),
        ContainsSubstring("the compressed content is truncated: it ends at byte 1240 of 1241"));
    CHECK_THAT(refusal_of(cut.resize(1024 + 30)),
               ContainsSubstring("it ends at byte 1054 of 1241"));
    CHECK_THAT(refusal_of(cut.resize(1000)), ContainsSubstring("has 1000 bytes"));
    MrcBytes longer = whole;
    CHECK_THAT(refusal_of(longer.resize(whole.bytes().size() + 70)),
               ContainsSubstring("goes on behind 7 x 5 pixels in 2 sections"));
    CHECK(refusal_of(longer.resize(whole.bytes().size() + 69)) == "accepted");
    MrcBytes strange = whole;
    CHECK_THAT(refusal_of(strange.put(12, std::int32_t{4})), ContainsSubstring("MRC mode 4"));
    CHECK_THAT(refusal_of(strange.put(0, std::int32_t{-4})), ContainsSubstring("positive"));
  }
  CHECK_THAT(log.warnings(), ContainsSubstring("69 bytes after the last pixel are ignored"));
}

TEST_CASE("mrc_stream: a small file that claims or holds gigabytes costs nothing") {
  const TemporaryFolder folder;
  for (const Compression compression : {Compression::gzip, Compression::bzip2}) {
    // More content than claimed: reading stops soon behind the claim.
    MrcBytes bomb(2, 2, 1, 2);
    bomb.resize(64 << 20);
    const std::string path = folder.write("bomb", compressed(bomb.bytes(), compression));
    CHECK(refusal(path).find("goes on behind") != std::string::npos);
    // More than any image may have.
    MrcBytes giant(1 << 20, 1 << 20, 1, 2);
    CHECK_THAT(refusal(folder.write("giant", compressed(giant.bytes(), compression))),
               ContainsSubstring("an image of 1048576 x 1048576 pixels"));
    MrcBytes extended(2, 2, 1, 2);
    extended.put(92, std::int32_t{0x7fffffff}).resize(1040);
    CHECK_THAT(refusal(folder.write("extended", compressed(extended.bytes(), compression))),
               ContainsSubstring("an extended header of 2147483647 bytes"));
  }
  // A claim beyond what gzip can pack into so few bytes is refused before memory is taken.
  MrcBytes claim(16384, 16384, 1, 2);
  CHECK_THAT(refusal(folder.write("claim", compressed(claim.bytes(), Compression::gzip))),
             ContainsSubstring("cannot hold"));
}
