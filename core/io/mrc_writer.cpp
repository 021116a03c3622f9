#include "core/io/mrc_writer.h"

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/parallel.h"
#include "core/io/byte_order.h"
#include "core/io/mrc_pixels.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace limpid {
namespace {

constexpr std::size_t label_count = 10;
constexpr std::size_t label_bytes = 80;

// Rows are encoded and written in blocks of about this size.
constexpr std::int64_t block_pixels = 1 << 20;

bool is_known_extended_type(const std::array<char, 4>& type) {
  constexpr std::array<std::string_view, 7> known = {
      "CCP4", "MRCO", "SERI", "AGAR", "FEI1", "FEI2", "HDF5"};
  return std::find(known.begin(), known.end(), std::string_view(type.data(), type.size())) !=
         known.end();
}

void drop_unusable_extended_header(MrcMetadata& metadata, const std::string& path) {
  const char* reason = nullptr;
  if (metadata.extended_is_big_endian)
    reason = "its numbers are big-endian";
  else if (!is_known_extended_type(metadata.extended_type))
    reason = "its type is not one of the format";
  if (reason == nullptr)
    return;
  if (!metadata.extended_header.empty())
    log_warning("writing '{}': the extended header of {} bytes is not copied: {}",
                path,
                metadata.extended_header.size(),
                reason);
  metadata.extended_header.clear();
}

// At most nine labels of the source and the new one, none of them empty.
std::vector<std::string> output_labels(const MrcWriteOptions& options) {
  std::vector<std::string> labels;
  for (const std::string& label : options.metadata.labels)
    if (!label.empty() && labels.size() + 1 < label_count)
      labels.push_back(label);
  if (!options.label.empty())
    labels.push_back(options.label);
  return labels;
}

void store_labels(const std::vector<std::string>& labels, std::byte* header) {
  store(header + 220, static_cast<std::int32_t>(labels.size()));
  std::memset(header + 224, ' ', labels.size() * label_bytes);
  for (std::size_t i = 0; i < labels.size(); ++i)
    std::memcpy(
        header + 224 + i * label_bytes, labels[i].data(), std::min(labels[i].size(), label_bytes));
}

void store_statistics(const RunningStatistics& statistics, MrcMode mode, std::byte* header) {
  store(header + 76, statistics.minimum());
  store(header + 80, statistics.maximum());
  store(header + 84, static_cast<float>(statistics.mean()));
  const double deviation = mode == MrcMode::float16 ? -1.0 : statistics.standard_deviation();
  store(header + 216, static_cast<float>(deviation));
}

}  // namespace

MrcWriter::MrcWriter(const std::string& path,
                     std::int64_t width,
                     std::int64_t height,
                     const MrcWriteOptions& options,
                     std::int64_t expected_section_count)
    : options_(options),
      width_(width),
      height_(height),
      file_(path,
            mrc_header_bytes + options.metadata.extended_header.size() +
                mrc_row_bytes(options.mode, width) * static_cast<std::uint64_t>(height) *
                    static_cast<std::uint64_t>(expected_section_count)) {
  require(options.mode != MrcMode::uint4, "MRC mode 101 is not written");
  drop_unusable_extended_header(options_.metadata, path);
  file_.append(std::vector<std::byte>(mrc_header_bytes));  // its values come with commit()
  file_.append(options_.metadata.extended_header);
}

void MrcWriter::append(const Image& section) {
  require(section.width() == width_ && section.height() == height_,
          "an image of {} x {} pixels appended to '{}', a stack of {} x {}",
          section.width(),
          section.height(),
          file_.path(),
          width_,
          height_);
  const std::int64_t rows_per_block = std::max<std::int64_t>(1, block_pixels / width_);
  for (std::int64_t row = 0; row < height_; row += rows_per_block)
    append_rows(section, row, std::min(rows_per_block, height_ - row));
  ++section_count_;
}

void MrcWriter::append_rows(const Image& section, std::int64_t first_row, std::int64_t row_count) {
  const auto width = static_cast<std::size_t>(width_);
  const std::uint64_t row_bytes = mrc_row_bytes(options_.mode, width_);
  const bool is_converted = options_.mode != MrcMode::float32;
  if (is_converted) {
    stored_.resize(static_cast<std::size_t>(row_count) * row_bytes);
    as_stored_.resize(static_cast<std::size_t>(row_count) * width);
  }
  std::vector<RunningStatistics> row_statistics(static_cast<std::size_t>(row_count));
  std::vector<std::int64_t> row_clamped(static_cast<std::size_t>(row_count));
  parallel_for(row_count, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const auto index = static_cast<std::size_t>(row);
      const std::span<const float> pixels = section.row(first_row + row);
      if (!is_converted || !all_finite(pixels)) {
        row_statistics[index] = RunningStatistics(pixels);
        continue;
      }
      const auto as_stored = std::span(as_stored_).subspan(index * width, width);
      const auto stored = std::span(stored_).subspan(index * row_bytes, row_bytes);
      row_clamped[index] = encode_mrc_row(options_.mode, pixels, stored, as_stored);
      row_statistics[index] = RunningStatistics(as_stored);
    }
  });
  // In the order of rows, so that the thread count never shows in the result.
  for (std::size_t row = 0; row < row_statistics.size(); ++row) {
    require(row_statistics[row].non_finite_count() == 0,
            "writing '{}': row {} holds a pixel that is not a finite number",
            file_.path(),
            first_row + static_cast<std::int64_t>(row));
    statistics_ += row_statistics[row];
    clamped_count_ += row_clamped[row];
  }
  const auto plain = section.pixels().subspan(static_cast<std::size_t>(first_row) * width,
                                              static_cast<std::size_t>(row_count) * width);
  file_.append(is_converted ? std::span<const std::byte>(stored_) : std::as_bytes(plain));
}

MrcWriteResult MrcWriter::commit() {
  require(section_count_ > 0, "'{}' finished without a section", file_.path());
  file_.overwrite(0, header_bytes());
  file_.commit();
  return {file_.size_bytes(), clamped_count_};
}

std::vector<std::byte> MrcWriter::header_bytes() const {
  std::vector<std::byte> header(mrc_header_bytes);
  const auto put = [&](std::size_t offset, auto value) { store(header.data() + offset, value); };
  const MrcMetadata& metadata = options_.metadata;
  const std::array<std::int32_t, 3> sampling = {
      static_cast<std::int32_t>(width_), static_cast<std::int32_t>(height_), 1};
  const double pixel_size = options_.pixel_size_angstrom.value_or(0.0);
  put(0, sampling[0]);
  put(4, sampling[1]);
  put(8, static_cast<std::int32_t>(section_count_));
  put(12, static_cast<std::int32_t>(options_.mode));
  for (std::size_t axis = 0; axis < 3; ++axis) {
    put(16 + 4 * axis, metadata.start[axis]);
    put(28 + 4 * axis, sampling[axis]);
    put(40 + 4 * axis, static_cast<float>(sampling[axis] * pixel_size));
    put(52 + 4 * axis, 90.0f);
    put(64 + 4 * axis, static_cast<std::int32_t>(axis + 1));
    put(196 + 4 * axis, metadata.origin[axis]);
  }
  put(92, static_cast<std::int32_t>(metadata.extended_header.size()));
  if (!metadata.extended_header.empty()) {
    put(104, metadata.extended_type);
    put(128, metadata.extended_counts);
  }
  put(108, std::int32_t{20141});
  put(208, std::array<char, 4>{'M', 'A', 'P', ' '});
  put(212, std::array<char, 4>{'\x44', '\x44', 0, 0});
  store_statistics(statistics_, options_.mode, header.data());
  store_labels(output_labels(options_), header.data());
  return header;
}

MrcWriteResult write_mrc(const std::string& path,
                         const Image& image,
                         const MrcWriteOptions& options) {
  MrcWriter writer(path, image.width(), image.height(), options);
  writer.append(image);
  return writer.commit();
}

}  // namespace limpid
