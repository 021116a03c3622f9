#include "core/base/error.h"
#include "core/base/random.h"
#include "core/io/eer.h"
#include "core/io/micrograph_file.h"
#include "core/io/mrc_reader.h"
#include "core/io/safetensors.h"
#include "core/io/star.h"
#include "core/io/tiff.h"
#include "tests/support/catch.h"
#include "tests/support/io_compressed.h"
#include "tests/support/io_eer_writer.h"
#include "tests/support/io_mrc_bytes.h"
#include "tests/support/io_mutation.h"
#include "tests/support/io_tiff_writer.h"
#include "tests/support/temporary_folder.h"

#include <cstdlib>
#include <functional>

using namespace limpid;
using limpid::test::content_of;
using limpid::test::MrcBytes;
using limpid::test::mutated;
using limpid::test::TemporaryFolder;
using limpid::test::TiffPage;

namespace {

// More in long runs: LIMPID_MUTANTS=100000.
int mutant_count() {
  const char* wish = std::getenv("LIMPID_MUTANTS");
  return wish == nullptr ? 5000 : std::atoi(wish);
}

// Only Error may leave `read`. Catch reports any other exception, the process any crash. Both
// outcomes must occur, or the mutations reach nothing.
void check_mutants(const std::vector<std::string>& originals,
                   const std::function<void(const std::string&)>& read) {
  for (const std::string& original : originals)
    REQUIRE_NOTHROW(read(original));
  RandomSequence random(99, originals.front().size());
  int refused = 0;
  const int count = mutant_count();
  for (int i = 0; i < count; ++i) {
    const std::string mutant =
        mutated(originals[static_cast<std::size_t>(i) % originals.size()], random);
    try {
      read(mutant);
    } catch (const Error& error) {
      ++refused;
      if (error.kind() == ErrorKind::internal)
        FAIL("mutant " << i << ": " << error.what());
    }
  }
  CHECK(refused > count / 20);
  CHECK(refused < count);
}

}  // namespace

TEST_CASE("mutation: MRC files") {
  const TemporaryFolder folder;
  std::vector<std::string> originals;
  for (const std::int32_t mode : {0, 1, 2, 6, 12, 101})
    for (const bool is_big_endian : {false, true}) {
      MrcBytes file(7, 5, 2, mode, is_big_endian);
      file.extended_header("FEI1", std::vector<std::byte>(64, std::byte{3})).pixel_size(1.1f);
      const std::size_t row = mode == 101 ? 4 : mode == 0 ? 7 : mode == 2 ? 28 : 14;
      file.resize(1024 + 64 + row * 10);
      originals.push_back(content_of(folder.write("a.mrc", file.bytes())));
    }
  check_mutants(originals, [&](const std::string& bytes) {
    const std::string path = folder.write("a.mrc", bytes);
    detect_micrograph_format(path);
    const MrcReader reader(path);
    for (std::int64_t section = 0; section < reader.header().section_count; ++section)
      reader.read_section(section);
  });
}

TEST_CASE("mutation: compressed MRC files") {
  const TemporaryFolder folder;
  MrcBytes file(7, 5, 1, 1);
  file.resize(1024 + 70);
  std::vector<std::string> originals;
  for (const Compression compression : {Compression::gzip, Compression::bzip2})
    originals.push_back(test::compressed(file.bytes(), compression));
  check_mutants(originals, [&](const std::string& bytes) {
    read_micrograph(folder.write("a.mrc.gz", bytes));
  });
}

TEST_CASE("mutation: TIFF files") {
  const TemporaryFolder folder;
  std::vector<std::string> originals;
  for (const std::uint16_t compression : {1, 5, 8, 32773, 50000, 34925})
    for (const std::uint32_t tile_size : {0u, 16u})
      for (const char* mode : {"w", "wb", "w8"}) {
        if (!test::tiff_has_compression(compression))
          continue;
        TiffPage page;
        page.width = 9;
        page.height = 6;
        page.bits = 16;
        page.compression = compression;
        page.tile_size = tile_size;
        page.resolution = 1e8f;
        page.samples.resize(9 * 6 * 2, std::byte{5});
        test::write_tiff(folder.path("a.tif"), {page, page}, mode);
        originals.push_back(content_of(folder.path("a.tif")));
      }
  check_mutants(originals, [&](const std::string& bytes) {
    TiffReader reader(folder.write("a.tif", bytes));
    for (std::int64_t page = 0; page < reader.header().page_count; ++page)
      reader.read_page(page);
  });
}

TEST_CASE("mutation: EER files") {
  const TemporaryFolder folder;
  std::vector<std::string> originals;
  for (const std::uint16_t compression : {65000, 65001, 65002}) {
    test::EerFile file{.width = 20, .height = 10, .compression = compression};
    file.coding = test::eer_coding(compression);
    file.strip_count = 2;
    for (std::uint64_t i = 0; i < 3; ++i)
      file.frames.push_back(test::encode_eer_frame(
          file.coding, 20, 10, test::random_events(file.coding, 20, 10, 0.1, i)));
    originals.push_back(test::eer_bytes(file));
  }
  check_mutants(originals, [&](const std::string& bytes) {
    EerReader reader(folder.write("a.eer", bytes));
    const EerHeader& header = reader.header();
    std::vector<float> pixels(static_cast<std::size_t>(header.width * header.height));
    for (std::int64_t frame = 0; frame < header.frame_count; ++frame)
      reader.add_frame(frame, 1, pixels);
  });
}

TEST_CASE("mutation: STAR files") {
  const std::vector<std::string> originals = {
      "\n# version 30001\n\ndata_optics\n\nloop_\n_rlnOpticsGroup #1\n_rlnVoltage #2\n1 300.0\n"
      "2 200.0 # comment\n\n\n# version 30001\n\ndata_micrographs\n\nloop_\n_rlnMicrographName #1\n"
      "'a b.mrc'\ndata_b.mrc\n\"c\"\n\ndata_general\n_rlnX 1\n_rlnY 'two words'\n",
      "\xef\xbb\xbf"
      "data_\r\nloop_\r\n_x#1\r\n_y#2\r\n1\t2\r\n3 4\r\n"};
  check_mutants(originals, [](const std::string& bytes) {
    StarFile file = StarFile::parse(bytes, "mutant.star");
    if (file.text() != bytes)
      FAIL("a round trip changed the file");
    StarOptions lenient;
    lenient.lenient = true;
    for (StarTable& table : file.tables()) {
      for (std::int64_t row = 0; row < table.row_count(); ++row)
        for (std::size_t column = 0; column < table.column_count(); ++column)
          table.set_cell(row, column, "new " + std::string(table.cell(row, column)) + "_");
      if (table.column_count() > 0)
        table.append_column(
            "mutant", std::vector<std::string>(static_cast<std::size_t>(table.row_count()), "#1"));
    }
    const StarFile back = StarFile::parse(file.text(), "edited.star", lenient);
    if (back.tables().size() != file.tables().size())
      FAIL("an edit changed the tables");
    for (std::size_t i = 0; i < back.tables().size(); ++i)
      if (back.tables()[i].row_count() != file.tables()[i].row_count())
        FAIL("an edit changed the rows");
  });
}

TEST_CASE("mutation: safetensors files") {
  const TemporaryFolder folder;
  TensorFile content;
  content.metadata = {{"architecture", "unet"}};
  content.tensors.push_back({"a.weight", {2, 3}, {1, 2, 3, 4, 5, 6}});
  content.tensors.push_back({"b.bias", {2}, {1, 2}});
  write_safetensors(folder.path("a"), content);
  check_mutants({content_of(folder.path("a"))},
                [&](const std::string& bytes) { read_safetensors(folder.write("a", bytes)); });
}
