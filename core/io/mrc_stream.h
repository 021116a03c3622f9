#pragma once

#include "core/io/compressed_file.h"
#include "core/io/mrc_header.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace limpid {

// Reads an MRC file that is compressed with gzip or bzip2, from front to end. Never more is
// decompressed than the MRC header claims, and one image beyond it to notice that the claim is
// wrong; a claim that the compressed file cannot hold is refused before any memory is taken.
// Everything throws Error(ErrorKind::input) that names the file.
class MrcStream {
 public:
  explicit MrcStream(const std::string& path);

  const MrcHeader& header() const { return header_; }
  const std::string& path() const { return file_.path(); }
  std::uint64_t file_size_bytes() const { return file_.stored_bytes(); }
  Compression compression() const { return file_.compression(); }

  // The next whole rows; those of the next section follow the last of one.
  void read_rows(std::span<float> pixels);
  // Past a whole section, when no row of it was read yet.
  void skip_section();
  // After the last row: checks that the content ends there, and its checksum.
  void finish();

 private:
  void read_exactly(std::span<std::byte> destination);

  CompressedFile file_;
  MrcHeader header_;
  std::uint64_t position_ = 0;  // in the content
  std::vector<std::byte> block_;
};

}  // namespace limpid
