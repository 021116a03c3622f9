#include "core/io/mrc_reader.h"

#include "core/base/parallel.h"
#include "core/io/image_limits.h"
#include "core/io/mrc_pixels.h"

#include <algorithm>
#include <array>
#include <vector>

namespace limpid {
namespace {

// Small enough that converted pixels are still in the cache, large enough for few system calls.
constexpr std::uint64_t conversion_block_bytes = 1 << 20;

// What one thread reads at least.
constexpr std::uint64_t bytes_per_thread = 8 << 20;

}  // namespace

MrcReader::MrcReader(const std::string& path) : file_(path, ErrorKind::input) {
  if (file_.size_bytes() < mrc_header_bytes)
    fail(ErrorKind::input,
         "reading '{}': the file has {} bytes, an MRC header alone has {}",
         path,
         file_.size_bytes(),
         mrc_header_bytes);
  std::array<std::byte, mrc_header_bytes> bytes;
  file_.read_at(0, bytes);
  header_ = parse_mrc_header(bytes, file_.size_bytes(), path);
  header_.metadata.extended_header.resize(header_.data_offset - mrc_header_bytes);
  file_.read_at(mrc_header_bytes, header_.metadata.extended_header);
}

Image MrcReader::read_section(std::int64_t section) const {
  check_image_size(path(), header_.width, header_.height);
  Image image(header_.width, header_.height);
  read_rows(section, 0, image.pixels());
  return image;
}

void MrcReader::read_rows(std::int64_t section,
                          std::int64_t first_row,
                          std::span<float> pixels,
                          const PixelsRead& pixels_read) const {
  const auto width = static_cast<std::size_t>(header_.width);
  const auto row_count = static_cast<std::int64_t>(pixels.size() / width);
  require(pixels.size() % width == 0 && first_row >= 0 && row_count <= header_.height - first_row,
          "{} pixels read from row {} of '{}', which has {} rows of {}",
          pixels.size(),
          first_row,
          path(),
          header_.height,
          width);
  if (section < 0 || section >= header_.section_count)
    fail(ErrorKind::input,
         "reading '{}': section {} was asked for, the file has sections 0 to {}",
         path(),
         section,
         header_.section_count - 1);
  const std::uint64_t row_bytes = header_.row_bytes();
  const std::uint64_t start = header_.data_offset +
                              static_cast<std::uint64_t>(section) * header_.section_bytes() +
                              static_cast<std::uint64_t>(first_row) * row_bytes;
  const auto rows_per_thread =
      static_cast<std::int64_t>(std::max<std::uint64_t>(1, bytes_per_thread / row_bytes));
  const auto rows_per_block =
      static_cast<std::int64_t>(std::max<std::uint64_t>(1, conversion_block_bytes / row_bytes));
  parallel_for(row_count, rows_per_thread, [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::byte> stored;
    for (std::int64_t row = begin; row < end; row += rows_per_block) {
      const std::int64_t rows = std::min(rows_per_block, end - row);
      read_block(start + static_cast<std::uint64_t>(row) * row_bytes,
                 pixels.subspan(static_cast<std::size_t>(row) * width,
                                static_cast<std::size_t>(rows) * width),
                 stored);
      if (pixels_read)
        pixels_read(begin * header_.width, (row + rows) * header_.width);
    }
  });
}

// Whole rows that lie together from byte `offset` on; `stored` is memory to use again.
void MrcReader::read_block(std::uint64_t offset,
                           std::span<float> pixels,
                           std::vector<std::byte>& stored) const {
  if (header_.mode == MrcMode::float32 && !header_.is_big_endian)
    return file_.read_at(offset, std::as_writable_bytes(pixels));
  stored.resize(pixels.size() / static_cast<std::size_t>(header_.width) * header_.row_bytes());
  file_.read_at(offset, stored);
  decode_mrc_rows(header_, stored, pixels);
}

}  // namespace limpid
