#include "core/io/compressed_file.h"

#include "core/base/random.h"
#include "tests/support/captured_log.h"
#include "tests/support/catch.h"
#include "tests/support/io_compressed.h"
#include "tests/support/temporary_folder.h"

#include <algorithm>

using namespace limpid;
using limpid::test::compressed;
using limpid::test::TemporaryFolder;

namespace {

std::string noise_bytes(std::size_t count) {
  RandomSequence random(5, 1);
  std::string bytes(count, '\0');
  for (char& byte : bytes)
    byte = static_cast<char>(random.below(16));
  return bytes;
}

std::string read_all(const std::string& path, std::size_t piece_bytes) {
  CompressedFile file(path);
  std::string content, piece(piece_bytes, '\0');
  for (std::size_t count = piece_bytes; count == piece_bytes; content += piece.substr(0, count))
    count = file.read(std::as_writable_bytes(std::span(piece)));
  return content;
}

std::string refusal(const std::string& path) {
  try {
    read_all(path, 1000);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::input);
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("compressed_file: the content comes in pieces of any size") {
  const TemporaryFolder folder;
  const std::string content = noise_bytes(1'500'000);
  for (const Compression compression : {Compression::gzip, Compression::bzip2}) {
    const std::string path = folder.write("a", compressed(content, compression));
    CHECK(CompressedFile(path).compression() == compression);
    for (const std::size_t piece : {std::size_t{777}, std::size_t{65536}, content.size() + 1})
      CHECK(read_all(path, piece) == content);
  }
}

TEST_CASE("compressed_file: streams that follow one another are one content") {
  const TemporaryFolder folder;
  const std::string content = noise_bytes(10'000);
  for (const Compression compression : {Compression::gzip, Compression::bzip2}) {
    std::string bytes;
    for (std::size_t i = 0; i < 10; ++i)
      bytes += compressed(content.substr(1000 * i, 1000), compression);
    CHECK(read_all(folder.write("a", bytes), 600) == content);
    const test::CapturedLog log;
    CHECK(read_all(folder.write("a", bytes + std::string(20, '\0')), 600) == content);
    CHECK_THAT(log.warnings(), ContainsSubstring("20 bytes after the compressed data"));
  }
}

TEST_CASE("compressed_file: damage is noticed wherever it is") {
  const TemporaryFolder folder;
  const std::string content = noise_bytes(3000);
  for (const Compression compression : {Compression::gzip, Compression::bzip2}) {
    const std::string bytes = compressed(content, compression);
    for (const std::size_t size : {bytes.size() - 1, bytes.size() / 2, std::size_t{5}})
      CHECK_THAT(refusal(folder.write("a", bytes.substr(0, size))), ContainsSubstring("truncated"));
    std::string changed = bytes;
    changed[bytes.size() / 2] = static_cast<char>(changed[bytes.size() / 2] ^ 4);
    CHECK_THAT(refusal(folder.write("a", changed)), ContainsSubstring("damaged"));
  }
  // The checksum of gzip is near the end.
  std::string changed = compressed(content, Compression::gzip);
  changed[changed.size() - 6] = static_cast<char>(changed[changed.size() - 6] ^ 1);
  CHECK_THAT(refusal(folder.write("a", changed)), ContainsSubstring("incorrect data check"));
  CHECK_THAT(refusal(folder.write("a", "plain text")), ContainsSubstring("not a gzip or bzip2"));
  CHECK_THAT(refusal(folder.write("a", "")), ContainsSubstring("not a gzip or bzip2"));
}
