#include "core/io/micrograph_file.h"

#include "core/base/error.h"
#include "core/image/statistics.h"
#include "core/io/mrc_writer.h"
#include "tests/support/catch.h"
#include "tests/support/io_compressed.h"
#include "tests/support/io_mrc_bytes.h"
#include "tests/support/io_tiff_writer.h"
#include "tests/support/temporary_folder.h"

#include <sys/stat.h>

#include <cstring>

using namespace limpid;
using limpid::test::MrcBytes;
using limpid::test::TemporaryFolder;
using limpid::test::TiffPage;

namespace {

// 3 x 2 pixels, 1 to 6 in the order of the file.
TiffPage tiff_page() {
  TiffPage page;
  page.width = 3;
  page.height = 2;
  page.resolution = 1e8f / 1.5f;
  page.resolution_unit = 3;
  for (int i = 1; i <= 6; ++i)
    page.samples.push_back(static_cast<std::byte>(i));
  return page;
}

MrcBytes mrc_bytes() {
  MrcBytes file(3, 2, 1, 12);
  file.pixel_size(1.5f);
  for (const int half : {0x3c00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600})
    file.pixel(static_cast<std::uint16_t>(half));
  return file;
}

// Both functions must refuse a file for the same reason.
std::string refusal(const std::string& path) {
  std::string messages[2];
  for (int i = 0; i < 2; ++i)
    try {
      if (i == 0)
        read_micrograph(path);
      else
        describe_micrograph(path);
      messages[i] = "accepted";
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::input);
      messages[i] = error.what();
    }
  CHECK(messages[0] == messages[1]);
  return messages[0];
}

}  // namespace

TEST_CASE("micrograph_file: the content decides about the format, not the name") {
  const TemporaryFolder folder;
  const std::string mrc = folder.write("mrc.tif", mrc_bytes().bytes());
  const std::string tiff = folder.path("tiff.mrc");
  test::write_tiff(tiff, {tiff_page()});

  const Micrograph from_mrc = read_micrograph(mrc);
  const Micrograph from_tiff = read_micrograph(tiff);
  for (std::int64_t y = 0; y < 2; ++y)
    for (std::int64_t x = 0; x < 3; ++x) {
      CHECK(from_mrc.pixels.at(x, y) == static_cast<float>(1 + x + 3 * y));
      CHECK(from_tiff.pixels.at(x, 1 - y) == static_cast<float>(1 + x + 3 * y));
    }
  CHECK(from_mrc.pixel_size_angstrom.value() == Approx(1.5));
  CHECK(from_tiff.pixel_size_angstrom.value() == Approx(1.5));
}

TEST_CASE("micrograph_file: compressed MRC files are read like others") {
  const TemporaryFolder folder;
  for (const Compression compression : {Compression::gzip, Compression::bzip2}) {
    // Whatever the name.
    const std::string path =
        folder.write("a.mrc", test::compressed(mrc_bytes().bytes(), compression));
    CHECK(detect_micrograph_format(path) == MicrographFormat::compressed_mrc);
    const Micrograph micrograph = read_micrograph(path);
    for (std::int64_t i = 0; i < 6; ++i)
      CHECK(micrograph.pixels.at(i % 3, i / 3) == static_cast<float>(i + 1));
    CHECK(micrograph.pixel_size_angstrom.value() == Approx(1.5));
    const MicrographDescription description = describe_micrograph(path);
    CHECK(description.width == 3);
    CHECK(description.height == 2);
    CHECK(description.pixel_type == std::string("float16 (MRC mode 12), ") + name(compression));
    CHECK(description.file_size_bytes == test::content_of(path).size());
    MrcBytes movie(2, 2, 3, 0);
    movie.resize(1024 + 12);
    CHECK_THAT(refusal(folder.write("b.mrc", test::compressed(movie.bytes(), compression))),
               ContainsSubstring("the file holds 3 sections"));
    CHECK_THAT(
        refusal(folder.write("c.mrc", test::compressed(std::string(5000, 'x'), compression))),
        ContainsSubstring("is not an MRC file"));
  }
}

TEST_CASE("micrograph_file: a description needs only the header") {
  const TemporaryFolder folder;
  const MicrographDescription mrc = describe_micrograph(folder.write("a.mrc", mrc_bytes().bytes()));
  CHECK(mrc.format == MicrographFormat::mrc);
  CHECK(mrc.width == 3);
  CHECK(mrc.height == 2);
  CHECK(mrc.pixel_type == "float16 (MRC mode 12)");
  CHECK(mrc.pixel_size_angstrom.value() == Approx(1.5));
  CHECK(mrc.file_size_bytes == 1024 + 12);
  test::write_tiff(folder.path("a.tif"), {tiff_page()});
  const MicrographDescription tiff = describe_micrograph(folder.path("a.tif"));
  CHECK(tiff.format == MicrographFormat::tiff);
  CHECK(tiff.width == 3);
  CHECK(tiff.pixel_type == "uint8");
  CHECK(name(tiff.format) == std::string("TIFF"));
}

TEST_CASE("micrograph_file: memory is used again when the size stays the same") {
  const TemporaryFolder folder;
  const std::string path = folder.write("a.mrc", mrc_bytes().bytes());
  Micrograph micrograph;
  read_micrograph(path, micrograph);
  const float* memory = micrograph.pixels.pixels().data();
  micrograph.pixels.at(1, 1) = 99.0f;
  read_micrograph(path, micrograph);
  CHECK(micrograph.pixels.pixels().data() == memory);
  CHECK(micrograph.pixels.at(1, 1) == 5.0f);
  test::write_tiff(folder.path("a.tif"), {tiff_page()});
  read_micrograph(folder.path("a.tif"), micrograph);
  CHECK(micrograph.pixels.pixels().data() == memory);
  CHECK(micrograph.pixels.at(0, 1) == 1.0f);
}

TEST_CASE("micrograph_file: what an output inherits survives reading and writing") {
  MrcBytes file(2, 1, 1, 2);
  file.put(16, std::int32_t{4}).put(200, 2.5f);
  file.put(220, std::int32_t{1}).put_text(224, "from the camera");
  file.extended_header("FEI2", std::vector<std::byte>(888, std::byte{9}));
  file.pixel(1.0f).pixel(2.0f);
  const TemporaryFolder folder;
  const Micrograph source = read_micrograph(folder.write("a.mrc", file.bytes()));
  MrcWriteOptions options;
  options.metadata = source.metadata;
  options.label = "second";
  write_mrc(folder.path("b.mrc"), source.pixels, options);
  const Micrograph copy = read_micrograph(folder.path("b.mrc"));
  CHECK(copy.metadata.start[0] == 4);
  CHECK(copy.metadata.origin[1] == 2.5f);
  CHECK(copy.metadata.extended_header == source.metadata.extended_header);
  CHECK(copy.metadata.labels == std::vector<std::string>{"from the camera", "second"});
}

TEST_CASE("micrograph_file: whatever is not a micrograph is named") {
  const TemporaryFolder folder;
  REQUIRE(::mkfifo(folder.path("pipe.mrc").c_str(), 0600) == 0);
  struct Case {
    std::string path;
    const char* message;
  };
  MrcBytes movie(2, 2, 3, 0);
  movie.resize(1024 + 12);
  test::write_tiff(folder.path("movie.tif"), {tiff_page(), tiff_page()});
  MrcBytes mrcz(2, 2, 1, 1002);
  const std::string binary(2000, '\x80');
  const Case cases[] = {
      {folder.path("missing.mrc"), "No such file"},
      {folder.path(), "it is a folder"},
      {folder.path("pipe.mrc"), "it is a pipe"},
      {"/dev/null", "or device"},
      {folder.write("empty.mrc", ""), "the file is empty"},
      {folder.write("text.mrc", "data_micrographs\n"), "it is a text file"},
      {folder.write("long_text.mrc", std::string(5000, 'x')), "it is a text file"},
      {folder.write("short.mrc", std::string("\1\2\3\0", 4)), "neither MRC nor TIFF"},
      {folder.write("unknown.mrc", binary), "neither MRC nor TIFF"},
      {folder.write("zeros.mrc", std::string(4096, '\0')), "neither MRC nor TIFF"},
      {folder.write("a.mrc.gz", "\x1f\x8b\x08 and so on"), "compressed with gzip and damaged"},
      {folder.write("a.mrc.bz2", "BZh91AY&SY and so on"), "compressed with bzip2 and damaged"},
      {folder.write("a.mrc.xz",
                    std::string("\xfd"
                                "7zXZ\0",
                                6)),
       "compressed with xz"},
      {folder.write("a.mrc.zst", "\x28\xb5\x2f\xfd and so on"), "compressed with zstd"},
      {folder.write("a.png", "\x89PNG\r\n\x1a\n"), "a PNG picture"},
      {folder.write("a.hdf", "\x89HDF\r\n\x1a\n"), "an HDF5 file"},
      {folder.write("a.dm4", std::string("\0\0\0\4\0\0\0\0", 8)), "a DigitalMicrograph file"},
      {folder.write("mrcz.mrc", mrcz.bytes()), "compressed MRCZ file"},
      {folder.write("movie.mrc", movie.bytes()), "the file holds 3 sections, a micrograph has one"},
      {folder.path("movie.tif"), "the file holds 2 pages, a micrograph has one"},
      {folder.write("cut.mrc", movie.resize(1030).bytes()), "truncated: 6 of 1036 bytes"}};
  for (const Case& test : cases) {
    const std::string message = refusal(test.path);
    CHECK_THAT(message, ContainsSubstring(test.message));
    CHECK_THAT(message, Catch::StartsWith("reading '" + test.path + "': "));
    CHECK(message.find('\n') == std::string::npos);
  }
}

TEST_CASE("micrograph_file: statistics come with the pixels, whatever the format") {
  const TemporaryFolder folder;
  // Several reads for each thread, and blocks of the statistics that end inside of rows.
  constexpr std::int64_t width = 1700, height = 2600;
  Image image(width, height);
  for (std::size_t i = 0; i < image.pixels().size(); ++i)
    image.pixels()[i] = static_cast<float>(i * 7919 % 1013) / 8;
  write_mrc(folder.path("a.mrc"), image, {});
  MrcWriteOptions halves;
  halves.mode = MrcMode::float16;
  write_mrc(folder.path("b.mrc"), image, halves);
  test::write_tiff(folder.path("c.tif"), {tiff_page()});
  for (const char* name : {"a.mrc", "b.mrc", "c.tif"}) {
    INFO(name);
    Micrograph micrograph;
    const ImageStatistics found =
        read_and_measure_micrograph(folder.path(name), micrograph).total();
    const ImageStatistics expected = measure_statistics(read_micrograph(folder.path(name)).pixels);
    CHECK(found.mean == expected.mean);
    CHECK(found.sigma == expected.sigma);
    CHECK(found.minimum == expected.minimum);
    CHECK(found.maximum == expected.maximum);
    CHECK(found.count == expected.count);
    CHECK(found.non_finite_count == expected.non_finite_count);
  }
}
