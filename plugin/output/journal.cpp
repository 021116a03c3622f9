#include "plugin/output/journal.h"

#include "core/base/error.h"
#include "plugin/output/output_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>

namespace limpid {
namespace {

bool is_plain(unsigned char letter) {
  return letter >= ' ' && letter < 0x7f && letter != '%';
}

// File names may hold any bytes, JSON only UTF-8: the others become %1A and so on.
std::string encoded(const std::string& text) {
  std::string result;
  for (const char letter : text) {
    const auto code = static_cast<unsigned char>(letter);
    if (is_plain(code))
      result += letter;
    else
      result += fmt::format("%{:02X}", code);
  }
  return result;
}

// Whatever encoded() does not write is kept as it is.
std::string decoded(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned code = 0;
    const char* digits = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(digits, digits + 2, code, 16).ptr == digits + 2) {
      result += static_cast<char>(code);
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::string to_line(const JournalEntry& entry) {
  const nlohmann::json json = {{"output", encoded(entry.output_name)},
                               {"fingerprint", encoded(entry.fingerprint)},
                               {"size_bytes", entry.size_bytes},
                               {"numbers", entry.numbers}};
  return json.dump() + "\n";
}

std::optional<JournalEntry> from_line(const std::string& line) {
  try {
    const nlohmann::json json = nlohmann::json::parse(line);
    JournalEntry entry{
        decoded(json.at("output")), decoded(json.at("fingerprint")), json.at("size_bytes"), {}};
    // Infinite numbers are stored as null.
    for (const auto& [name, value] : json.at("numbers").items())
      if (value.is_number())
        entry.numbers[name] = value.get<double>();
    return entry;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

}  // namespace

Journal::Journal(const std::string& output_folder)
    : folder_(output_folder), path_(output_folder + "/" + private_folder + "/journal.jsonl") {
  std::ifstream stream(path_, std::ios::binary);
  bool ends_torn = false;
  for (std::string line; std::getline(stream, line);) {
    ends_torn = stream.eof();  // no line end behind it
    if (auto entry = from_line(line))
      entries_[entry->output_name] = *entry;
  }
  descriptor_ = FileDescriptor(
      ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!descriptor_.is_open() || (ends_torn && ::write(descriptor_.get(), "\n", 1) != 1))
    fail(ErrorKind::storage, "opening '{}': {}", path_, std::strerror(errno));
}

std::optional<JournalEntry> Journal::find_finished(const std::string& output_name,
                                                   const std::string& fingerprint) const {
  const auto found = entries_.find(output_name);
  if (found == entries_.end() || found->second.fingerprint != fingerprint)
    return std::nullopt;
  struct stat status {};
  const std::string path = folder_ + "/" + output_name;
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode) ||
      static_cast<std::uint64_t>(status.st_size) != found->second.size_bytes)
    return std::nullopt;
  return found->second;
}

void Journal::append(const JournalEntry& entry) {
  const std::string line = to_line(entry);
  std::lock_guard lock(mutex_);
  const ssize_t written = ::write(descriptor_.get(), line.data(), line.size());
  if (written != static_cast<ssize_t>(line.size()) || ::fdatasync(descriptor_.get()) != 0)
    fail(ErrorKind::storage, "writing '{}': {}", path_, std::strerror(errno));
}

std::string file_fingerprint(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0)
    return {};
  return fmt::format(
      "{}:{}:{}.{:09}", path, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

}  // namespace limpid
