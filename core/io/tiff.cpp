#include "core/io/tiff.h"

#include "core/io/image_limits.h"
#include "core/io/tiff_handle.h"
#include "core/io/tiff_samples.h"

#include <tiffio.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace limpid {
namespace {

constexpr std::size_t largest_page_count = 20000;
constexpr std::uint64_t largest_tile_bytes = 256 << 20;

// Compressions of the electron-event representation: lists of electrons, no image.
constexpr std::uint16_t first_eer_compression = 65000;
constexpr std::uint16_t last_eer_compression = 65002;

// Image editors write 72 dots an inch, 3.5 million angstrom.
constexpr double largest_pixel_size_angstrom = 1000;

// How much smaller than its pixels a file can be. Deflate cannot exceed 1032:1 and LZW about
// 1400:1; others have no useful bound.
std::uint64_t largest_ratio(std::uint16_t compression) {
  switch (compression) {
    case COMPRESSION_NONE:
      return 1;
    case COMPRESSION_PACKBITS:
    case COMPRESSION_LZW:
    case COMPRESSION_DEFLATE:
    case COMPRESSION_ADOBE_DEFLATE:
      return 2048;
    default:
      return std::numeric_limits<std::uint64_t>::max();
  }
}

}  // namespace

class TiffReader::File {
 public:
  explicit File(const std::string& path);

  const TiffHeader& header() const { return header_; }
  std::uint64_t size_bytes() const { return tiff_.file_size_bytes(); }
  void read_page(std::int64_t page, std::span<float> pixels);

 private:
  template <class T>
  T field(std::uint32_t tag, T value_if_absent);
  void check_kind();
  void check_block_sizes();
  TiffPixelType pixel_type();
  std::optional<double> pixel_size();
  TiffHeader page_header();
  void scan_pages();
  void read_strips(std::span<float> pixels);
  void read_tiles(std::span<float> pixels);
  std::span<float> flipped_row(std::span<float> pixels, std::int64_t y) const;
  std::uint64_t row_bytes() const {
    return static_cast<std::uint64_t>(header_.width) * tiff_sample_bytes(header_.pixel_type);
  }

  TiffHandle tiff_;
  TiffHeader header_;
  std::vector<std::uint64_t> page_offsets_;
};

TiffReader::File::File(const std::string& path) : tiff_(path) {
  header_ = page_header();
  scan_pages();
}

template <class T>
T TiffReader::File::field(std::uint32_t tag, T value_if_absent) {
  return tiff_.call("reading a tag", [&](TIFF* tiff) {
    T value{};
    return TIFFGetField(tiff, tag, &value) == 1 ? value : value_if_absent;
  });
}

void TiffReader::File::check_kind() {
  const auto compression = field<std::uint16_t>(TIFFTAG_COMPRESSION, COMPRESSION_NONE);
  if (compression >= first_eer_compression && compression <= last_eer_compression)
    tiff_.fail_reading("it is an EER movie, a list of electrons; expected an image");
  const auto samples = field<std::uint16_t>(TIFFTAG_SAMPLESPERPIXEL, 1);
  if (samples != 1)
    tiff_.fail_reading("{} samples a pixel, expected 1 (grey scale)", samples);
  const auto depth = field<std::uint32_t>(TIFFTAG_IMAGEDEPTH, 1);
  if (depth != 1)
    tiff_.fail_reading("pages of {} planes, expected 1 (write each plane as a page)", depth);
  const auto photometric = field<std::uint16_t>(TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
  if (photometric != PHOTOMETRIC_MINISBLACK)
    tiff_.fail_reading("photometric interpretation {}, expected {} (grey scale, 0 is black)",
                       photometric,
                       PHOTOMETRIC_MINISBLACK);
  const auto orientation = field<std::uint16_t>(TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  if (orientation != ORIENTATION_TOPLEFT)
    tiff_.fail_reading(
        "orientation {}, expected {} (first row on top)", orientation, ORIENTATION_TOPLEFT);
  if (!TIFFIsCODECConfigured(compression))
    tiff_.fail_reading("compression {} is not known to the installed libtiff", compression);
}

TiffPixelType TiffReader::File::pixel_type() {
  const auto bits = field<std::uint16_t>(TIFFTAG_BITSPERSAMPLE, 1);
  const auto format = field<std::uint16_t>(TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
  if (const auto type = tiff_pixel_type(bits, format))
    return *type;
  tiff_.fail_reading(
      "{} bits a pixel in sample format {}, expected integers of 8, 16 or 32 bits or floats of 16, "
      "32 or 64",
      bits,
      format);
}

std::optional<double> TiffReader::File::pixel_size() {
  const auto resolution = static_cast<double>(field<float>(TIFFTAG_XRESOLUTION, 0.0f));
  const auto unit = field<std::uint16_t>(TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
  if (unit != RESUNIT_INCH && unit != RESUNIT_CENTIMETER)
    return std::nullopt;
  const double size = (unit == RESUNIT_INCH ? 2.54e8 : 1e8) / resolution;
  if (!std::isfinite(size) || size <= 0 || size > largest_pixel_size_angstrom)
    return std::nullopt;
  return size;
}

// Everything about the current page that is needed, checked.
TiffHeader TiffReader::File::page_header() {
  check_kind();
  TiffHeader header;
  header.width = field<std::uint32_t>(TIFFTAG_IMAGEWIDTH, 0);
  header.height = field<std::uint32_t>(TIFFTAG_IMAGELENGTH, 0);
  header.pixel_type = pixel_type();
  header.pixel_size_angstrom = pixel_size();
  check_image_size(tiff_.path(), header.width, header.height);
  return header;
}

// What the page claims must be possible for a file of this size, before memory is taken for it.
void TiffReader::File::check_block_sizes() {
  const std::uint64_t page_bytes = row_bytes() * static_cast<std::uint64_t>(header_.height);
  const auto compression = field<std::uint16_t>(TIFFTAG_COMPRESSION, COMPRESSION_NONE);
  if (page_bytes / largest_ratio(compression) > size_bytes())
    tiff_.fail_reading("{} x {} pixels take {} bytes, which a file of {} bytes cannot hold",
                       header_.width,
                       header_.height,
                       page_bytes,
                       size_bytes());
  const bool is_tiled = tiff_.call("asking for tiles", TIFFIsTiled) != 0;
  const std::uint64_t block_bytes =
      tiff_.call("asking for the block size", is_tiled ? TIFFTileSize64 : TIFFStripSize64);
  const std::uint64_t largest_block_bytes = is_tiled ? largest_tile_bytes : page_bytes;
  if (block_bytes == 0 || block_bytes > largest_block_bytes)
    tiff_.fail_reading("a {} takes {} bytes, expected 1 to {}",
                       is_tiled ? "tile" : "strip",
                       block_bytes,
                       largest_block_bytes);
  header_.block_bytes = std::max(header_.block_bytes, block_bytes);
}

void TiffReader::File::scan_pages() {
  do {
    if (page_offsets_.size() == largest_page_count)
      tiff_.fail_reading("more than {} pages", largest_page_count);
    page_offsets_.push_back(tiff_.call("locating a page", TIFFCurrentDirOffset));
    const TiffHeader page = page_header();
    if (page.width != header_.width || page.height != header_.height ||
        page.pixel_type != header_.pixel_type)
      tiff_.fail_reading("page {} has {} x {} pixels of {}, page 1 has {} x {} of {}",
                         page_offsets_.size(),
                         page.width,
                         page.height,
                         name(page.pixel_type),
                         header_.width,
                         header_.height,
                         name(header_.pixel_type));
    check_block_sizes();
  } while (tiff_.call("going to the next page", TIFFReadDirectory) != 0);
  header_.page_count = static_cast<std::int64_t>(page_offsets_.size());
}

void TiffReader::File::read_page(std::int64_t page, std::span<float> pixels) {
  if (page < 0 || page >= header_.page_count)
    tiff_.fail_reading(
        "page {} was asked for, the file has pages 0 to {}", page, header_.page_count - 1);
  require(pixels.size() == static_cast<std::size_t>(header_.width * header_.height),
          "a page of '{}' read into {} pixels",
          tiff_.path(),
          pixels.size());
  const std::uint64_t offset = page_offsets_[static_cast<std::size_t>(page)];
  const bool is_there = tiff_.call("going to a page", [&](TIFF* tiff) {
    return TIFFCurrentDirOffset(tiff) == offset || TIFFSetSubDirectory(tiff, offset) == 1;
  });
  if (!is_there)
    tiff_.fail_reading("page {} cannot be read any more", page);
  if (tiff_.call("asking for tiles", TIFFIsTiled) != 0)
    read_tiles(pixels);
  else
    read_strips(pixels);
}

// Row y of the file, counted from the top of the picture.
std::span<float> TiffReader::File::flipped_row(std::span<float> pixels, std::int64_t y) const {
  return pixels.subspan(static_cast<std::size_t>((header_.height - 1 - y) * header_.width),
                        static_cast<std::size_t>(header_.width));
}

void TiffReader::File::read_strips(std::span<float> pixels) {
  std::vector<std::byte> strip(tiff_.call("asking for the strip size", TIFFStripSize64));
  const auto rows_per_strip = static_cast<std::int64_t>(strip.size() / row_bytes());
  require(rows_per_strip > 0, "strips of '{}' are shorter than a row", tiff_.path());
  for (std::int64_t y = 0; y < header_.height; y += rows_per_strip) {
    const std::int64_t rows = std::min(rows_per_strip, header_.height - y);
    const auto expected = static_cast<tmsize_t>(static_cast<std::uint64_t>(rows) * row_bytes());
    const auto index = static_cast<std::uint32_t>(y / rows_per_strip);
    const tmsize_t count = tiff_.call("decoding a strip", [&](TIFF* tiff) {
      return TIFFReadEncodedStrip(tiff, index, strip.data(), expected);
    });
    if (count != expected)
      tiff_.fail_reading("strip {} holds {} bytes, expected {}", index, count, expected);
    for (std::int64_t row = 0; row < rows; ++row)
      tiff_samples_to_float(
          header_.pixel_type,
          std::span(strip).subspan(static_cast<std::size_t>(row) * row_bytes(), row_bytes()),
          flipped_row(pixels, y + row));
  }
}

void TiffReader::File::read_tiles(std::span<float> pixels) {
  const std::int64_t tile_width = field<std::uint32_t>(TIFFTAG_TILEWIDTH, 0);
  const std::int64_t tile_height = field<std::uint32_t>(TIFFTAG_TILELENGTH, 0);
  const std::size_t sample = tiff_sample_bytes(header_.pixel_type);
  std::vector<std::byte> tile(tiff_.call("asking for the tile size", TIFFTileSize64));
  require(tile_width > 0 && tile_height > 0 &&
              tile.size() == static_cast<std::size_t>(tile_width * tile_height) * sample,
          "tiles of '{}' have {} bytes, not {} x {} pixels",
          tiff_.path(),
          tile.size(),
          tile_width,
          tile_height);
  const auto expected = static_cast<tmsize_t>(tile.size());
  for (std::int64_t y = 0; y < header_.height; y += tile_height)
    for (std::int64_t x = 0; x < header_.width; x += tile_width) {
      const tmsize_t count = tiff_.call("decoding a tile", [&](TIFF* tiff) {
        const std::uint32_t index = TIFFComputeTile(
            tiff, static_cast<std::uint32_t>(x), static_cast<std::uint32_t>(y), 0, 0);
        return TIFFReadEncodedTile(tiff, index, tile.data(), expected);
      });
      if (count != expected)
        tiff_.fail_reading("the tile at {}, {} holds {} bytes, expected {}", x, y, count, expected);
      const auto columns = static_cast<std::size_t>(std::min(tile_width, header_.width - x));
      for (std::int64_t row = 0; row < std::min(tile_height, header_.height - y); ++row)
        tiff_samples_to_float(
            header_.pixel_type,
            std::span(tile).subspan(static_cast<std::size_t>(row * tile_width) * sample,
                                    columns * sample),
            flipped_row(pixels, y + row).subspan(static_cast<std::size_t>(x), columns));
    }
}

TiffReader::TiffReader(const std::string& path) : file_(std::make_unique<File>(path)) {}
TiffReader::TiffReader(TiffReader&&) noexcept = default;
TiffReader& TiffReader::operator=(TiffReader&&) noexcept = default;
TiffReader::~TiffReader() = default;

const TiffHeader& TiffReader::header() const {
  return file_->header();
}

std::uint64_t TiffReader::file_size_bytes() const {
  return file_->size_bytes();
}

Image TiffReader::read_page(std::int64_t page) {
  Image image(header().width, header().height);
  file_->read_page(page, image.pixels());
  return image;
}

void TiffReader::read_page(std::int64_t page, std::span<float> pixels) {
  file_->read_page(page, pixels);
}

}  // namespace limpid
