#pragma once

#include "core/image/image.h"
#include "core/io/input_file.h"
#include "core/io/mrc_header.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace limpid {

// Told of pixels [begin, end) that are there now, by the thread that read them and still has them
// in its cache; again with the same begin and a larger end as reading goes on. Ranges of threads
// are disjoint.
using PixelsRead = std::function<void(std::int64_t begin, std::int64_t end)>;

// Reads the sections of an MRC file of mode 0, 1, 2, 6, 12 or 101 in either byte order. The
// constructor checks the header against the size of the file. Everything throws
// Error(ErrorKind::input) that names the file. Pixels are passed on as stored: NaN and infinity
// too. Sections may be read from several threads at once.
class MrcReader {
 public:
  explicit MrcReader(const std::string& path);

  const MrcHeader& header() const { return header_; }
  const std::string& path() const { return file_.path(); }
  std::uint64_t file_size_bytes() const { return file_.size_bytes(); }

  // Row 0 is the first in the file, the bottom of the picture.
  Image read_section(std::int64_t section) const;

  // Reads rows [first_row, first_row + pixels.size() / width) into memory of the caller, whole rows
  // only. Pixels are counted from the first of these.
  void read_rows(std::int64_t section,
                 std::int64_t first_row,
                 std::span<float> pixels,
                 const PixelsRead& pixels_read = {}) const;

 private:
  void read_block(std::uint64_t offset,
                  std::span<float> pixels,
                  std::vector<std::byte>& stored) const;

  InputFile file_;
  MrcHeader header_;
};

}  // namespace limpid
