#include "plugin/job/json_value.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <string_view>

namespace limpid {
namespace {

using Json = nlohmann::json;

constexpr const char* bytes_key = "bytes";
constexpr const char* expected_text = "a text";

bool is_utf8(const std::string& text) {
  try {
    static_cast<void>(Json(text).dump());
    return true;
  } catch (const Json::exception&) {
    return false;
  }
}

int digit_value(char digit) {
  const std::size_t value = std::string_view("0123456789abcdef").find(digit);
  return value == std::string_view::npos ? -1 : static_cast<int>(value);
}

bool decode_bytes(const Json& json, std::string& text) {
  if (!json.is_object() || json.size() != 1 || !json.contains(bytes_key) ||
      !json[bytes_key].is_string())
    return false;
  const auto digits = json[bytes_key].get<std::string>();
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    const int high = digit_value(digits[i]);
    const int low = digit_value(digits[i + 1]);
    if (high < 0 || low < 0)
      return false;
    bytes += static_cast<char>(16 * high + low);
  }
  if (digits.size() % 2 != 0)
    return false;
  text = bytes;
  return true;
}

template <class Integer>
const char* decode_integer(const Json& json, Integer& number, const char* expected) {
  if (!json.is_number_integer())
    return expected;
  if (json.is_number_unsigned()) {
    const auto value = json.get<std::uint64_t>();
    if (value > static_cast<std::uint64_t>(std::numeric_limits<Integer>::max()))
      return expected;
    number = static_cast<Integer>(value);
    return nullptr;
  }
  const auto value = json.get<std::int64_t>();
  if constexpr (std::is_unsigned_v<Integer>) {
    if (value < 0)
      return expected;
  } else if (value < std::numeric_limits<Integer>::min() ||
             value > std::numeric_limits<Integer>::max()) {
    return expected;
  }
  number = static_cast<Integer>(value);
  return nullptr;
}

template <class Item>
const char* decode_list(const Json& json, std::vector<Item>& items, const char* expected) {
  if (!json.is_array())
    return expected;
  std::vector<Item> decoded(json.size());
  for (std::size_t i = 0; i < json.size(); ++i)
    if (decode(json[i], decoded[i]) != nullptr)
      return expected;
  items = std::move(decoded);
  return nullptr;
}

}  // namespace

Json encoded(const std::string& text) {
  if (is_utf8(text))
    return text;
  std::string digits;
  for (const char letter : text)
    digits += fmt::format("{:02x}", static_cast<unsigned char>(letter));
  return {{bytes_key, digits}};
}

Json encoded(const std::vector<std::string>& texts) {
  Json list = Json::array();
  for (const std::string& text : texts)
    list.push_back(encoded(text));
  return list;
}

Json encoded(float number) {
  return std::isfinite(number) ? Json(std::strtod(fmt::format("{}", number).c_str(), nullptr))
                               : Json(nullptr);
}

const char* decode(const Json& json, std::string& text) {
  if (json.is_string()) {
    text = json.get<std::string>();
    return nullptr;
  }
  return decode_bytes(json, text) ? nullptr : expected_text;
}

const char* decode(const Json& json, std::vector<std::string>& texts) {
  return decode_list(json, texts, "a list of texts");
}

const char* decode(const Json& json, bool& value) {
  if (!json.is_boolean())
    return "true or false";
  value = json.get<bool>();
  return nullptr;
}

const char* decode(const Json& json, int& number) {
  return decode_integer(json, number, "an integer of at most 31 bits");
}

const char* decode(const Json& json, std::int64_t& number) {
  return decode_integer(json, number, "an integer of at most 63 bits");
}

const char* decode(const Json& json, std::uint64_t& number) {
  return decode_integer(json, number, "a natural number of at most 64 bits");
}

const char* decode(const Json& json, double& number) {
  if (!json.is_number())
    return "a number";
  number = json.get<double>();
  return nullptr;
}

const char* decode(const Json& json, float& number) {
  if (!json.is_number())
    return "a number";
  number = json.get<float>();
  return nullptr;
}

const char* decode(const Json& json, std::vector<int>& numbers) {
  return decode_list(json, numbers, "a list of integers");
}

}  // namespace limpid
