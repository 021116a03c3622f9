#include "core/io/movie_file.h"

#include "core/base/error.h"
#include "core/io/eer.h"
#include "core/io/image_limits.h"
#include "core/io/micrograph_file.h"
#include "core/io/mrc_reader.h"
#include "core/io/mrc_stream.h"
#include "core/io/tiff.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace limpid {
namespace {

template <class Reader>
MovieDescription describe_mrc(const Reader& reader, MovieFormat format) {
  const MrcHeader& header = reader.header();
  check_image_size(reader.path(), header.width, header.height);
  return {.format = format,
          .width = header.width,
          .height = header.height,
          .frame_count = header.section_count,
          .pixel_size_angstrom = header.pixel_size_angstrom,
          .file_size_bytes = reader.file_size_bytes()};
}

class MrcFrames : public MovieFrames {
 public:
  explicit MrcFrames(const std::string& path)
      : reader_(path), description_(describe_mrc(reader_, MovieFormat::mrc)) {}

  const MovieDescription& description() const override { return description_; }
  void read(std::int64_t frame, std::span<float> pixels) override {
    reader_.read_rows(frame, 0, pixels);
  }

 private:
  MrcReader reader_;
  MovieDescription description_;
};

class CompressedMrcFrames : public MovieFrames {
 public:
  explicit CompressedMrcFrames(const std::string& path)
      : stream_(path), description_(describe_mrc(stream_, MovieFormat::compressed_mrc)) {}

  const MovieDescription& description() const override { return description_; }
  void read(std::int64_t frame, std::span<float> pixels) override {
    for (; next_ < frame; ++next_)
      stream_.skip_section();
    stream_.read_rows(pixels);
    if (++next_ == description_.frame_count)
      stream_.finish();
  }

 private:
  MrcStream stream_;
  MovieDescription description_;
  std::int64_t next_ = 0;
};

// Two pixels a byte, by the size of the page (K2, K3 and DE cameras in super-resolution).
bool is_packed(const TiffHeader& header) {
  constexpr std::array<std::pair<int, int>, 4> packed_sizes = {
      {{5760, 8184}, {4092, 11520}, {3710, 7676}, {3838, 7420}}};
  return header.pixel_type == TiffPixelType::uint8 &&
         std::any_of(packed_sizes.begin(), packed_sizes.end(), [&](const auto& size) {
           return (header.width == size.first && header.height == size.second) ||
                  (header.width == size.second && header.height == size.first);
         });
}

class TiffFrames : public MovieFrames {
 public:
  explicit TiffFrames(const std::string& path) : reader_(path) {
    const TiffHeader& header = reader_.header();
    is_packed_ = is_packed(header);
    description_ = {.format = MovieFormat::tiff,
                    .width = is_packed_ ? 2 * header.width : header.width,
                    .height = header.height,
                    .frame_count = header.page_count,
                    .pixel_size_angstrom = header.pixel_size_angstrom,
                    .file_size_bytes = reader_.file_size_bytes()};
  }

  const MovieDescription& description() const override { return description_; }
  void read(std::int64_t frame, std::span<float> pixels) override {
    if (!is_packed_)
      return reader_.read_page(frame, pixels);
    packed_.resize(pixels.size() / 2);
    reader_.read_page(frame, packed_);
    for (std::size_t i = 0; i < packed_.size(); ++i) {
      const auto byte = static_cast<unsigned>(packed_[i]);
      pixels[2 * i] = static_cast<float>(byte & 15u);
      pixels[2 * i + 1] = static_cast<float>(byte >> 4);
    }
  }

 private:
  TiffReader reader_;
  MovieDescription description_;
  bool is_packed_ = false;
  std::vector<float> packed_;
};

class EerFractions : public MovieFrames {
 public:
  EerFractions(const std::string& path, const EerRendering& rendering)
      : reader_(path), rendering_(rendering) {
    require(rendering.frames_per_fraction > 0, "{} frames added up", rendering.frames_per_fraction);
    const EerHeader& header = reader_.header();
    description_ = {.format = MovieFormat::eer,
                    .width = header.width * rendering.upsampling,
                    .height = header.height * rendering.upsampling,
                    .frame_count = header.frame_count / rendering.frames_per_fraction,
                    .pixel_size_angstrom = std::nullopt,
                    .file_size_bytes = reader_.file_size_bytes()};
    check_image_size(path, description_.width, description_.height);
    if (description_.frame_count == 0)
      fail(ErrorKind::input,
           "reading '{}': {} frames are less than the {} to be added up",
           path,
           header.frame_count,
           rendering.frames_per_fraction);
  }

  const MovieDescription& description() const override { return description_; }
  void read(std::int64_t fraction, std::span<float> pixels) override {
    std::fill(pixels.begin(), pixels.end(), 0.0f);
    for (std::int64_t i = 0; i < rendering_.frames_per_fraction; ++i)
      reader_.add_frame(
          fraction * rendering_.frames_per_fraction + i, rendering_.upsampling, pixels);
  }

 private:
  EerReader reader_;
  EerRendering rendering_;
  MovieDescription description_;
};

std::unique_ptr<MovieFrames> open_movie(const std::string& path, const EerRendering& rendering) {
  switch (detect_micrograph_format(path)) {
    case MicrographFormat::mrc:
      return std::make_unique<MrcFrames>(path);
    case MicrographFormat::compressed_mrc:
      return std::make_unique<CompressedMrcFrames>(path);
    case MicrographFormat::tiff:
      break;
  }
  if (is_eer_file(path))
    return std::make_unique<EerFractions>(path, rendering);
  return std::make_unique<TiffFrames>(path);
}

}  // namespace

const char* name(MovieFormat format) {
  switch (format) {
    case MovieFormat::mrc:
      return "MRC";
    case MovieFormat::compressed_mrc:
      return "compressed MRC";
    case MovieFormat::tiff:
      return "TIFF";
    case MovieFormat::eer:
      return "EER";
  }
  return "unknown";
}

MovieReader::MovieReader(const std::string& path, const EerRendering& rendering)
    : frames_(open_movie(path, rendering)) {}

void MovieReader::read_next(Image& frame) {
  const MovieDescription& movie = description();
  require(next_frame_ < movie.frame_count, "frame {} of {}", next_frame_, movie.frame_count);
  if (frame.width() != movie.width || frame.height() != movie.height)
    frame = Image(movie.width, movie.height);
  frames_->read(next_frame_++, frame.pixels());
}

}  // namespace limpid
