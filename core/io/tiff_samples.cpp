#include "core/io/tiff_samples.h"

#include "core/io/half.h"

#include <tiff.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace limpid {
namespace {

struct Type {
  TiffPixelType type;
  const char* name;
  std::uint16_t bits;
  std::uint16_t format;
};

constexpr std::array types = {Type{TiffPixelType::uint8, "uint8", 8, SAMPLEFORMAT_UINT},
                              Type{TiffPixelType::int8, "int8", 8, SAMPLEFORMAT_INT},
                              Type{TiffPixelType::uint16, "uint16", 16, SAMPLEFORMAT_UINT},
                              Type{TiffPixelType::int16, "int16", 16, SAMPLEFORMAT_INT},
                              Type{TiffPixelType::uint32, "uint32", 32, SAMPLEFORMAT_UINT},
                              Type{TiffPixelType::int32, "int32", 32, SAMPLEFORMAT_INT},
                              Type{TiffPixelType::float16, "float16", 16, SAMPLEFORMAT_IEEEFP},
                              Type{TiffPixelType::float32, "float32", 32, SAMPLEFORMAT_IEEEFP},
                              Type{TiffPixelType::float64, "float64", 64, SAMPLEFORMAT_IEEEFP}};

const Type& row_of(TiffPixelType wanted) {
  return *std::find_if(
      types.begin(), types.end(), [&](const Type& type) { return type.type == wanted; });
}

template <class T>
void convert(std::span<const std::byte> samples, std::span<float> pixels) {
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    T sample;
    std::memcpy(&sample, samples.data() + i * sizeof(T), sizeof(T));
    pixels[i] = static_cast<float>(sample);
  }
}

void convert_halves(std::span<const std::byte> samples, std::span<float> pixels) {
  std::array<std::uint16_t, 2048> halves;
  for (std::size_t begin = 0; begin < pixels.size(); begin += halves.size()) {
    const std::size_t count = std::min(halves.size(), pixels.size() - begin);
    std::memcpy(halves.data(), samples.data() + begin * 2, count * 2);
    half_to_float(std::span(halves).first(count), pixels.subspan(begin, count));
  }
}

}  // namespace

const char* name(TiffPixelType type) {
  return row_of(type).name;
}

std::optional<TiffPixelType> tiff_pixel_type(std::uint16_t bits, std::uint16_t format) {
  const std::uint16_t known_format = format == SAMPLEFORMAT_VOID ? SAMPLEFORMAT_UINT : format;
  for (const Type& type : types)
    if (type.bits == bits && type.format == known_format)
      return type.type;
  return std::nullopt;
}

std::size_t tiff_sample_bytes(TiffPixelType type) {
  return row_of(type).bits / 8u;
}

void tiff_samples_to_float(TiffPixelType type,
                           std::span<const std::byte> samples,
                           std::span<float> pixels) {
  switch (type) {
    case TiffPixelType::uint8:
      return convert<std::uint8_t>(samples, pixels);
    case TiffPixelType::int8:
      return convert<std::int8_t>(samples, pixels);
    case TiffPixelType::uint16:
      return convert<std::uint16_t>(samples, pixels);
    case TiffPixelType::int16:
      return convert<std::int16_t>(samples, pixels);
    case TiffPixelType::uint32:
      return convert<std::uint32_t>(samples, pixels);
    case TiffPixelType::int32:
      return convert<std::int32_t>(samples, pixels);
    case TiffPixelType::float16:
      return convert_halves(samples, pixels);
    case TiffPixelType::float32:
      return convert<float>(samples, pixels);
    case TiffPixelType::float64:
      return convert<double>(samples, pixels);
  }
}

}  // namespace limpid
