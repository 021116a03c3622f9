#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace limpid::test {

// One page of a TIFF file as libtiff writes it; tags as in tiff.h. Samples are in file order, row 0
// on top.
struct TiffPage {
  std::uint32_t width = 1;
  std::uint32_t height = 1;
  std::uint16_t bits = 8;
  std::uint16_t sample_format = 1;  // unsigned integers
  std::uint16_t samples_per_pixel = 1;
  std::uint16_t photometric = 1;  // 0 is black
  std::uint16_t orientation = 1;  // first row on top
  std::uint16_t compression = 1;  // none
  std::uint32_t depth = 1;        // planes of the page
  std::uint32_t rows_per_strip = 4;
  std::uint32_t tile_size = 0;        // strips if 0
  float resolution = 0;               // no tag if 0
  std::uint16_t resolution_unit = 2;  // inch
  std::vector<std::byte> samples;
};

// `mode` as in TIFFOpen: "w", "wb" for big-endian, "w8" for BigTIFF. Throws std::runtime_error.
void write_tiff(const std::string& path,
                const std::vector<TiffPage>& pages,
                const std::string& mode = "w");

// Whether the installed libtiff can write this compression.
bool tiff_has_compression(std::uint16_t compression);

}  // namespace limpid::test
