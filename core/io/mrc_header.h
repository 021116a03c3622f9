#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace limpid {

// How MRC2014 stores a pixel (www.ccpem.ac.uk/mrc_format/mrc2014.php). Other modes (complex, RGB)
// are refused.
enum class MrcMode : std::int32_t {
  int8 = 0,
  int16 = 1,
  float32 = 2,
  uint16 = 6,
  float16 = 12,
  uint4 = 101  // two pixels a byte, the low half first; every row starts at a new byte
};

// "float32 (MRC mode 2)"
std::string describe_mrc_mode(MrcMode mode, bool bytes_are_unsigned = false);

// Bytes of one stored row.
std::uint64_t mrc_row_bytes(MrcMode mode, std::int64_t width);

// What a derived image inherits from the file it was made from.
struct MrcMetadata {
  std::array<std::int32_t, 3> start{};  // position of the first pixel in the unit cell, in pixels
  std::array<float, 3> origin{};        // angstrom
  // Instrument records, kept as bytes. `extended_type` names their layout, such as "FEI1"; for
  // "SERI" and "AGAR" the two counts belong to it.
  std::array<char, 4> extended_type{};
  std::array<std::int16_t, 2> extended_counts{};
  bool extended_is_big_endian = false;
  std::vector<std::byte> extended_header;
  std::vector<std::string> labels;  // text lines of at most 80 bytes, without padding
};

struct MrcHeader {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::int64_t section_count = 0;
  MrcMode mode = MrcMode::float32;
  // Mode 0 is signed, except where a program's stamp in the header says otherwise.
  bool bytes_are_unsigned = false;
  bool is_big_endian = false;
  // Cell width over sampling; empty if the header gives none.
  std::optional<double> pixel_size_angstrom;
  std::uint64_t data_offset = 0;  // after the main and the extended header
  MrcMetadata metadata;

  std::uint64_t row_bytes() const { return mrc_row_bytes(mode, width); }
  std::uint64_t section_bytes() const { return row_bytes() * static_cast<std::uint64_t>(height); }
};

inline constexpr std::size_t mrc_header_bytes = 1024;
using MrcHeaderBytes = std::span<const std::byte, mrc_header_bytes>;

// Whether the first bytes of a file of this size can be an MRC header at all.
bool looks_like_mrc(MrcHeaderBytes bytes, std::uint64_t file_size_bytes);

// The size of a file that this header describes; the largest number if that is beyond 64 bits.
std::uint64_t claimed_mrc_file_bytes(MrcHeaderBytes bytes);

// Interprets a header and checks every claim against the size of the file; nothing is allocated
// that the file does not contain. The extended header is left empty. Oddities that do not prevent
// reading are logged as warnings; anything else throws Error(ErrorKind::input) naming the file.
MrcHeader parse_mrc_header(MrcHeaderBytes bytes,
                           std::uint64_t file_size_bytes,
                           const std::string& path);

}  // namespace limpid
