#include "plugin/job/job_json.h"

#include "core/base/error.h"
#include "core/io/input_file.h"
#include "core/io/printable.h"
#include "core/io/strict_json.h"
#include "plugin/job/job_check.h"
#include "plugin/job/job_fields.h"
#include "plugin/job/json_value.h"

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <set>
#include <vector>

namespace limpid {
namespace {

using Json = nlohmann::json;

constexpr int schema_version = 1;
constexpr std::size_t largest_text_bytes = 1 << 20;
constexpr const char* version_key = "schema_version";
constexpr const char* kind_key = "job";

// In the order of the alternatives of Job.
constexpr const char* kind_names[] = {
    "denoise", "train", "prepare", "simulate", "evaluate", "preview", "remap", "demo"};
static_assert(std::size(kind_names) == std::variant_size_v<Job>);

class JobWriter {
 public:
  explicit JobWriter(nlohmann::ordered_json& object) : object_(object) {}

  template <class Field>
  void operator()(const char* key, const Field& field, const Range& = {}) {
    if constexpr (std::is_class_v<Field> && requires { visit_fields(*this, field); }) {
      object_[key] = nlohmann::ordered_json::object();
      JobWriter inner(object_[key]);
      visit_fields(inner, field);
    } else {
      object_[key] = encoded(field);
    }
  }

 private:
  nlohmann::ordered_json& object_;
};

class JobReader {
 public:
  JobReader(const Json& object, std::string path, std::vector<std::string>& problems)
      : object_(object), path_(std::move(path)), problems_(problems) {}

  template <class Field>
  void operator()(const char* key, Field& field, const Range& = {}) {
    known_.insert(key);
    const auto found = object_.find(key);
    if (found == object_.end())
      return;
    if constexpr (std::is_class_v<Field> && requires { visit_fields(*this, field); })
      read_struct(key, *found, field);
    else if (const char* expected = decode(*found, field))
      report(key, *found, expected);
  }

  // Call after all fields.
  void report_unknown_keys() {
    for (const auto& [key, value] : object_.items())
      if (!known_.contains(key))
        problems_.push_back(fmt::format(
            "unknown key '{}{}' (there are {})", path_, printable(key), fmt::join(known_, ", ")));
  }

 private:
  template <class Struct>
  void read_struct(const char* key, const Json& value, Struct& fields) {
    if (!value.is_object()) {
      report(key, value, "an object");
      return;
    }
    JobReader inner(value, path_ + key + ".", problems_);
    visit_fields(inner, fields);
    inner.report_unknown_keys();
  }
  void report(const char* key, const Json& value, const char* expected) {
    problems_.push_back(
        fmt::format("{}{} is {}, expected {}", path_, key, printable(value.dump()), expected));
  }

  const Json& object_;
  std::string path_;
  std::vector<std::string>& problems_;
  std::set<std::string> known_;
};

// A job of the named kind with its defaults.
template <std::size_t index = 0>
Job default_job(const std::string& kind) {
  if constexpr (index < std::variant_size_v<Job>) {
    if (kind == kind_names[index])
      return Job(std::in_place_index<index>);
    return default_job<index + 1>(kind);
  } else {
    fail(ErrorKind::usage,
         "job is '{}', expected one of {}",
         printable(kind),
         fmt::join(kind_names, ", "));
  }
}

Json parse_object(const std::string& text) {
  if (text.size() > largest_text_bytes)
    fail(ErrorKind::usage, "{} bytes, at most {} are allowed", text.size(), largest_text_bytes);
  try {
    Json json = Json::parse(text, StrictJsonCheck(ErrorKind::usage, "it"));
    if (json.is_object())
      return json;
  } catch (const Json::exception& error) {
    fail(ErrorKind::usage, "no valid JSON: {}", printable(error.what()));
  }
  fail(ErrorKind::usage, "no JSON object");
}

// Takes the two keys that are no fields out of the object.
Job begin_job(Json& object) {
  const auto version = object.find(version_key);
  const auto kind = object.find(kind_key);
  if (version == object.end() || kind == object.end())
    fail(ErrorKind::usage, "the keys '{}' and '{}' are needed", version_key, kind_key);
  if (*version != schema_version)
    fail(ErrorKind::usage,
         "{} is {} (this program reads {})",
         version_key,
         printable(version->dump()),
         schema_version);
  if (!kind->is_string())
    fail(ErrorKind::usage, "{} is {}, expected a text", kind_key, printable(kind->dump()));
  Job job = default_job(kind->get<std::string>());
  object.erase(version_key);
  object.erase(kind_key);
  return job;
}

}  // namespace

std::string to_json(const Job& job) {
  nlohmann::ordered_json object = {{version_key, schema_version},
                                   {kind_key, kind_names[job.index()]}};
  JobWriter writer(object);
  std::visit([&](const auto& any) { visit_fields(writer, any); }, job);
  return object.dump(2);
}

Job job_from_json(const std::string& text, const std::string& source) {
  return with_context("reading the job '" + source + "'", [&] {
    Json object = parse_object(text);
    Job job = begin_job(object);
    std::vector<std::string> problems;
    JobReader reader(object, "", problems);
    std::visit([&](auto& any) { visit_fields(reader, any); }, job);
    reader.report_unknown_keys();
    if (!problems.empty())
      fail(ErrorKind::usage, "{}", fmt::join(problems, "; "));
    check_ranges(job);
    return job;
  });
}

Job read_job(const std::string& path) {
  return job_from_json(read_whole_file(path, largest_text_bytes, ErrorKind::usage), path);
}

}  // namespace limpid
