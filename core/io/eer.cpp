#include "core/io/eer.h"

#include "core/base/error.h"
#include "core/io/image_limits.h"
#include "core/io/tiff_handle.h"

#include <tiffio.h>

#include <bit>
#include <optional>

namespace limpid {
namespace {

// A second of the fastest camera has 320 frames.
constexpr std::size_t largest_frame_count = 100000;

constexpr std::uint16_t compression_8_bit = 65000;
constexpr std::uint16_t compression_7_bit = 65001;
constexpr std::uint16_t compression_detailed = 65002;

constexpr std::uint32_t tag_run_bits = 65007;
constexpr std::uint32_t tag_sub_bits_x = 65008;
constexpr std::uint32_t tag_sub_bits_y = 65009;

// Keeps coordinates with their sub-pixel bits within 31 bits.
constexpr std::int64_t largest_side = 1 << 20;

bool is_eer(std::uint16_t compression) {
  return compression >= compression_8_bit && compression <= compression_detailed;
}

std::uint16_t compression_of_page(TiffHandle& tiff) {
  return tiff.call("reading the compression", [](TIFF* file) {
    std::uint16_t value = COMPRESSION_NONE;
    TIFFGetField(file, TIFFTAG_COMPRESSION, &value);
    return value;
  });
}

bool go_to_next_page(TiffHandle& tiff) {
  return tiff.call("going to the next page", TIFFReadDirectory) != 0;
}

// A tag that libtiff does not know comes as a count and an array in the type of the file.
std::optional<int> private_number(TiffHandle& tiff, std::uint32_t tag) {
  return tiff.call("reading a tag", [&](TIFF* file) -> std::optional<int> {
    const TIFFField* field = TIFFFindField(file, tag, TIFF_ANY);
    std::uint32_t count = 0;
    const void* values = nullptr;
    if (field == nullptr || TIFFFieldPassCount(field) == 0 ||
        TIFFFieldReadCount(field) != TIFF_VARIABLE2 ||
        TIFFGetField(file, tag, &count, &values) != 1 || count == 0 || values == nullptr)
      return std::nullopt;
    switch (TIFFFieldDataType(field)) {
      case TIFF_BYTE:
        return *static_cast<const std::uint8_t*>(values);
      case TIFF_SHORT:
        return *static_cast<const std::uint16_t*>(values);
      case TIFF_LONG:
        return static_cast<int>(*static_cast<const std::uint32_t*>(values) & 0xffff);
      default:
        return std::nullopt;
    }
  });
}

EerCoding detailed_coding(TiffHandle& tiff) {
  EerCoding coding;
  const auto run_bits = private_number(tiff, tag_run_bits);
  const auto sub_bits_x = private_number(tiff, tag_sub_bits_x);
  // Early files have one tag for both directions.
  const auto sub_bits_y = private_number(tiff, tag_sub_bits_y);
  coding.run_bits = run_bits.value_or(0);
  coding.sub_bits_x = sub_bits_x.value_or(-1);
  coding.sub_bits_y = sub_bits_y.value_or(coding.sub_bits_x);
  const auto is_possible = [](int bits) { return bits >= 0 && bits <= largest_eer_sub_bits; };
  if (coding.run_bits < 1 || coding.run_bits > largest_eer_run_bits ||
      !is_possible(coding.sub_bits_x) || !is_possible(coding.sub_bits_y))
    tiff.fail_reading(
        "EER compression {} without numbers of bits that make sense in the tags {} to {}",
        compression_detailed,
        tag_run_bits,
        tag_sub_bits_y);
  return coding;
}

EerCoding coding_of_page(TiffHandle& tiff, std::uint16_t compression) {
  if (compression == compression_detailed)
    return detailed_coding(tiff);
  EerCoding coding;
  coding.run_bits = compression == compression_8_bit ? 8 : 7;
  coding.long_run_has_place = compression == compression_8_bit;
  return coding;
}

bool is_same(const EerCoding& a, const EerCoding& b) {
  return a.run_bits == b.run_bits && a.sub_bits_x == b.sub_bits_x && a.sub_bits_y == b.sub_bits_y &&
         a.long_run_has_place == b.long_run_has_place;
}

}  // namespace

class EerReader::File {
 public:
  explicit File(const std::string& path) : tiff_(path) { scan_pages(); }

  const EerHeader& header() const { return header_; }
  std::uint64_t size_bytes() const { return tiff_.file_size_bytes(); }
  void read_events(std::int64_t frame, std::vector<ElectronEvent>& events);
  void add_frame(std::int64_t frame, std::int64_t upsampling, std::span<float> pixels);

 private:
  void scan_pages();
  void take_page(std::uint16_t compression);
  void go_to(std::int64_t frame);
  void read_strips();

  TiffHandle tiff_;
  EerHeader header_;
  std::vector<std::uint64_t> page_offsets_;  // of the frames
  std::vector<std::byte> stored_;
  std::vector<ElectronEvent> events_;
};

void EerReader::File::scan_pages() {
  do {
    const std::uint16_t compression = compression_of_page(tiff_);
    if (is_eer(compression))
      take_page(compression);
  } while (go_to_next_page(tiff_));
  if (page_offsets_.empty())
    tiff_.fail_reading("not an EER movie: no page holds electrons");
  header_.frame_count = static_cast<std::int64_t>(page_offsets_.size());
}

void EerReader::File::take_page(std::uint16_t compression) {
  if (page_offsets_.size() == largest_frame_count)
    tiff_.fail_reading("more than {} frames", largest_frame_count);
  EerHeader page;
  const auto side = [&](std::uint32_t tag) {
    return tiff_.call("reading the size", [&](TIFF* file) {
      std::uint32_t value = 0;
      TIFFGetField(file, tag, &value);
      return static_cast<std::int64_t>(value);
    });
  };
  page.width = side(TIFFTAG_IMAGEWIDTH);
  page.height = side(TIFFTAG_IMAGELENGTH);
  check_image_size(tiff_.path(), page.width, page.height);
  if (page.width > largest_side || page.height > largest_side)
    tiff_.fail_reading(
        "frames of {} x {} pixels, expected sides up to {}", page.width, page.height, largest_side);
  page.coding = coding_of_page(tiff_, compression);
  if (page_offsets_.empty())
    header_ = page;
  else if (page.width != header_.width || page.height != header_.height ||
           !is_same(page.coding, header_.coding))
    tiff_.fail_reading("frame {} differs from frame 1 in size or coding", page_offsets_.size() + 1);
  page_offsets_.push_back(tiff_.call("locating a page", TIFFCurrentDirOffset));
}

void EerReader::File::go_to(std::int64_t frame) {
  require(frame >= 0 && frame < header_.frame_count, "frame {} of '{}'", frame, tiff_.path());
  const std::uint64_t offset = page_offsets_[static_cast<std::size_t>(frame)];
  const bool is_there = tiff_.call("going to a page", [&](TIFF* file) {
    return TIFFCurrentDirOffset(file) == offset || TIFFSetSubDirectory(file, offset) == 1;
  });
  if (!is_there)
    tiff_.fail_reading("frame {} cannot be read any more", frame + 1);
}

// The compressed bytes of the page. What the page claims must be possible for a file of this size
// before memory is taken for it.
void EerReader::File::read_strips() {
  stored_.clear();
  const std::uint32_t count = tiff_.call("counting strips", TIFFNumberOfStrips);
  for (std::uint32_t strip = 0; strip < count; ++strip) {
    const std::uint64_t size = tiff_.call("asking for the size of a strip", [&](TIFF* file) {
      return TIFFRawStripSize64(file, strip);
    });
    if (size > size_bytes() - stored_.size())
      tiff_.fail_reading(
          "strip {} claims {} bytes, the whole file has {}", strip, size, size_bytes());
    const std::size_t start = stored_.size();
    stored_.resize(start + size);
    const tmsize_t read = tiff_.call("reading a strip", [&](TIFF* file) {
      return TIFFReadRawStrip(file, strip, stored_.data() + start, static_cast<tmsize_t>(size));
    });
    if (read != static_cast<tmsize_t>(size))
      tiff_.fail_reading("strip {} holds {} bytes, expected {}", strip, read, size);
  }
}

void EerReader::File::read_events(std::int64_t frame, std::vector<ElectronEvent>& events) {
  go_to(frame);
  read_strips();
  with_context(fmt::format("reading '{}': frame {}", tiff_.path(), frame + 1), [&] {
    decode_eer_frame(header_.coding, header_.width, header_.height, stored_, events);
  });
}

void EerReader::File::add_frame(std::int64_t frame,
                                std::int64_t upsampling,
                                std::span<float> pixels) {
  const auto bits = std::countr_zero(static_cast<std::uint64_t>(upsampling));
  require(upsampling == 1 || upsampling == 2 || upsampling == 4, "upsampling by {}", upsampling);
  if (bits > header_.coding.sub_bits_x || bits > header_.coding.sub_bits_y)
    tiff_.fail_reading(
        "upsampling by {} was asked for, the file resolves {} x {} places in a pixel",
        upsampling,
        1 << header_.coding.sub_bits_x,
        1 << header_.coding.sub_bits_y);
  const std::int64_t row = header_.width * upsampling;
  require(pixels.size() == static_cast<std::size_t>(row * header_.height * upsampling),
          "a frame of '{}' added to {} pixels",
          tiff_.path(),
          pixels.size());
  read_events(frame, events_);
  for (const ElectronEvent& event : events_) {
    const std::int64_t x = event.x >> (header_.coding.sub_bits_x - bits);
    const std::int64_t y = event.y >> (header_.coding.sub_bits_y - bits);
    pixels[static_cast<std::size_t>(y * row + x)] += 1.0f;
  }
}

bool is_eer_file(const std::string& path) {
  TiffHandle tiff(path);
  // A sum of the frames may come first.
  return is_eer(compression_of_page(tiff)) ||
         (go_to_next_page(tiff) && is_eer(compression_of_page(tiff)));
}

EerReader::EerReader(const std::string& path) : file_(std::make_unique<File>(path)) {}
EerReader::EerReader(EerReader&&) noexcept = default;
EerReader& EerReader::operator=(EerReader&&) noexcept = default;
EerReader::~EerReader() = default;

const EerHeader& EerReader::header() const {
  return file_->header();
}

std::uint64_t EerReader::file_size_bytes() const {
  return file_->size_bytes();
}

void EerReader::read_events(std::int64_t frame, std::vector<ElectronEvent>& events) {
  file_->read_events(frame, events);
}

void EerReader::add_frame(std::int64_t frame, std::int64_t upsampling, std::span<float> pixels) {
  file_->add_frame(frame, upsampling, pixels);
}

}  // namespace limpid
