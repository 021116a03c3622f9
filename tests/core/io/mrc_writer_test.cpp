#include "core/io/mrc_writer.h"

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/io/byte_order.h"
#include "core/io/mrc_reader.h"
#include "tests/support/captured_log.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

#include <sys/wait.h>

#include <cmath>
#include <cstdlib>
#include <limits>

using namespace limpid;
using limpid::test::CapturedLog;
using limpid::test::content_of;
using limpid::test::TemporaryFolder;

namespace {

Image noise(std::int64_t width, std::int64_t height, double mean, double sigma) {
  Image image(width, height);
  RandomSequence random(5, static_cast<std::uint64_t>(width));
  for (float& pixel : image.pixels())
    pixel = static_cast<float>(mean + sigma * random.normal());
  return image;
}

MrcWriteOptions options(MrcMode mode) {
  MrcWriteOptions result;
  result.mode = mode;
  result.pixel_size_angstrom = 0.6575;
  result.label = "limpid test";
  return result;
}

template <class T>
T header_field(const std::string& file, std::size_t offset) {
  return load<T>(reinterpret_cast<const std::byte*>(file.data()) + offset);
}

}  // namespace

TEST_CASE("mrc_writer: float32 comes back bit by bit") {
  const TemporaryFolder folder;
  for (const auto& [width, height] : {std::pair<int, int>{1, 1}, {17, 3}, {1200, 1100}}) {
    const Image image = noise(width, height, 7, 2);
    const MrcWriteResult result = write_mrc(folder.path("a.mrc"), image, options(MrcMode::float32));
    CHECK(result.clamped_count == 0);
    CHECK(result.size_bytes == std::filesystem::file_size(folder.path("a.mrc")));
    const MrcReader reader(folder.path("a.mrc"));
    CHECK(reader.header().section_count == 1);
    CHECK(reader.header().pixel_size_angstrom.value() == Approx(0.6575).epsilon(1e-6));
    const Image back = reader.read_section(0);
    CHECK(std::equal(
        image.pixels().begin(), image.pixels().end(), back.pixels().begin(), back.pixels().end()));
  }
}

TEST_CASE("mrc_writer: float16 is rounded to nearest, and clamped pixels are counted") {
  Image image = noise(33, 7, 100, 20);
  image.at(0, 0) = 1e6f;
  image.at(5, 5) = -65505.0f;
  image.at(6, 5) = 65504.0f;
  const TemporaryFolder folder;
  CHECK(write_mrc(folder.path("a.mrc"), image, options(MrcMode::float16)).clamped_count == 2);
  const Image back = MrcReader(folder.path("a.mrc")).read_section(0);
  CHECK(back.at(0, 0) == 65504.0f);
  CHECK(back.at(5, 5) == -65504.0f);
  CHECK(back.at(6, 5) == 65504.0f);
  // Half precision keeps 11 bits: the relative error is at most 2^-11.
  for (std::int64_t i = 1; i < 33; ++i)
    CHECK(std::abs(back.at(i, 3) / image.at(i, 3) - 1) <= 1.0f / 2048);
  const std::string file = content_of(folder.path("a.mrc"));
  CHECK(header_field<float>(file, 76) == -65504.0f);
  CHECK(header_field<float>(file, 80) == 65504.0f);
  CHECK(header_field<float>(file, 216) == -1.0f);
}

TEST_CASE("mrc_writer: the header has the fields of the format and exact statistics") {
  const TemporaryFolder folder;
  const Image image = noise(300, 200, -1e5, 3);
  write_mrc(folder.path("a.mrc"), image, options(MrcMode::float32));
  const std::string file = content_of(folder.path("a.mrc"));
  const std::pair<std::size_t, std::int32_t> integers[] = {{0, 300},
                                                           {4, 200},
                                                           {8, 1},
                                                           {12, 2},
                                                           {16, 0},
                                                           {28, 300},
                                                           {32, 200},
                                                           {36, 1},
                                                           {64, 1},
                                                           {68, 2},
                                                           {72, 3},
                                                           {88, 0},
                                                           {92, 0},
                                                           {104, 0},
                                                           {108, 20141},
                                                           {152, 0},
                                                           {156, 0},
                                                           {220, 1},
                                                           {212, 0x00004444}};
  for (const auto& [offset, value] : integers) {
    INFO("byte " << offset);
    CHECK(header_field<std::int32_t>(file, offset) == value);
  }
  for (const std::size_t angle : {52u, 56u, 60u})
    CHECK(header_field<float>(file, angle) == 90.0f);
  CHECK(header_field<float>(file, 40) == Approx(300 * 0.6575));
  CHECK(header_field<float>(file, 44) == Approx(200 * 0.6575));
  CHECK(header_field<float>(file, 48) == Approx(0.6575));
  CHECK(file.substr(208, 4) == "MAP ");
  CHECK(file.substr(224, 80) == "limpid test" + std::string(69, ' '));

  double mean = 0, variance = 0;
  for (const float pixel : image.pixels())
    mean += static_cast<double>(pixel) / 60000;
  for (const float pixel : image.pixels())
    variance += std::pow(static_cast<double>(pixel) - mean, 2) / 60000;
  const auto [low, high] = std::minmax_element(image.pixels().begin(), image.pixels().end());
  CHECK(header_field<float>(file, 76) == *low);
  CHECK(header_field<float>(file, 80) == *high);
  CHECK(header_field<float>(file, 84) == static_cast<float>(mean));
  CHECK(header_field<float>(file, 216) == Approx(std::sqrt(variance)).epsilon(1e-6));
}

TEST_CASE("mrc_writer: integer stacks are rounded and clamped") {
  const TemporaryFolder folder;
  Image image(5, 1);
  const float values[] = {2.5f, 3.5f, -1.25f, 1e9f, -1e9f};
  std::copy(std::begin(values), std::end(values), image.pixels().begin());
  struct Case {
    MrcMode mode;
    float low, high;
    std::int64_t clamped;
  };
  for (const Case& test : {Case{MrcMode::int8, -128, 127, 2},
                           Case{MrcMode::int16, -32768, 32767, 2},
                           Case{MrcMode::uint16, 0, 65535, 3}}) {
    MrcWriter writer(folder.path("a.mrcs"), 5, 1, options(test.mode), 3);
    for (int section = 0; section < 3; ++section) {
      image.at(0, 0) = static_cast<float>(section);
      writer.append(image);
    }
    CHECK(writer.commit().clamped_count == 3 * test.clamped);
    const MrcReader reader(folder.path("a.mrcs"));
    CHECK(reader.header().section_count == 3);
    CHECK(reader.header().mode == test.mode);
    for (int section = 0; section < 3; ++section) {
      const Image back = reader.read_section(section);
      CHECK(back.at(0, 0) == static_cast<float>(section));
      CHECK(back.at(1, 0) == 4.0f);
      CHECK(back.at(2, 0) == std::max(-1.0f, test.low));
      CHECK(back.at(3, 0) == test.high);
      CHECK(back.at(4, 0) == test.low);
    }
  }
}

TEST_CASE("mrc_writer: what the source file carried is kept") {
  MrcWriteOptions kept = options(MrcMode::float32);
  kept.metadata.start = {-5, 6, 0};
  kept.metadata.origin = {1.0f, -2.0f, 3.0f};
  kept.metadata.extended_type = {'F', 'E', 'I', '1'};
  kept.metadata.extended_counts = {3, 9};
  kept.metadata.extended_header.assign(768, std::byte{42});
  for (int i = 0; i < 10; ++i)
    kept.metadata.labels.push_back("source label " + std::to_string(i));
  const TemporaryFolder folder;
  write_mrc(folder.path("a.mrc"), noise(4, 4, 0, 1), kept);
  const MrcReader reader(folder.path("a.mrc"));
  const MrcMetadata& back = reader.header().metadata;
  CHECK(back.start == kept.metadata.start);
  CHECK(back.origin == kept.metadata.origin);
  CHECK(back.extended_type == kept.metadata.extended_type);
  CHECK(back.extended_counts == kept.metadata.extended_counts);
  CHECK(back.extended_header == kept.metadata.extended_header);
  REQUIRE(back.labels.size() == 10);
  CHECK(back.labels[8] == "source label 8");
  CHECK(back.labels[9] == "limpid test");
}

TEST_CASE("mrc_writer: an extended header that would mislead readers is dropped with a warning") {
  const TemporaryFolder folder;
  for (const bool is_big_endian : {false, true}) {
    MrcWriteOptions dropped = options(MrcMode::float32);
    dropped.metadata.extended_header.assign(16, std::byte{1});
    dropped.metadata.extended_type = {'F', 'E', 'I', is_big_endian ? '1' : '9'};
    dropped.metadata.extended_is_big_endian = is_big_endian;
    const CapturedLog log;
    write_mrc(folder.path("a.mrc"), Image(2, 2, 1.0f), dropped);
    CHECK_THAT(log.warnings(), ContainsSubstring("extended header of 16 bytes is not copied"));
    const MrcReader reader(folder.path("a.mrc"));
    CHECK(reader.header().metadata.extended_header.empty());
    CHECK(reader.header().metadata.extended_type == std::array<char, 4>{});
  }
}

TEST_CASE("mrc_writer: the same image gives the same bytes for any number of threads") {
  const TemporaryFolder folder;
  const Image image = noise(1500, 900, 3, 1);
  for (const MrcMode mode : {MrcMode::float32, MrcMode::float16}) {
    std::string first;
    for (const int threads : {1, 2, 5}) {
      set_thread_count(threads);
      write_mrc(folder.path("a.mrc"), image, options(mode));
      if (first.empty())
        first = content_of(folder.path("a.mrc"));
      CHECK(content_of(folder.path("a.mrc")) == first);
    }
  }
  set_thread_count(0);
}

TEST_CASE("mrc_writer: a pixel that is not finite is never written") {
  const TemporaryFolder folder;
  for (const MrcMode mode : {MrcMode::float32, MrcMode::float16, MrcMode::int16})
    for (const float bad :
         {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
      Image image(50, 40);
      image.at(49, 39) = bad;
      CHECK_THROWS_WITH(write_mrc(folder.path("a.mrc"), image, options(mode)),
                        ContainsSubstring("row 39 holds a pixel that is not a finite number"));
    }
  CHECK(folder.file_count() == 0);
}

TEST_CASE("mrc_writer: images of another size and empty stacks are refused") {
  const TemporaryFolder folder;
  MrcWriter writer(folder.path("a.mrc"), 4, 4, options(MrcMode::float32));
  CHECK_THROWS_AS(writer.append(Image(4, 5)), Error);
  CHECK_THROWS_AS(writer.commit(), Error);
  CHECK_THROWS_AS(write_mrc(folder.path("b.mrc"), Image(2, 2), options(MrcMode::uint4)), Error);
}

TEST_CASE("mrc_writer: files pass the validator of the Python package mrcfile") {
  const TemporaryFolder folder;
  const auto runs = [](const std::string& command) {
    const int status = std::system(command.c_str());
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  };
  std::string validator;
  for (const char* candidate : {"mrcfile-validate", "/usr/bin/mrcfile-validate"})
    if (validator.empty() && runs("command -v " + std::string(candidate) + " > /dev/null 2>&1"))
      validator = candidate;
  if (validator.empty()) {
    WARN("SKIPPED: mrcfile is not installed");
    return;
  }
  std::string files;
  const auto write = [&](const Image& image, MrcWriteOptions choice) {
    const std::string path = folder.path("file" + std::to_string(folder.file_count()) + ".mrc");
    write_mrc(path, image, choice);
    files += ' ' + path;
  };
  for (const MrcMode mode :
       {MrcMode::float32, MrcMode::float16, MrcMode::int8, MrcMode::int16, MrcMode::uint16}) {
    write(noise(1, 1, 5, 1), options(mode));
    write(Image(31, 17, 3.0f), options(mode));
    write(Image(31, 17, 0.0f), options(mode));
    write(noise(257, 129, 1000, 30), options(mode));
    write(noise(512, 512, -4, 0.01), options(mode));
    write(noise(64, 64, 0, 1e5), options(mode));
    MrcWriteOptions rich = options(mode);
    rich.pixel_size_angstrom.reset();
    rich.metadata.extended_type = {'S', 'E', 'R', 'I'};
    rich.metadata.extended_header.assign(128, std::byte{7});
    rich.metadata.labels.assign(12, "a label");
    write(noise(20, 10, 1, 1), rich);
    MrcWriter stack(folder.path("stack.mrcs"), 9, 5, options(mode), 3);
    for (int section = 0; section < 3; ++section)
      stack.append(noise(9, 5, section, 2));
    stack.commit();
    CHECK(runs(validator + ' ' + folder.path("stack.mrcs") + " > " + folder.path("log") + " 2>&1"));
  }
  CHECK(runs(validator + files + " > " + folder.path("log") + " 2>&1"));
  INFO(content_of(folder.path("log")));
  CHECK(content_of(folder.path("log")).find("File appears to be valid") != std::string::npos);
}
