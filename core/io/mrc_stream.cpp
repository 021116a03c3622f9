#include "core/io/mrc_stream.h"

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/io/image_limits.h"
#include "core/io/mrc_pixels.h"

#include <algorithm>
#include <array>

namespace limpid {
namespace {

constexpr std::uint64_t conversion_block_bytes = 1 << 20;

}  // namespace

MrcStream::MrcStream(const std::string& path) : file_(path) {
  std::array<std::byte, mrc_header_bytes> bytes;
  const std::size_t count = file_.read(bytes);
  if (count < bytes.size())
    fail(ErrorKind::input,
         "reading '{}': the compressed content has {} bytes, an MRC header alone has {}",
         path,
         count,
         bytes.size());
  position_ = count;
  const std::uint64_t claimed = claimed_mrc_file_bytes(bytes);
  if (!looks_like_mrc(bytes, claimed))
    fail(ErrorKind::input,
         "reading '{}': what is compressed with {} in it is not an MRC file",
         path,
         name(compression()));
  header_ = parse_mrc_header(bytes, claimed, path);
  check_image_size(path, header_.width, header_.height);
  if (claimed > file_.largest_content_bytes())
    fail(ErrorKind::input,
         "reading '{}': {} x {} pixels in {} sections take {} bytes, which a {} file of {} bytes "
         "cannot hold",
         path,
         header_.width,
         header_.height,
         header_.section_count,
         claimed,
         name(compression()),
         file_.stored_bytes());
  header_.metadata.extended_header.resize(header_.data_offset - mrc_header_bytes);
  read_exactly(header_.metadata.extended_header);
}

void MrcStream::read_exactly(std::span<std::byte> destination) {
  const std::size_t count = file_.read(destination);
  position_ += count;
  if (count < destination.size())
    fail(ErrorKind::input,
         "reading '{}': the compressed content is truncated: it ends at byte {} of {}",
         path(),
         position_,
         header_.data_offset +
             header_.section_bytes() * static_cast<std::uint64_t>(header_.section_count));
}

void MrcStream::read_rows(std::span<float> pixels) {
  const auto width = static_cast<std::size_t>(header_.width);
  require(pixels.size() % width == 0, "{} pixels read from rows of {}", pixels.size(), width);
  const std::uint64_t row_bytes = header_.row_bytes();
  const std::size_t rows_per_block = std::max<std::uint64_t>(1, conversion_block_bytes / row_bytes);
  block_.resize(rows_per_block * row_bytes);
  while (!pixels.empty()) {
    const std::size_t rows = std::min(rows_per_block, pixels.size() / width);
    const auto stored = std::span(block_).first(rows * row_bytes);
    read_exactly(stored);
    decode_mrc_rows(header_, stored, pixels.first(rows * width));
    pixels = pixels.subspan(rows * width);
  }
}

void MrcStream::skip_section() {
  block_.resize(conversion_block_bytes);
  for (std::uint64_t left = header_.section_bytes(); left > 0;) {
    const auto piece = std::span(block_).first(std::min<std::uint64_t>(left, block_.size()));
    read_exactly(piece);
    left -= piece.size();
  }
}

void MrcStream::finish() {
  block_.resize(conversion_block_bytes);
  std::uint64_t excess = 0;
  for (std::size_t count = 1; count > 0 && excess < header_.section_bytes(); excess += count)
    count = file_.read(block_);
  if (excess >= header_.section_bytes())
    fail(ErrorKind::input,
         "reading '{}': the compressed content goes on behind {} x {} pixels in {} sections: the "
         "header does not describe this file",
         path(),
         header_.width,
         header_.height,
         header_.section_count);
  if (excess > 0)
    log_warning("reading '{}': {} bytes after the last pixel are ignored", path(), excess);
}

}  // namespace limpid
