#pragma once

#include "core/image/block_statistics.h"
#include "core/image/image.h"
#include "core/io/mrc_header.h"

#include <cstdint>
#include <optional>
#include <string>

namespace limpid {

enum class MicrographFormat {
  mrc,
  compressed_mrc,  // with gzip or bzip2
  tiff
};

const char* name(MicrographFormat format);

struct Micrograph {
  Image pixels;  // row 0 is the bottom of the picture; as stored, NaN and infinity included
  std::optional<double> pixel_size_angstrom;
  MrcMetadata metadata;  // what an image made from this one inherits; empty for TIFF
};

// What a file contains, from its header alone.
struct MicrographDescription {
  MicrographFormat format = MicrographFormat::mrc;
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::string pixel_type;  // such as "float16 (MRC mode 12)"
  std::optional<double> pixel_size_angstrom;
  std::uint64_t file_size_bytes = 0;
  std::uint64_t reading_bytes = 0;  // memory that reading takes at most besides the pixels
};

// Decides by the content of a file, not by its name. Throws Error(ErrorKind::input) that names the
// file and says what it is instead: missing, a folder, a pipe, empty, text, ... Whether a
// compressed file holds an MRC file shows when it is read.
MicrographFormat detect_micrograph_format(const std::string& path);

// Reads an MRC file, compressed or not, or a TIFF file that holds one image. Throws
// Error(ErrorKind::input).
Micrograph read_micrograph(const std::string& path);
// The same into a micrograph whose memory is used again if the size fits: taking new memory from
// the system costs several times as much as reading from the page cache. After an error the
// content of `micrograph` is undefined.
void read_micrograph(const std::string& path, Micrograph& micrograph);
// The same, with statistics of the pixels, which those of uncompressed MRC files cost no second way
// through memory. They are valid while the pixels stay where they are.
BlockStatistics read_and_measure_micrograph(const std::string& path, Micrograph& micrograph);

// Fails wherever read_micrograph fails, except for damage that only reading the pixels can find.
MicrographDescription describe_micrograph(const std::string& path);

}  // namespace limpid
