#pragma once

#include "plugin/job/job.h"

#include <nlohmann/json.hpp>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// Single values of a job as JSON. encoded() cannot fail; decode() returns what was expected instead
// of what it found, or null when the value was taken.
namespace limpid {

// Names of the values of an enumeration, or none for other types.
template <class Type>
struct EnumNames;
template <>
struct EnumNames<DeviceKind> {
  static constexpr std::pair<DeviceKind, const char*> table[] = {
      {DeviceKind::automatic, "auto"},
      {DeviceKind::cpu, "cpu"},
      {DeviceKind::cuda, "cuda"},
      {DeviceKind::reference, "reference"}};
  static constexpr const char* expected = "auto, cpu or cuda";
};
template <>
struct EnumNames<DataType> {
  static constexpr std::pair<DataType, const char*> table[] = {{DataType::float32, "float32"},
                                                               {DataType::bfloat16, "bfloat16"}};
  static constexpr const char* expected = "float32 or bfloat16";
};
template <>
struct EnumNames<PairKind> {
  static constexpr std::pair<PairKind, const char*> table[] = {{PairKind::automatic, "auto"},
                                                               {PairKind::halves, "halves"},
                                                               {PairKind::movies, "movies"},
                                                               {PairKind::single, "single"},
                                                               {PairKind::simulated, "simulated"},
                                                               {PairKind::truth, "truth"},
                                                               {PairKind::physics, "physics"}};
  static constexpr const char* expected =
      "auto, halves, movies, single, simulated, truth or physics";
};
template <>
struct EnumNames<PatchContent> {
  static constexpr std::pair<PatchContent, const char*> table[] = {{PatchContent::pair, "pair"},
                                                                   {PatchContent::clean, "clean"}};
  static constexpr const char* expected = "pair or clean";
};
template <>
struct EnumNames<LoaderMode> {
  static constexpr std::pair<LoaderMode, const char*> table[] = {{LoaderMode::automatic, "auto"},
                                                                 {LoaderMode::resident, "resident"},
                                                                 {LoaderMode::stream, "stream"}};
  static constexpr const char* expected = "auto, resident or stream";
};

template <class Type>
concept NamedEnum = requires {
  EnumNames<Type>::table;
};

nlohmann::json encoded(const std::string& text);
nlohmann::json encoded(const std::vector<std::string>& texts);
// As few digits as give the same value back.
nlohmann::json encoded(float number);
inline nlohmann::json encoded(std::integral auto value) {
  return value;
}
inline nlohmann::json encoded(double number) {
  return number;
}
inline nlohmann::json encoded(const std::vector<int>& numbers) {
  return numbers;
}
template <NamedEnum Enum>
nlohmann::json encoded(Enum value) {
  for (const auto& [known, name] : EnumNames<Enum>::table)
    if (known == value)
      return name;
  return nullptr;
}
template <class Value>
nlohmann::json encoded(const std::optional<Value>& value) {
  return value ? encoded(*value) : nlohmann::json(nullptr);
}

const char* decode(const nlohmann::json& json, std::string& text);
const char* decode(const nlohmann::json& json, std::vector<std::string>& texts);
const char* decode(const nlohmann::json& json, bool& value);
const char* decode(const nlohmann::json& json, int& number);
const char* decode(const nlohmann::json& json, std::int64_t& number);
const char* decode(const nlohmann::json& json, std::uint64_t& number);
const char* decode(const nlohmann::json& json, double& number);
const char* decode(const nlohmann::json& json, float& number);
const char* decode(const nlohmann::json& json, std::vector<int>& numbers);
template <NamedEnum Enum>
const char* decode(const nlohmann::json& json, Enum& value) {
  for (const auto& [known, name] : EnumNames<Enum>::table)
    if (json == name) {
      value = known;
      return nullptr;
    }
  return EnumNames<Enum>::expected;
}
template <class Value>
const char* decode(const nlohmann::json& json, std::optional<Value>& value) {
  if (json.is_null()) {
    value.reset();
    return nullptr;
  }
  return decode(json, value.emplace());
}

}  // namespace limpid
