#include "core/io/compressed_file.h"

#include "core/base/error.h"
#include "core/base/log.h"

#include <algorithm>
#include <array>
#include <bzlib.h>
#include <cstring>
#include <limits>
#include <new>
#include <string_view>
#include <zlib.h>

namespace limpid {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t block_bytes = 256 << 10;
// The libraries count in 32 bits.
constexpr std::size_t largest_step_bytes = 1 << 30;
// Of deflate: a match of 258 bytes takes two bits.
constexpr std::uint64_t largest_gzip_ratio = 1032;

std::string_view signature(Compression compression) {
  return compression == Compression::gzip ? "\x1f\x8b\x08"sv : "BZh"sv;
}

bool starts_with(std::span<const std::byte> bytes, std::string_view text) {
  return bytes.size() >= text.size() && std::memcmp(bytes.data(), text.data(), text.size()) == 0;
}

}  // namespace

const char* name(Compression compression) {
  return compression == Compression::gzip ? "gzip" : "bzip2";
}

std::optional<Compression> detect_compression(std::span<const std::byte> first_bytes) {
  for (const Compression compression : {Compression::gzip, Compression::bzip2})
    if (starts_with(first_bytes, signature(compression)))
      return compression;
  return std::nullopt;
}

// One stream of compressed bytes.
class CompressedFile::Decoder {
 public:
  struct Step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
    bool has_ended = false;
    const char* damage = nullptr;  // what is wrong, if anything
  };

  Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  virtual ~Decoder() = default;

  virtual Step decode(std::span<const std::byte> input, std::span<std::byte> output) = 0;
};

class CompressedFile::GzipDecoder : public Decoder {
 public:
  GzipDecoder() {
    constexpr int gzip_wrapper = 16;
    if (inflateInit2(&stream_, MAX_WBITS + gzip_wrapper) != Z_OK)
      throw std::bad_alloc();
  }
  ~GzipDecoder() override { inflateEnd(&stream_); }

  Step decode(std::span<const std::byte> input, std::span<std::byte> output) override {
    // zlib declares its input as changeable but leaves it alone.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(input.data()));
    stream_.avail_in = static_cast<uInt>(input.size());
    stream_.next_out = reinterpret_cast<Bytef*>(output.data());
    stream_.avail_out = static_cast<uInt>(output.size());
    const int status = inflate(&stream_, Z_NO_FLUSH);
    if (status == Z_MEM_ERROR)
      throw std::bad_alloc();
    Step step{.consumed = input.size() - stream_.avail_in,
              .produced = output.size() - stream_.avail_out,
              .has_ended = status == Z_STREAM_END};
    // Z_BUF_ERROR only says that there was nothing to do.
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
      step.damage = stream_.msg != nullptr ? stream_.msg : "invalid data";
    return step;
  }

 private:
  z_stream stream_{};
};

class CompressedFile::Bzip2Decoder : public Decoder {
 public:
  Bzip2Decoder() {
    if (BZ2_bzDecompressInit(&stream_, 0, 0) != BZ_OK)
      throw std::bad_alloc();
  }
  ~Bzip2Decoder() override { BZ2_bzDecompressEnd(&stream_); }

  Step decode(std::span<const std::byte> input, std::span<std::byte> output) override {
    stream_.next_in = reinterpret_cast<char*>(const_cast<std::byte*>(input.data()));
    stream_.avail_in = static_cast<unsigned>(input.size());
    stream_.next_out = reinterpret_cast<char*>(output.data());
    stream_.avail_out = static_cast<unsigned>(output.size());
    const int status = BZ2_bzDecompress(&stream_);
    if (status == BZ_MEM_ERROR)
      throw std::bad_alloc();
    Step step{.consumed = input.size() - stream_.avail_in,
              .produced = output.size() - stream_.avail_out,
              .has_ended = status == BZ_STREAM_END};
    if (status != BZ_OK && status != BZ_STREAM_END)
      step.damage = "invalid data or wrong checksum";
    return step;
  }

 private:
  bz_stream stream_{};
};

CompressedFile::CompressedFile(const std::string& path)
    : file_(path, ErrorKind::input),
      block_(std::min<std::uint64_t>(block_bytes, file_.size_bytes())) {
  refill();
  const auto compression = detect_compression(input_);
  if (!compression)
    fail(ErrorKind::input, "reading '{}': not a gzip or bzip2 file", path);
  compression_ = *compression;
}

CompressedFile::CompressedFile(CompressedFile&&) noexcept = default;
CompressedFile& CompressedFile::operator=(CompressedFile&&) noexcept = default;
CompressedFile::~CompressedFile() = default;

std::uint64_t CompressedFile::largest_content_bytes() const {
  constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();
  return compression_ == Compression::gzip && stored_bytes() < no_limit / largest_gzip_ratio
             ? stored_bytes() * largest_gzip_ratio
             : no_limit;
}

std::size_t CompressedFile::read(std::span<std::byte> destination) {
  std::size_t count = 0;
  while (count < destination.size() && (decoder_ || begin_stream()))
    count += decode(destination.subspan(count));
  return count;
}

// Moves what is left to the front of the block and fills the rest from the file.
void CompressedFile::refill() {
  if (!input_.empty())
    std::memmove(block_.data(), input_.data(), input_.size());
  const std::uint64_t count =
      std::min<std::uint64_t>(block_.size() - input_.size(), file_.size_bytes() - offset_);
  file_.read_at(offset_, std::span(block_).subspan(input_.size(), count));
  offset_ += count;
  input_ = std::span<const std::byte>(block_).first(input_.size() + count);
}

// Whether another stream follows.
bool CompressedFile::begin_stream() {
  if (has_ended_)
    return false;
  if (input_.size() < signature(compression_).size())
    refill();
  if (starts_with(input_, signature(compression_))) {
    if (compression_ == Compression::gzip)
      decoder_ = std::make_unique<GzipDecoder>();
    else
      decoder_ = std::make_unique<Bzip2Decoder>();
    return true;
  }
  has_ended_ = true;
  // Tapes and some file systems pad.
  const std::uint64_t rest = input_.size() + (file_.size_bytes() - offset_);
  if (rest > 0)
    log_warning("reading '{}': {} bytes after the compressed data are ignored", path(), rest);
  return false;
}

std::size_t CompressedFile::decode(std::span<std::byte> destination) {
  if (input_.empty())
    refill();
  const Decoder::Step step =
      decoder_->decode(input_, destination.first(std::min(destination.size(), largest_step_bytes)));
  if (step.damage != nullptr)
    fail(ErrorKind::input,
         "reading '{}': the file is compressed with {} and damaged ({})",
         path(),
         name(compression_),
         step.damage);
  if (step.consumed == 0 && step.produced == 0 && !step.has_ended && input_.empty())
    fail(ErrorKind::input,
         "reading '{}': the file is compressed with {} and truncated",
         path(),
         name(compression_));
  input_ = input_.subspan(step.consumed);
  if (step.has_ended)
    decoder_.reset();
  return step.produced;
}

}  // namespace limpid
