#include "core/io/safetensors.h"

#include "core/base/error.h"
#include "core/io/atomic_file.h"
#include "core/io/byte_order.h"
#include "core/io/half.h"
#include "core/io/input_file.h"
#include "core/io/printable.h"
#include "core/io/strict_json.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <set>
#include <span>
#include <string_view>

namespace limpid {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t length_bytes = 8;
constexpr std::uint64_t largest_header_bytes = 16 << 20;
constexpr std::uint64_t largest_file_bytes = 1ull << 30;
constexpr std::size_t largest_rank = 5;
constexpr std::uint64_t data_alignment_bytes = 64;
constexpr const char* metadata_key = "__metadata__";

enum class StoredType { f32, f16, bf16 };

std::uint64_t element_bytes(StoredType type) {
  return type == StoredType::f32 ? 4 : 2;
}

template <class... Args>
[[noreturn]] void fail_reading(const std::string& path,
                               fmt::format_string<Args...> format,
                               Args&&... args) {
  fail(
      ErrorKind::model, "reading '{}': {}", path, fmt::format(format, std::forward<Args>(args)...));
}

// Where and what one tensor is, before its data are read.
struct TensorEntry {
  std::string name;
  StoredType type = StoredType::f32;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

Json parse_description(const std::string& text, const std::string& path) {
  try {
    return Json::parse(text, StrictJsonCheck(ErrorKind::model, "its description"));
  } catch (const Json::exception& error) {
    fail_reading(path, "its description is not valid JSON: {}", printable(error.what()));
  } catch (const Error& error) {
    fail_reading(path, "{}", error.what());
  }
}

std::uint64_t natural_number(const Json& value, const char* what, const std::string& path) {
  if (!value.is_number_unsigned())
    fail_reading(path, "{} is '{}', expected a natural number", what, printable(value.dump()));
  return value.get<std::uint64_t>();
}

StoredType stored_type(const Json& value, const std::string& tensor, const std::string& path) {
  if (value == "F32")
    return StoredType::f32;
  if (value == "F16")
    return StoredType::f16;
  if (value == "BF16")
    return StoredType::bf16;
  fail_reading(path,
               "tensor '{}' has type {}, expected F32, F16 or BF16",
               printable(tensor),
               printable(value.dump()));
}

// Number of elements, with sizes that multiply beyond any file refused.
std::uint64_t element_count(const std::vector<std::int64_t>& shape) {
  std::uint64_t count = 1;
  for (const std::int64_t size : shape)
    if (__builtin_mul_overflow(count, static_cast<std::uint64_t>(size), &count))
      return std::numeric_limits<std::uint64_t>::max();
  return count;
}

TensorEntry tensor_entry(const std::string& name, const Json& value, const std::string& path) {
  if (!value.is_object() || value.size() != 3 || !value.contains("dtype") ||
      !value.contains("shape") || !value.contains("data_offsets"))
    fail_reading(path, "tensor '{}' needs exactly dtype, shape and data_offsets", printable(name));
  const Json& shape = value["shape"];
  const Json& offsets = value["data_offsets"];
  if (!shape.is_array() || shape.size() > largest_rank)
    fail_reading(
        path, "tensor '{}' has no shape of at most {} sizes", printable(name), largest_rank);
  if (!offsets.is_array() || offsets.size() != 2)
    fail_reading(path, "tensor '{}' has no pair of data offsets", printable(name));

  TensorEntry entry;
  entry.name = name;
  entry.type = stored_type(value["dtype"], name, path);
  for (const Json& size : shape) {
    const std::uint64_t number = natural_number(size, "a size of a tensor", path);
    if (number > largest_file_bytes)
      fail_reading(path, "tensor '{}' has a size of {}", printable(name), number);
    entry.shape.push_back(static_cast<std::int64_t>(number));
  }
  entry.begin = natural_number(offsets[0], "a data offset", path);
  entry.end = natural_number(offsets[1], "a data offset", path);
  const std::uint64_t count = element_count(entry.shape);
  if (entry.begin > entry.end || count > largest_file_bytes ||
      count * element_bytes(entry.type) != entry.end - entry.begin)
    fail_reading(path,
                 "tensor '{}' of shape {} has data from byte {} to {}",
                 printable(name),
                 printable(shape.dump()),
                 entry.begin,
                 entry.end);
  return entry;
}

std::map<std::string, std::string> metadata(const Json& value, const std::string& path) {
  if (!value.is_object())
    fail_reading(path, "{} is not an object", metadata_key);
  std::map<std::string, std::string> result;
  for (const auto& [key, text] : value.items()) {
    if (!text.is_string())
      fail_reading(path, "{} '{}' is not a text", metadata_key, printable(key));
    result[key] = text.get<std::string>();
  }
  return result;
}

// Tensors must fill the data part without gaps and overlaps: nothing else can hide in the file.
void check_coverage(const std::vector<TensorEntry>& entries,
                    std::uint64_t data_bytes,
                    const std::string& path) {
  std::uint64_t position = 0;
  for (const TensorEntry& entry : entries) {
    if (entry.begin != position)
      fail_reading(path,
                   "tensor '{}' begins at data byte {}, expected {}",
                   printable(entry.name),
                   entry.begin,
                   position);
    position = entry.end;
  }
  if (position != data_bytes)
    fail_reading(path, "the tensors take {} bytes, the file has {}", position, data_bytes);
}

std::vector<float> read_values(const InputFile& file,
                               const TensorEntry& entry,
                               std::uint64_t data_offset) {
  std::vector<float> values(element_count(entry.shape));
  const std::uint64_t offset = data_offset + entry.begin;
  if (entry.type == StoredType::f32) {
    file.read_at(offset, std::as_writable_bytes(std::span(values)));
  } else {
    std::vector<std::uint16_t> stored(values.size());
    file.read_at(offset, std::as_writable_bytes(std::span(stored)));
    if (entry.type == StoredType::f16)
      half_to_float(stored, values);
    else  // bfloat16 is the upper half of float32
      std::transform(stored.begin(), stored.end(), values.begin(), [](std::uint16_t bits) {
        return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
      });
  }
  if (!std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); }))
    fail_reading(
        file.path(), "tensor '{}' holds a value that is not finite", printable(entry.name));
  return values;
}

std::string read_description(const InputFile& file) {
  const std::string& path = file.path();
  if (file.size_bytes() > largest_file_bytes)
    fail_reading(path,
                 "the file has {} bytes, at most {} are allowed",
                 file.size_bytes(),
                 largest_file_bytes);
  if (file.size_bytes() < length_bytes)
    fail_reading(path, "not a safetensors file: {} bytes", file.size_bytes());
  std::array<std::byte, length_bytes> length_field;
  file.read_at(0, length_field);
  const auto length = load<std::uint64_t>(length_field.data());
  if (length > largest_header_bytes || length > file.size_bytes() - length_bytes)
    fail_reading(path,
                 "not a safetensors file, or truncated: a description of {} bytes in a file of {}",
                 length,
                 file.size_bytes());
  std::string text(length, '\0');
  file.read_at(length_bytes, std::as_writable_bytes(std::span(text)));
  return text;
}

void check_content(const std::string& path, const TensorFile& content) {
  std::set<std::string_view> names;
  for (const NamedTensor& tensor : content.tensors) {
    require(!tensor.name.empty() && tensor.name != metadata_key && names.insert(tensor.name).second,
            "writing '{}': tensor name '{}' is empty, reserved or occurs twice",
            path,
            tensor.name);
    const bool is_shape = tensor.shape.size() <= largest_rank &&
                          std::all_of(tensor.shape.begin(),
                                      tensor.shape.end(),
                                      [](std::int64_t size) { return size >= 0; }) &&
                          element_count(tensor.shape) == tensor.values.size();
    require(is_shape,
            "writing '{}': tensor '{}' has {} values, which do not fit its shape",
            path,
            tensor.name,
            tensor.values.size());
    require(std::all_of(tensor.values.begin(),
                        tensor.values.end(),
                        [](float value) { return std::isfinite(value); }),
            "writing '{}': tensor '{}' holds a value that is not finite",
            path,
            tensor.name);
  }
}

std::string description_of(const TensorFile& content) {
  nlohmann::ordered_json description = nlohmann::ordered_json::object();
  if (!content.metadata.empty())
    description[metadata_key] = content.metadata;
  std::uint64_t position = 0;
  for (const NamedTensor& tensor : content.tensors) {
    const std::uint64_t end = position + tensor.values.size() * sizeof(float);
    description[tensor.name] = {
        {"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {position, end}}};
    position = end;
  }
  std::string text = description.dump();
  while ((length_bytes + text.size()) % data_alignment_bytes != 0)
    text += ' ';
  return text;
}

}  // namespace

const NamedTensor* TensorFile::find(const std::string& name) const {
  const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const NamedTensor& tensor) {
    return tensor.name == name;
  });
  return found == tensors.end() ? nullptr : &*found;
}

TensorFile read_safetensors(const std::string& path) {
  const InputFile file(path, ErrorKind::model);
  const std::string text = read_description(file);
  const Json description = parse_description(text, path);
  if (!description.is_object())
    fail_reading(path, "its description is not a JSON object");
  TensorFile content;
  std::vector<TensorEntry> entries;
  for (const auto& [key, value] : description.items())
    if (key == metadata_key)
      content.metadata = metadata(value, path);
    else
      entries.push_back(tensor_entry(key, value, path));
  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  const std::uint64_t data_offset = length_bytes + text.size();
  check_coverage(entries, file.size_bytes() - data_offset, path);
  for (const TensorEntry& entry : entries)
    content.tensors.push_back({entry.name, entry.shape, read_values(file, entry, data_offset)});
  return content;
}

void write_safetensors(const std::string& path, const TensorFile& content) {
  check_content(path, content);
  const std::string description =
      with_context("writing '" + path + "'", [&] { return description_of(content); });
  std::array<std::byte, length_bytes> length_field;
  store(length_field.data(), static_cast<std::uint64_t>(description.size()));
  AtomicFile file(path);
  file.append(length_field);
  file.append(std::as_bytes(std::span(description)));
  for (const NamedTensor& tensor : content.tensors)
    file.append(std::as_bytes(std::span(tensor.values)));
  file.commit();
}

}  // namespace limpid
