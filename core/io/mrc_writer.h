#pragma once

#include "core/image/image.h"
#include "core/image/running_statistics.h"
#include "core/io/atomic_file.h"
#include "core/io/mrc_header.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace limpid {

struct MrcWriteOptions {
  // float32 and float16 for micrographs; the integer modes (not uint4) are for movies.
  MrcMode mode = MrcMode::float32;
  std::optional<double> pixel_size_angstrom;
  // Kept: start, origin, the first nine labels, and the extended header if its type is one of the
  // format's and its bytes are little-endian; else it is dropped with a warning.
  MrcMetadata metadata;
  std::string label;  // appended to the labels of `metadata`; at most 80 printable characters
};

struct MrcWriteResult {
  std::uint64_t size_bytes = 0;
  std::int64_t clamped_count = 0;  // pixels beyond the range of the mode
};

// Writes a stack of images of one size, section after section, as little-endian MRC2014 with the
// statistics of the values as stored (for float16 the standard deviation stays undetermined: the
// common validator computes it in half precision). The file appears at commit(), complete. The
// same input gives the same bytes. A non-finite pixel throws Error(ErrorKind::internal); the disk,
// Error(ErrorKind::storage).
class MrcWriter {
 public:
  MrcWriter(const std::string& path,
            std::int64_t width,
            std::int64_t height,
            const MrcWriteOptions& options,
            std::int64_t expected_section_count = 1);

  void append(const Image& section);
  MrcWriteResult commit();

 private:
  void append_rows(const Image& section, std::int64_t first_row, std::int64_t row_count);
  std::vector<std::byte> header_bytes() const;

  MrcWriteOptions options_;
  std::int64_t width_;
  std::int64_t height_;
  std::int64_t section_count_ = 0;
  std::int64_t clamped_count_ = 0;
  RunningStatistics statistics_;
  std::vector<std::byte> stored_;
  std::vector<float> as_stored_;
  AtomicFile file_;
};

// Writes one image as a micrograph (one section).
MrcWriteResult write_mrc(const std::string& path,
                         const Image& image,
                         const MrcWriteOptions& options);

}  // namespace limpid
