#include "tests/support/io_compressed.h"

#include <bzlib.h>
#include <stdexcept>
#include <zlib.h>

namespace limpid::test {
namespace {

std::string gzip(std::string_view content) {
  z_stream stream{};
  if (deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("starting zlib");
  std::string result(deflateBound(&stream, content.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  const int status = deflate(&stream, Z_FINISH);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  if (status != Z_STREAM_END)
    throw std::runtime_error("compressing with zlib");
  return result;
}

std::string bzip2(std::string_view content) {
  std::string result(content.size() + content.size() / 50 + 1000, '\0');
  auto size = static_cast<unsigned>(result.size());
  if (BZ2_bzBuffToBuffCompress(result.data(),
                               &size,
                               const_cast<char*>(content.data()),
                               static_cast<unsigned>(content.size()),
                               9,
                               0,
                               0) != BZ_OK)
    throw std::runtime_error("compressing with bzip2");
  result.resize(size);
  return result;
}

}  // namespace

std::string compressed(std::string_view content, Compression compression) {
  return compression == Compression::gzip ? gzip(content) : bzip2(content);
}

}  // namespace limpid::test
