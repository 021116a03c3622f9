#include "plugin/patches/patch_journal.h"

#include "core/base/error.h"
#include "core/io/atomic_file.h"

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <utility>

namespace limpid {
namespace {

using Json = nlohmann::json;

// Reasons hold file names, which may be no UTF-8.
std::string line_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string settings_line(const std::string& settings) {
  return line_of({{"settings", settings}});
}

std::string entry_line(const PatchJournalEntry& entry) {
  Json json = {{"fingerprint", entry.fingerprint}, {"set", name(entry.set)}};
  if (entry.problem.empty())
    json["micrograph"] = Json::parse(to_json(entry.micrograph));
  else
    json["problem"] = entry.problem;
  return line_of(json);
}

std::optional<PatchJournalEntry> entry_of(const std::string& line) {
  try {
    const Json json = Json::parse(line);
    PatchJournalEntry entry;
    entry.fingerprint = json.at("fingerprint").get<std::string>();
    entry.set = json.at("set") == "test" ? PatchSetKind::test : PatchSetKind::train;
    if (json.contains("problem"))
      entry.problem = json.at("problem").get<std::string>();
    else
      entry.micrograph = patched_micrograph_from_json(json.at("micrograph").dump());
    return entry;
  } catch (const Json::exception&) {
    return std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

PatchJournal::PatchJournal(std::string path) : path_(std::move(path)) {
  std::ifstream stream(path_, std::ios::binary);
  std::string line;
  if (!std::getline(stream, line))
    return;
  const Json first = Json::parse(line, nullptr, false);
  if (!first.is_object() || !first.contains("settings") || !first["settings"].is_string())
    return;
  settings_ = first["settings"].get<std::string>();
  while (std::getline(stream, line)) {
    auto entry = entry_of(line);
    if (!entry || stream.eof())  // no line end behind it
      return;
    entries_.push_back(std::move(*entry));
  }
}

void PatchJournal::restart(const std::string& settings, std::size_t count) {
  settings_ = settings;
  entries_.resize(count);
  std::string text = settings_line(settings);
  for (const PatchJournalEntry& entry : entries_)
    text += entry_line(entry);
  write_file_atomically(path_, text);
  descriptor_ = FileDescriptor(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW));
  if (!descriptor_.is_open())
    fail(ErrorKind::storage, "opening '{}': {}", path_, std::strerror(errno));
}

void PatchJournal::append(const PatchJournalEntry& entry) {
  const std::string line = entry_line(entry);
  const ssize_t written = ::write(descriptor_.get(), line.data(), line.size());
  if (written != static_cast<ssize_t>(line.size()) || ::fdatasync(descriptor_.get()) != 0)
    fail(ErrorKind::storage,
         "writing '{}': {}",
         path_,
         written < 0 ? std::strerror(errno) : "no space left");
  entries_.push_back(entry);
}

}  // namespace limpid
