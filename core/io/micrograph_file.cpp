#include "core/io/micrograph_file.h"

#include "core/io/compressed_file.h"
#include "core/io/image_limits.h"
#include "core/io/input_file.h"
#include "core/io/mrc_reader.h"
#include "core/io/mrc_stream.h"
#include "core/io/tiff.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace limpid {
namespace {

using namespace std::string_view_literals;

// First bytes of files that are mistaken for micrographs, and what to say about them.
struct Signature {
  std::string_view first_bytes;
  const char* what_it_is;
};

constexpr std::array foreign_signatures = {
    Signature{"\xfd"
              "7zXZ"sv,
              "compressed with xz, which is not supported yet; decompress it"},
    Signature{"\x28\xb5\x2f\xfd"sv,
              "compressed with zstd, which is not supported yet; decompress it"},
    Signature{"\x89HDF"sv, "an HDF5 file, expected MRC or TIFF"},
    Signature{"\x89PNG"sv, "a PNG picture, expected MRC or TIFF"},
    Signature{"\xff\xd8\xff"sv, "a JPEG picture, expected MRC or TIFF"},
    Signature{"\0\0\0\3\0"sv, "a DigitalMicrograph file, expected MRC or TIFF"},
    Signature{"\0\0\0\4\0\0"sv, "a DigitalMicrograph file, expected MRC or TIFF"}};

// Classic and big TIFF in both byte orders.
constexpr std::array tiff_signatures = {"II*\0"sv, "MM\0*"sv, "II+\0"sv, "MM\0+"sv};

// Without control characters and mostly ASCII; the rest may be UTF-8.
bool is_text(std::string_view bytes) {
  const auto is_printable = [](char letter) {
    const auto code = static_cast<unsigned char>(letter);
    return code >= ' ' || (code >= '\t' && code <= '\r');
  };
  const auto is_ascii = [](char letter) { return static_cast<unsigned char>(letter) < 0x80; };
  return std::all_of(bytes.begin(), bytes.end(), is_printable) &&
         std::count_if(bytes.begin(), bytes.end(), is_ascii) >
             static_cast<std::ptrdiff_t>(bytes.size() / 2);
}

MicrographFormat detect_format(const InputFile& file) {
  const std::string& path = file.path();
  if (file.size_bytes() == 0)
    fail(ErrorKind::input, "reading '{}': the file is empty", path);
  std::array<std::byte, mrc_header_bytes> header{};
  const auto available = std::min<std::uint64_t>(header.size(), file.size_bytes());
  file.read_at(0, std::span(header).first(available));
  const std::string_view start(reinterpret_cast<const char*>(header.data()), available);

  if (std::any_of(tiff_signatures.begin(), tiff_signatures.end(), [&](std::string_view signature) {
        return start.starts_with(signature);
      }))
    return MicrographFormat::tiff;
  if (available == header.size() && looks_like_mrc(header, file.size_bytes()))
    return MicrographFormat::mrc;
  if (detect_compression(std::span(header).first(available)))
    return MicrographFormat::compressed_mrc;
  for (const Signature& signature : foreign_signatures)
    if (start.starts_with(signature.first_bytes))
      fail(ErrorKind::input, "reading '{}': it is {}", path, signature.what_it_is);
  if (is_text(start))
    fail(ErrorKind::input, "reading '{}': it is a text file, expected MRC or TIFF", path);
  fail(ErrorKind::input,
       "reading '{}': neither MRC nor TIFF, or the first {} bytes are damaged",
       path,
       mrc_header_bytes);
}

void check_single(const std::string& path, std::int64_t count, const char* what) {
  if (count != 1)
    fail(ErrorKind::input,
         "reading '{}': the file holds {} {}, a micrograph has one (is it a movie or a volume?)",
         path,
         count,
         what);
}

// Blocks on their way to float32, where 8 threads read one file.
constexpr std::uint64_t conversion_bytes = 8 << 20;
// What decompression keeps.
constexpr std::uint64_t decoder_bytes = 8 << 20;

template <class Reader>
Reader open_mrc(const std::string& path) {
  Reader reader(path);
  check_single(path, reader.header().section_count, "sections");
  check_image_size(path, reader.header().width, reader.header().height);
  return reader;
}

TiffReader open_tiff(const std::string& path) {
  TiffReader reader(path);
  check_single(path, reader.header().page_count, "pages");
  return reader;
}

// Calls begin_reading(pixels), once these have their size, for what is to be told of them.
template <class BeginReading>
void read_into(const std::string& path, Micrograph& micrograph, BeginReading&& begin_reading) {
  const auto make_room = [&](std::int64_t width, std::int64_t height) {
    micrograph.pixels.reshape(width, height);
    return micrograph.pixels.pixels();
  };
  const auto keep_mrc_header = [&](const MrcHeader& header) {
    micrograph.pixel_size_angstrom = header.pixel_size_angstrom;
    micrograph.metadata = header.metadata;
  };
  switch (detect_micrograph_format(path)) {
    case MicrographFormat::mrc: {
      const auto reader = open_mrc<MrcReader>(path);
      const auto pixels = make_room(reader.header().width, reader.header().height);
      reader.read_rows(0, 0, pixels, begin_reading(micrograph.pixels));
      return keep_mrc_header(reader.header());
    }
    case MicrographFormat::compressed_mrc: {
      auto stream = open_mrc<MrcStream>(path);
      stream.read_rows(make_room(stream.header().width, stream.header().height));
      stream.finish();
      return keep_mrc_header(stream.header());
    }
    case MicrographFormat::tiff: {
      TiffReader reader = open_tiff(path);
      const TiffHeader& header = reader.header();
      reader.read_page(0, make_room(header.width, header.height));
      micrograph.pixel_size_angstrom = header.pixel_size_angstrom;
      micrograph.metadata = {};
    }
  }
}

}  // namespace

const char* name(MicrographFormat format) {
  switch (format) {
    case MicrographFormat::mrc:
      return "MRC";
    case MicrographFormat::compressed_mrc:
      return "compressed MRC";
    case MicrographFormat::tiff:
      return "TIFF";
  }
  return "unknown";
}

MicrographFormat detect_micrograph_format(const std::string& path) {
  return detect_format(InputFile(path, ErrorKind::input));
}

Micrograph read_micrograph(const std::string& path) {
  Micrograph micrograph;
  read_micrograph(path, micrograph);
  return micrograph;
}

void read_micrograph(const std::string& path, Micrograph& micrograph) {
  read_into(path, micrograph, [](const Image&) { return PixelsRead(); });
}

BlockStatistics read_and_measure_micrograph(const std::string& path, Micrograph& micrograph) {
  std::optional<BlockStatistics> statistics;
  read_into(path, micrograph, [&](const Image& pixels) -> PixelsRead {
    statistics.emplace(pixels.pixels());
    return [&](std::int64_t begin, std::int64_t end) { statistics->measure_range(begin, end); };
  });
  if (!statistics)
    statistics.emplace(micrograph.pixels.pixels());
  statistics->measure_rest();
  return *std::move(statistics);
}

MicrographDescription describe_micrograph(const std::string& path) {
  MicrographDescription description;
  description.format = detect_micrograph_format(path);
  const auto take_mrc = [&](const auto& reader, const std::string& type_suffix) {
    const MrcHeader& header = reader.header();
    description.width = header.width;
    description.height = header.height;
    description.pixel_type =
        describe_mrc_mode(header.mode, header.bytes_are_unsigned) + type_suffix;
    description.pixel_size_angstrom = header.pixel_size_angstrom;
    description.file_size_bytes = reader.file_size_bytes();
    description.reading_bytes =
        std::min(conversion_bytes, header.section_bytes()) + header.data_offset;
  };
  switch (description.format) {
    case MicrographFormat::mrc:
      take_mrc(open_mrc<MrcReader>(path), "");
      break;
    case MicrographFormat::compressed_mrc: {
      const auto stream = open_mrc<MrcStream>(path);
      take_mrc(stream, std::string(", ") + name(stream.compression()));
      description.reading_bytes += decoder_bytes;
      break;
    }
    case MicrographFormat::tiff: {
      const TiffReader reader = open_tiff(path);
      const TiffHeader& header = reader.header();
      description.width = header.width;
      description.height = header.height;
      description.pixel_type = name(header.pixel_type);
      description.pixel_size_angstrom = header.pixel_size_angstrom;
      description.file_size_bytes = reader.file_size_bytes();
      // A block as stored and decoded.
      description.reading_bytes = conversion_bytes + header.block_bytes +
                                  std::min(header.block_bytes, reader.file_size_bytes());
    }
  }
  return description;
}

}  // namespace limpid
