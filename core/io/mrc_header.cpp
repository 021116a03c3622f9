#include "core/io/mrc_header.h"

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/io/byte_order.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace limpid {
namespace {

// Real ones have 768 bytes a frame or 768 KiB in all.
constexpr std::uint64_t largest_extended_header_bytes = 64 << 20;

constexpr std::int32_t imod_stamp = 1146047817;  // "IMOD"
constexpr std::int32_t imod_flag_signed_bytes = 1;

// Modes from here on are 1000 * codec + mode: the blosc-compressed MRCZ format.
constexpr std::int32_t first_mrcz_mode = 1000;

// Claims of a hostile header multiply beyond 64 bits; the largest value then stands for "more than
// any file".
std::uint64_t saturating_multiply(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<std::uint64_t>::max()
                                                : product;
}

std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) {
  std::uint64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::uint64_t>::max() : sum;
}

bool is_supported(std::int32_t mode) {
  constexpr std::array supported = {0, 1, 2, 6, 12, 101};
  return std::find(supported.begin(), supported.end(), mode) != supported.end();
}

// Modes that some program has written, supported or not.
bool is_known(std::int32_t mode) {
  return is_supported(mode) || (mode >= 3 && mode <= 7) || mode == 16 ||
         (mode >= first_mrcz_mode && mode < 10 * first_mrcz_mode &&
          is_supported(mode % first_mrcz_mode));
}

// The fields as numbers, in one of the two byte orders.
struct Fields {
  MrcHeaderBytes bytes;
  bool is_big_endian = false;

  std::int32_t integer(std::size_t offset) const {
    return load<std::int32_t>(bytes.data() + offset, is_big_endian);
  }
  float real(std::size_t offset) const { return load<float>(bytes.data() + offset, is_big_endian); }
  std::string text(std::size_t offset, std::size_t size) const {
    return std::string(reinterpret_cast<const char*>(bytes.data()) + offset, size);
  }

  std::int32_t width() const { return integer(0); }
  std::int32_t height() const { return integer(4); }
  std::int32_t section_count() const { return integer(8); }
  std::int32_t mode() const { return integer(12); }
  std::int32_t extended_bytes() const { return integer(92); }
  bool has_map_word() const { return text(208, 3) == "MAP"; }
  bool has_positive_size() const { return width() > 0 && height() > 0 && section_count() > 0; }

  std::uint64_t section_bytes() const {
    return saturating_multiply(mrc_row_bytes(MrcMode{mode()}, width()),
                               static_cast<std::uint64_t>(height()));
  }
  std::uint64_t file_bytes() const {
    const std::uint64_t data_bytes =
        saturating_multiply(section_bytes(), static_cast<std::uint64_t>(section_count()));
    return saturating_add(mrc_header_bytes + static_cast<std::uint64_t>(extended_bytes()),
                          data_bytes);
  }

  // How far this byte order makes sense: 0 not at all, 3 everything fits into the file.
  int plausibility(std::uint64_t file_size_bytes) const {
    if (!has_positive_size())
      return 0;
    if (!is_known(mode()))
      return 1;
    const bool fits =
        is_supported(mode()) && extended_bytes() >= 0 && file_bytes() <= file_size_bytes;
    return fits ? 3 : 2;
  }
};

enum class MachineStamp { none, little, big };

MachineStamp machine_stamp(MrcHeaderBytes bytes) {
  const auto first = std::to_integer<int>(bytes[212]);
  const auto second = std::to_integer<int>(bytes[213]);
  if (first == 0x44 && (second == 0x44 || second == 0x41))
    return MachineStamp::little;
  return first == 0x11 && second == 0x11 ? MachineStamp::big : MachineStamp::none;
}

// Programs exist that write the wrong machine stamp, so it only decides when both orders make equal
// sense.
Fields choose_byte_order(MrcHeaderBytes bytes, std::uint64_t file_size_bytes) {
  const Fields little{bytes, false};
  const Fields big{bytes, true};
  const int preference = little.plausibility(file_size_bytes) - big.plausibility(file_size_bytes);
  if (preference != 0)
    return preference > 0 ? little : big;
  return machine_stamp(bytes) == MachineStamp::big ? big : little;
}

void check_size_and_mode(const Fields& fields, const std::string& path) {
  if (!fields.has_positive_size())
    fail(ErrorKind::input,
         "reading '{}': the MRC header claims {} x {} pixels in {} sections, expected positive "
         "numbers",
         path,
         fields.width(),
         fields.height(),
         fields.section_count());
  if (is_supported(fields.mode()))
    return;
  if (is_known(fields.mode()) && fields.mode() >= first_mrcz_mode)
    fail(ErrorKind::input,
         "reading '{}': it is a compressed MRCZ file (mode {}), which is not supported; convert "
         "it to MRC",
         path,
         fields.mode());
  fail(ErrorKind::input,
       "reading '{}': MRC mode {} is not supported (modes 0, 1, 2, 6, 12 and 101 are)",
       path,
       fields.mode());
}

void check_file_size(const Fields& fields, std::uint64_t file_size_bytes, const std::string& path) {
  if (fields.extended_bytes() < 0)
    fail(ErrorKind::input,
         "reading '{}': the MRC header claims an extended header of {} bytes",
         path,
         fields.extended_bytes());
  const std::uint64_t expected = fields.file_bytes();
  if (expected > file_size_bytes)
    fail(ErrorKind::input,
         "reading '{}': the file is truncated: {} of {} bytes are missing ({} x {} pixels in {} "
         "sections of MRC mode {}, extended header of {} bytes)",
         path,
         expected - file_size_bytes,
         expected,
         fields.width(),
         fields.height(),
         fields.section_count(),
         fields.mode(),
         fields.extended_bytes());
  if (static_cast<std::uint64_t>(fields.extended_bytes()) > largest_extended_header_bytes)
    fail(ErrorKind::input,
         "reading '{}': an extended header of {} bytes, expected at most {}",
         path,
         fields.extended_bytes(),
         largest_extended_header_bytes);
  const std::uint64_t excess = file_size_bytes - expected;
  if (excess >= fields.section_bytes())
    fail(ErrorKind::input,
         "reading '{}': the file has {} bytes, {} more than {} x {} pixels in {} sections of MRC "
         "mode {} take: the header does not describe this file",
         path,
         file_size_bytes,
         excess,
         fields.width(),
         fields.height(),
         fields.section_count(),
         fields.mode());
  if (excess > 0)
    log_warning("reading '{}': {} bytes after the last pixel are ignored", path, excess);
}

void check_axes(const Fields& fields, const std::string& path) {
  const std::array<std::int32_t, 3> axes = {
      fields.integer(64), fields.integer(68), fields.integer(72)};
  constexpr std::array<std::int32_t, 3> usual = {1, 2, 3};
  if (axes == usual || axes == std::array<std::int32_t, 3>{})
    return;
  if (std::is_permutation(axes.begin(), axes.end(), usual.begin()))
    fail(ErrorKind::input,
         "reading '{}': the axis order is {} {} {}, only 1 2 3 is supported",
         path,
         axes[0],
         axes[1],
         axes[2]);
  log_warning("reading '{}': the axis order {} {} {} means nothing, 1 2 3 is assumed",
              path,
              axes[0],
              axes[1],
              axes[2]);
}

void warn_of_odd_marks(const Fields& fields, const std::string& path) {
  if (!fields.has_map_word())
    log_warning("reading '{}': an old MRC file without 'MAP' at byte 208", path);
  const MachineStamp stamp = machine_stamp(fields.bytes);
  if (stamp != MachineStamp::none && (stamp == MachineStamp::big) != fields.is_big_endian)
    log_warning("reading '{}': the machine stamp says {}-endian, but the numbers are {}-endian",
                path,
                fields.is_big_endian ? "little" : "big",
                fields.is_big_endian ? "big" : "little");
}

std::optional<double> pixel_size(const Fields& fields, const std::string& path) {
  const auto along = [&](std::size_t axis) {
    const std::int32_t sampling = fields.integer(28 + 4 * axis);
    const double size = static_cast<double>(fields.real(40 + 4 * axis)) / sampling;
    return sampling > 0 && std::isfinite(size) && size > 0 ? size : 0.0;
  };
  const double x = along(0);
  const double y = along(1);
  if (x == 0)
    return std::nullopt;
  if (y > 0 && std::abs(y / x - 1) > 0.01)
    log_warning("reading '{}': the pixels are {} x {} angstrom, {} is used", path, x, y, x);
  return x;
}

std::vector<std::string> labels(const Fields& fields) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < 10; ++i) {
    std::string label = fields.text(224 + 80 * i, 80);
    label.resize(std::min(label.find('\0'), label.size()));
    for (char& letter : label)
      if (letter < ' ' || letter > '~')
        letter = '?';
    label.resize(label.find_last_not_of(' ') + 1);
    if (!label.empty())
      result.push_back(std::move(label));
  }
  return result;
}

MrcMetadata metadata(const Fields& fields) {
  MrcMetadata result;
  for (std::size_t i = 0; i < 3; ++i)
    result.start[i] = fields.integer(16 + 4 * i);
  result.labels = labels(fields);
  result.extended_is_big_endian = fields.is_big_endian;
  if (!fields.has_map_word())
    return result;  // the fields below came with the format of 2000
  for (std::size_t i = 0; i < 3; ++i) {
    const float coordinate = fields.real(196 + 4 * i);
    result.origin[i] = std::isfinite(coordinate) ? coordinate : 0.0f;
  }
  std::memcpy(result.extended_type.data(), fields.bytes.data() + 104, 4);
  for (std::size_t i = 0; i < 2; ++i)
    result.extended_counts[i] =
        load<std::int16_t>(fields.bytes.data() + 128 + 2 * i, fields.is_big_endian);
  return result;
}

}  // namespace

std::string describe_mrc_mode(MrcMode mode, bool bytes_are_unsigned) {
  const auto name = [&] {
    switch (mode) {
      case MrcMode::int8:
        return bytes_are_unsigned ? "uint8" : "int8";
      case MrcMode::int16:
        return "int16";
      case MrcMode::float32:
        return "float32";
      case MrcMode::uint16:
        return "uint16";
      case MrcMode::float16:
        return "float16";
      case MrcMode::uint4:
        return "uint4";
    }
    return "unknown";
  }();
  return fmt::format("{} (MRC mode {})", name, static_cast<std::int32_t>(mode));
}

std::uint64_t mrc_row_bytes(MrcMode mode, std::int64_t width) {
  const auto pixels = static_cast<std::uint64_t>(width);
  switch (mode) {
    case MrcMode::int8:
      return pixels;
    case MrcMode::int16:
    case MrcMode::uint16:
    case MrcMode::float16:
      return 2 * pixels;
    case MrcMode::float32:
      return 4 * pixels;
    case MrcMode::uint4:
      return (pixels + 1) / 2;
  }
  return 0;
}

bool looks_like_mrc(MrcHeaderBytes bytes, std::uint64_t file_size_bytes) {
  const Fields fields = choose_byte_order(bytes, file_size_bytes);
  if (fields.has_map_word())
    return true;
  return fields.plausibility(file_size_bytes) == 3 && fields.file_bytes() == file_size_bytes;
}

std::uint64_t claimed_mrc_file_bytes(MrcHeaderBytes bytes) {
  const Fields fields = choose_byte_order(bytes, std::numeric_limits<std::uint64_t>::max());
  const bool is_sensible =
      fields.has_positive_size() && is_supported(fields.mode()) && fields.extended_bytes() >= 0;
  return is_sensible ? fields.file_bytes() : std::numeric_limits<std::uint64_t>::max();
}

MrcHeader parse_mrc_header(MrcHeaderBytes bytes,
                           std::uint64_t file_size_bytes,
                           const std::string& path) {
  if (!looks_like_mrc(bytes, file_size_bytes))
    fail(ErrorKind::input,
         "reading '{}': not an MRC file ('MAP' is missing at byte 208, and the sizes do not fit)",
         path);
  const Fields fields = choose_byte_order(bytes, file_size_bytes);
  check_size_and_mode(fields, path);
  check_file_size(fields, file_size_bytes, path);
  check_axes(fields, path);
  warn_of_odd_marks(fields, path);

  MrcHeader header;
  header.width = fields.width();
  header.height = fields.height();
  header.section_count = fields.section_count();
  header.mode = MrcMode{fields.mode()};
  header.bytes_are_unsigned = header.mode == MrcMode::int8 && fields.integer(152) == imod_stamp &&
                              (fields.integer(156) & imod_flag_signed_bytes) == 0;
  header.is_big_endian = fields.is_big_endian;
  header.pixel_size_angstrom = pixel_size(fields, path);
  header.data_offset = mrc_header_bytes + static_cast<std::uint64_t>(fields.extended_bytes());
  header.metadata = metadata(fields);
  return header;
}

}  // namespace limpid
