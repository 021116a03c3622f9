#pragma once

#include "core/image/image.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace limpid {

enum class TiffPixelType { uint8, int8, uint16, int16, uint32, int32, float16, float32, float64 };

const char* name(TiffPixelType type);

struct TiffHeader {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::int64_t page_count = 0;  // all pages have this size and type
  TiffPixelType pixel_type = TiffPixelType::uint8;
  // From the resolution tags; empty if they are absent or, as from image editors, not of a
  // microscope.
  std::optional<double> pixel_size_angstrom;
  std::uint64_t block_bytes = 0;  // the largest strip or tile, which is decoded as one
};

// Reads grey-scale TIFF and BigTIFF: one sample a pixel, an integer of 8, 16 or 32 bits, signed or
// not, or a float of 16, 32 or 64; strips or tiles; every compression that the installed libtiff
// knows. Rows come in MRC order: row 0 is the bottom of the picture, the last in the file. Two
// 4-bit pixels packed into one byte have no mark in TIFF; such a file is read as the 8-bit image
// that it claims to be.
//
// Everything throws Error(ErrorKind::input) that names the file. One thread at a time may use a
// reader; several readers run in parallel.
class TiffReader {
 public:
  explicit TiffReader(const std::string& path);
  TiffReader(const TiffReader&) = delete;
  TiffReader& operator=(const TiffReader&) = delete;
  TiffReader(TiffReader&&) noexcept;
  TiffReader& operator=(TiffReader&&) noexcept;
  ~TiffReader();

  const TiffHeader& header() const;
  std::uint64_t file_size_bytes() const;

  Image read_page(std::int64_t page);
  // Into width * height floats of the caller.
  void read_page(std::int64_t page, std::span<float> pixels);

 private:
  class File;
  std::unique_ptr<File> file_;
};

}  // namespace limpid
