#include "core/io/eer.h"

#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/io_eer_writer.h"
#include "tests/support/io_tiff_writer.h"
#include "tests/support/temporary_folder.h"

#include <array>
#include <numeric>

using namespace limpid;
using limpid::test::eer_bytes;
using limpid::test::eer_coding;
using limpid::test::EerFile;
using limpid::test::encode_eer_frame;
using limpid::test::random_events;
using limpid::test::TemporaryFolder;

namespace {

constexpr std::array<std::uint16_t, 3> compressions = {65000, 65001, 65002};

std::vector<ElectronEvent> decode(const EerCoding& coding,
                                  std::int64_t width,
                                  std::int64_t height,
                                  const std::string& stored) {
  // An exact copy, so that a sanitizer sees any step beyond it.
  const std::vector<char> bytes(stored.begin(), stored.end());
  std::vector<ElectronEvent> events;
  decode_eer_frame(coding, width, height, std::as_bytes(std::span(bytes)), events);
  return events;
}

std::string refusal(const std::string& path) {
  try {
    EerReader reader(path);
    std::vector<ElectronEvent> events;
    for (std::int64_t frame = 0; frame < reader.header().frame_count; ++frame)
      reader.read_events(frame, events);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::input);
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("eer: bits are those of the format") {
  // Two electrons of 7 + 4 bits, low bits first: a run of 3, place 0b0110 (x 2 ^ 2 = 0, y 1 ^ 2 =
  // 3), a run of 1, place 0b1001 (x 1 ^ 2 = 3, y 2 ^ 2 = 0), and 10 empty pixels: 16 in all.
  // 0000011 0110 0000001 1001 0001010, each with its lowest bit first
  const unsigned long bits = 3ul | (0b0110ul << 7) | (1ul << 11) | (0b1001ul << 18) | (10ul << 22);
  std::string stored;
  for (int i = 0; i < 4; ++i)
    stored.push_back(static_cast<char>(bits >> (8 * i)));
  CHECK(decode(eer_coding(65001), 4, 4, stored) ==
        std::vector<ElectronEvent>{{4 * 3 + 0, 4 * 0 + 3}, {4 * 1 + 3, 4 * 1 + 0}});
  // Entries of 12 bits, two in three bytes: a run of 2 with place 0b1010 (the first of the pixel),
  // then 2 of 4 pixels left.
  CHECK(decode(eer_coding(65000), 5, 1, std::string("\x02\x2a\x00", 3)) ==
        std::vector<ElectronEvent>{{8, 0}});
}

TEST_CASE("eer: what an encoder writes comes back, for every coding") {
  std::vector<EerCoding> codings;
  for (const std::uint16_t compression : compressions)
    codings.push_back(eer_coding(compression));
  codings.push_back({.run_bits = 5, .sub_bits_x = 4, .sub_bits_y = 3});
  codings.push_back({.run_bits = 1, .sub_bits_x = 0, .sub_bits_y = 0});
  codings.push_back({.run_bits = 16, .sub_bits_x = 2, .sub_bits_y = 0, .long_run_has_place = true});
  for (const EerCoding& coding : codings)
    for (const double probability : {0.0, 0.002, 0.05, 0.6, 1.0}) {
      const auto events = random_events(coding, 61, 37, probability, 7);
      CHECK(decode(coding, 61, 37, encode_eer_frame(coding, 61, 37, events)) == events);
    }
}

TEST_CASE("eer: runs that end elsewhere than the frame are refused") {
  for (const std::uint16_t compression : compressions) {
    const EerCoding coding = eer_coding(compression);
    const auto events = random_events(coding, 32, 32, 0.1, 4);
    const std::string stored = encode_eer_frame(coding, 32, 32, events);
    CHECK_THROWS_AS(decode(coding, 32, 31, stored), Error);
    CHECK_THROWS_AS(decode(coding, 32, 33, stored), Error);
    CHECK_THROWS_AS(decode(coding, 32, 32, stored.substr(0, stored.size() / 2)), Error);
    CHECK_THROWS_AS(decode(coding, 32, 32, ""), Error);
    // Padding behind the end means nothing.
    CHECK(decode(coding, 32, 32, stored + "ThermoFisherECComprOK000") == events);
  }
}

TEST_CASE("eer: files of all three compressions, frame by frame") {
  const TemporaryFolder folder;
  for (const std::uint16_t compression : compressions)
    for (const int strips : {1, 3}) {
      EerFile file{.width = 24, .height = 15, .compression = compression};
      file.coding = eer_coding(compression);
      file.strip_count = strips;
      file.has_tag_y = strips == 1;
      std::vector<std::vector<ElectronEvent>> frames;
      for (std::uint64_t i = 0; i < 5; ++i) {
        frames.push_back(random_events(file.coding, 24, 15, 0.1, i));
        file.frames.push_back(encode_eer_frame(file.coding, 24, 15, frames.back()));
      }
      const std::string path = folder.write("a.eer", eer_bytes(file));
      CHECK(is_eer_file(path));
      EerReader reader(path);
      CHECK(reader.header().width == 24);
      CHECK(reader.header().height == 15);
      CHECK(reader.header().frame_count == 5);
      CHECK(reader.file_size_bytes() == test::content_of(path).size());
      std::vector<ElectronEvent> events;
      for (const std::size_t i : {0, 1, 2, 3, 4, 2, 0}) {
        reader.read_events(static_cast<std::int64_t>(i), events);
        CHECK(events == frames[i]);
      }
    }
}

TEST_CASE("eer: electrons are counted on the pixels of each upsampling") {
  const TemporaryFolder folder;
  EerFile file{.width = 4, .height = 2};
  const std::vector<ElectronEvent> events = {{1, 2}, {15, 7}};
  file.frames = {encode_eer_frame(file.coding, 4, 2, events)};
  EerReader reader(folder.write("a.eer", eer_bytes(file)));
  for (const std::int64_t upsampling : {1, 2, 4}) {
    std::vector<float> pixels(static_cast<std::size_t>(8 * upsampling * upsampling));
    reader.add_frame(0, upsampling, pixels);
    reader.add_frame(0, upsampling, pixels);
    const std::int64_t row = 4 * upsampling;
    for (const ElectronEvent& event : events)
      CHECK(pixels[static_cast<std::size_t>(event.y * upsampling / 4 * row +
                                            event.x * upsampling / 4)] == 2.0f);
    CHECK(std::accumulate(pixels.begin(), pixels.end(), 0.0f) == 4.0f);
  }
  file.compression = 65002;
  file.coding = eer_coding(65002);
  file.frames = {encode_eer_frame(file.coding, 4, 2, {{1, 1}})};
  EerReader coarse(folder.write("b.eer", eer_bytes(file)));
  std::vector<float> pixels(128);
  CHECK_THROWS_WITH(coarse.add_frame(0, 4, pixels), ContainsSubstring("resolves 2 x 2 places"));
}

TEST_CASE("eer: whatever is not an EER movie is named") {
  const TemporaryFolder folder;
  EerFile file{.width = 8, .height = 8};
  const std::string frame = encode_eer_frame(file.coding, 8, 8, {{5, 5}});
  file.frames = {frame, frame};
  const std::string whole = eer_bytes(file);
  CHECK(refusal(folder.write("a.eer", whole)) == "accepted");
  CHECK_THAT(refusal(folder.write("a.eer", whole.substr(0, whole.size() - 30))),
             ContainsSubstring("reading '" + folder.path("a.eer")));
  file.frames[1] = frame.substr(0, frame.size() - 1);
  const std::string message = refusal(folder.write("a.eer", eer_bytes(file)));
  CHECK_THAT(message, ContainsSubstring("frame 2: "));
  CHECK_THAT(message, ContainsSubstring("the frame is damaged"));
  file.compression = 65002;
  file.coding.run_bits = 60;
  CHECK_THAT(refusal(folder.write("a.eer", eer_bytes(file))),
             ContainsSubstring("numbers of bits that make sense"));
  test::TiffPage page;
  page.samples = {std::byte{3}};
  test::write_tiff(folder.path("a.tif"), {page});
  CHECK_FALSE(is_eer_file(folder.path("a.tif")));
  CHECK_THAT(refusal(folder.path("a.tif")), ContainsSubstring("no page holds electrons"));
  CHECK_THAT(refusal(folder.write("a.eer", "no TIFF")), ContainsSubstring("not a readable TIFF"));
}
