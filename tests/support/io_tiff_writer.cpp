#include "tests/support/io_tiff_writer.h"

#include <tiffio.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace limpid::test {
namespace {

struct CloseTiff {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};

void check(bool succeeded, const char* what) {
  if (!succeeded)
    throw std::runtime_error(std::string("writing a TIFF file for a test: ") + what);
}

void set_tags(TIFF* tiff, const TiffPage& page) {
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, page.width);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, page.height);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, page.bits);
  TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, page.sample_format);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, page.samples_per_pixel);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, page.photometric);
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, page.orientation);
  TIFFSetField(tiff, TIFFTAG_IMAGEDEPTH, page.depth);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, page.compression);
  if (page.resolution > 0) {
    TIFFSetField(tiff, TIFFTAG_XRESOLUTION, static_cast<double>(page.resolution));
    TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, page.resolution_unit);
  }
  if (page.tile_size > 0) {
    TIFFSetField(tiff, TIFFTAG_TILEWIDTH, page.tile_size);
    TIFFSetField(tiff, TIFFTAG_TILELENGTH, page.tile_size);
  } else {
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, page.rows_per_strip);
  }
}

std::size_t row_bytes(const TiffPage& page) {
  return (std::size_t{page.width} * page.bits * page.samples_per_pixel + 7) / 8;
}

void write_strips(TIFF* tiff, const TiffPage& page) {
  std::vector<std::byte> strip;
  for (std::uint32_t y = 0; y < page.height; y += page.rows_per_strip) {
    const std::size_t rows = std::min(page.rows_per_strip, page.height - y);
    const auto begin = page.samples.begin() + static_cast<std::ptrdiff_t>(y * row_bytes(page));
    strip.assign(begin, begin + static_cast<std::ptrdiff_t>(rows * row_bytes(page)));
    const auto size = static_cast<tmsize_t>(strip.size());
    check(TIFFWriteEncodedStrip(tiff, y / page.rows_per_strip, strip.data(), size) == size,
          "a strip");
  }
}

void write_tiles(TIFF* tiff, const TiffPage& page) {
  const std::size_t sample = page.bits / 8;
  std::vector<std::byte> tile(std::size_t{page.tile_size} * page.tile_size * sample);
  for (std::uint32_t y = 0; y < page.height; y += page.tile_size)
    for (std::uint32_t x = 0; x < page.width; x += page.tile_size) {
      const std::size_t columns = std::min(page.tile_size, page.width - x);
      for (std::uint32_t row = 0; row < std::min(page.tile_size, page.height - y); ++row)
        std::memcpy(tile.data() + std::size_t{row} * page.tile_size * sample,
                    page.samples.data() + (y + row) * row_bytes(page) + x * sample,
                    columns * sample);
      const auto size = static_cast<tmsize_t>(tile.size());
      const std::uint32_t index = TIFFComputeTile(tiff, x, y, 0, 0);
      check(TIFFWriteEncodedTile(tiff, index, tile.data(), size) == size, "a tile");
    }
}

}  // namespace

void write_tiff(const std::string& path,
                const std::vector<TiffPage>& pages,
                const std::string& mode) {
  const std::unique_ptr<TIFF, CloseTiff> tiff(TIFFOpen(path.c_str(), mode.c_str()));
  check(tiff != nullptr, "opening");
  for (const TiffPage& page : pages) {
    check(page.samples.size() == row_bytes(page) * page.height, "the samples do not fill the page");
    set_tags(tiff.get(), page);
    if (page.tile_size > 0)
      write_tiles(tiff.get(), page);
    else
      write_strips(tiff.get(), page);
    check(TIFFWriteDirectory(tiff.get()) == 1, "a page");
  }
}

bool tiff_has_compression(std::uint16_t compression) {
  return TIFFIsCODECConfigured(compression) != 0;
}

}  // namespace limpid::test
