#include "core/base/error.h"
#include "core/data/prepared_dataset.h"
#include "core/io/printable.h"
#include "core/io/strict_json.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdint>
#include <initializer_list>

namespace limpid {
namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

constexpr const char* format_name = "limpid patches";
constexpr int format_version = 1;
constexpr std::initializer_list<PatchSetKind> set_kinds = {PatchSetKind::train, PatchSetKind::test};
constexpr std::initializer_list<PatchRole> roles = {PatchRole::input, PatchRole::target};

// File names may hold bytes that are no UTF-8; here they are for people only.
std::string on_one_line(const OrderedJson& json) {
  return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

// As few digits as give the same value back.
Json shortest(float value) {
  return Json::parse(fmt::format("{}", value));
}

OrderedJson header_of(const PreparedDataset& dataset) {
  OrderedJson header = {
      {"format", format_name},
      {"version", format_version},
      {"program", dataset.program},
      {"patch_size_px", dataset.patch_size_px},
      {"stride_px", dataset.stride_px},
      {"dtype", dataset.is_float16 ? "<f2" : "<f4"},
      {"byte_order", "little"},
      {"content", dataset.has_inputs ? "pair" : "clean"},
      {"pairs", dataset.pairs},
      {"exchangeable", dataset.is_symmetric},
      {"seed", dataset.seed},
      {"noise",
       {{"poisson_electrons_per_unit", shortest(dataset.noise.electrons_per_unit)},
        {"gaussian_sigma", shortest(dataset.noise.sigma)}}}};
  return header;
}

std::string set_text(const PreparedDataset& dataset, PatchSetKind kind) {
  const std::int64_t count = dataset.patch_count(kind);
  OrderedJson files = OrderedJson::object();
  for (const PatchRole role : roles)
    if (dataset.has_file(kind, role))
      files[name(role)] = {
          {"name", patch_file_name(kind, role)},
          {"size_bytes", static_cast<std::uint64_t>(count) * dataset.patch_bytes()}};
  std::string text = fmt::format(
      "{{\n    \"patch_count\": {},\n    \"shape\": [{}, {}, {}],\n    \"files\": {},\n"
      "    \"micrographs\": [",
      count,
      count,
      dataset.patch_size_px,
      dataset.patch_size_px,
      on_one_line(files));
  const char* separator = "\n      ";
  for (const PatchedMicrograph& micrograph : dataset.set(kind)) {
    text += separator + to_json(micrograph);
    separator = ",\n      ";
  }
  return text + "]\n  }";
}

const Json& member(const Json& object, const char* key) {
  if (!object.is_object() || !object.contains(key))
    fail(ErrorKind::usage, "the key '{}' is missing", key);
  return object.at(key);
}

template <class Value>
Value value_of(const Json& object, const char* key) {
  return member(object, key).get<Value>();
}

std::int64_t whole_number(const Json& object,
                          const char* key,
                          std::int64_t low,
                          std::int64_t high) {
  const Json& value = member(object, key);
  const auto number = value.is_number_integer() ? value.get<std::int64_t>() : low - 1;
  if (number < low || number > high)
    fail(ErrorKind::usage, "{} is {}, expected {} to {}", key, printable(value.dump()), low, high);
  return number;
}

double finite_number(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_number() || !std::isfinite(value.get<double>()))
    fail(ErrorKind::usage, "{} is {}, expected a number", key, printable(value.dump()));
  return value.get<double>();
}

constexpr std::int64_t longest_side_px = 1 << 24;

PatchedMicrograph micrograph_of(const Json& json) {
  PatchedMicrograph micrograph;
  micrograph.name = value_of<std::string>(json, "name");
  micrograph.width_px = whole_number(json, "width_px", 1, longest_side_px);
  micrograph.height_px = whole_number(json, "height_px", 1, longest_side_px);
  if (!member(json, "pixel_size_angstrom").is_null())
    micrograph.pixel_size_angstrom = finite_number(json, "pixel_size_angstrom");
  micrograph.first_patch = whole_number(json, "first_patch", 0, std::int64_t{1} << 50);
  micrograph.columns = whole_number(json, "columns", 1, longest_side_px);
  micrograph.rows = whole_number(json, "rows", 1, longest_side_px);
  micrograph.grey_offset = finite_number(json, "grey_offset");
  micrograph.grey_range = finite_number(json, "grey_range");
  micrograph.mean = finite_number(json, "mean");
  micrograph.sigma = finite_number(json, "sigma");
  if (micrograph.sigma <= 0)
    fail(ErrorKind::usage, "sigma is {}, expected more than 0", micrograph.sigma);
  micrograph.loss_weight = finite_number(json, "loss_weight");
  if (json.contains("input_xxh64"))
    micrograph.input_xxh64 = value_of<std::string>(json, "input_xxh64");
  micrograph.target_xxh64 = value_of<std::string>(json, "target_xxh64");
  return micrograph;
}

// The patches of a set have to follow each other without a gap.
std::vector<PatchedMicrograph> set_of(const Json& json, const PreparedDataset& dataset) {
  std::vector<PatchedMicrograph> micrographs;
  std::int64_t count = 0;
  for (const Json& element : member(json, "micrographs")) {
    PatchedMicrograph micrograph = micrograph_of(element);
    const std::int64_t size = dataset.patch_size_px;
    const std::int64_t stride = dataset.stride_px;
    if (micrograph.first_patch != count ||
        micrograph.columns != patches_along(micrograph.width_px, size, stride) ||
        micrograph.rows != patches_along(micrograph.height_px, size, stride))
      fail(ErrorKind::usage,
           "{} x {} patches from number {} on do not fit '{}' of {} x {} pixels and the {} patches "
           "before",
           micrograph.columns,
           micrograph.rows,
           micrograph.first_patch,
           printable(micrograph.name),
           micrograph.width_px,
           micrograph.height_px,
           count);
    count += micrograph.patch_count();
    micrographs.push_back(std::move(micrograph));
  }
  const auto claimed = value_of<std::int64_t>(json, "patch_count");
  if (claimed != count)
    fail(ErrorKind::usage, "patch_count is {}, the micrographs have {}", claimed, count);
  return micrographs;
}

PreparedDataset dataset_of(const Json& json) {
  if (value_of<std::string>(json, "format") != format_name ||
      member(json, "version") != format_version)
    fail(ErrorKind::usage,
         "format {} version {}, expected '{}' version {}",
         printable(member(json, "format").dump()),
         printable(member(json, "version").dump()),
         format_name,
         format_version);
  PreparedDataset dataset;
  dataset.program = value_of<std::string>(json, "program");
  dataset.patch_size_px = whole_number(json, "patch_size_px", 1, 1 << 16);
  dataset.stride_px = whole_number(json, "stride_px", 1, 1 << 16);
  const auto type = value_of<std::string>(json, "dtype");
  if (type != "<f4" && type != "<f2")
    fail(ErrorKind::usage, "dtype is '{}', expected '<f4' or '<f2'", printable(type));
  dataset.is_float16 = type == "<f2";
  const auto content = value_of<std::string>(json, "content");
  if (content != "pair" && content != "clean")
    fail(ErrorKind::usage, "content is '{}', expected 'pair' or 'clean'", printable(content));
  dataset.has_inputs = content == "pair";
  dataset.pairs = value_of<std::string>(json, "pairs");
  dataset.is_symmetric = value_of<bool>(json, "exchangeable");
  dataset.seed = value_of<std::uint64_t>(json, "seed");
  const Json& noise = member(json, "noise");
  dataset.noise = {
      .electrons_per_unit = static_cast<float>(finite_number(noise, "poisson_electrons_per_unit")),
      .sigma = static_cast<float>(finite_number(noise, "gaussian_sigma"))};
  const Json& sets = member(json, "sets");
  dataset.train = set_of(member(sets, "train"), dataset);
  dataset.test = set_of(member(sets, "test"), dataset);
  return dataset;
}

Json parse(const std::string& text) {
  return Json::parse(text, StrictJsonCheck(ErrorKind::usage, "it"));
}

}  // namespace

std::string to_json(const PatchedMicrograph& micrograph) {
  OrderedJson json = {{"name", micrograph.name},
                      {"first_patch", micrograph.first_patch},
                      {"columns", micrograph.columns},
                      {"rows", micrograph.rows},
                      {"width_px", micrograph.width_px},
                      {"height_px", micrograph.height_px},
                      {"pixel_size_angstrom", nullptr},
                      {"grey_offset", micrograph.grey_offset},
                      {"grey_range", micrograph.grey_range},
                      {"mean", micrograph.mean},
                      {"sigma", micrograph.sigma},
                      {"loss_weight", micrograph.loss_weight}};
  if (micrograph.pixel_size_angstrom)
    json["pixel_size_angstrom"] = *micrograph.pixel_size_angstrom;
  if (!micrograph.input_xxh64.empty())
    json["input_xxh64"] = micrograph.input_xxh64;
  json["target_xxh64"] = micrograph.target_xxh64;
  return on_one_line(json);
}

PatchedMicrograph patched_micrograph_from_json(const std::string& text) {
  try {
    return micrograph_of(parse(text));
  } catch (const Json::exception& error) {
    fail(ErrorKind::usage, "{}", printable(error.what()));
  }
}

std::string to_json(const PreparedDataset& dataset) {
  std::string text = "{\n";
  const OrderedJson header = header_of(dataset);
  for (const auto& [key, value] : header.items())
    text += fmt::format("  \"{}\": {},\n", key, on_one_line(value));
  text += "  \"sets\": {";
  const char* separator = "";
  for (const PatchSetKind kind : set_kinds) {
    text += fmt::format("{}\n  \"{}\": {}", separator, name(kind), set_text(dataset, kind));
    separator = ",";
  }
  return text + "\n  }\n}\n";
}

PreparedDataset prepared_dataset_from_json(const std::string& text) {
  try {
    return dataset_of(parse(text));
  } catch (const Json::exception& error) {
    fail(ErrorKind::usage, "{}", printable(error.what()));
  }
}

}  // namespace limpid
