#include "plugin/micrographs/output_name.h"

#include "core/base/hash.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <span>
#include <vector>

namespace limpid {
namespace {

// File systems take 255 bytes; temporary names add some.
constexpr std::size_t longest_part = 200;
constexpr std::size_t hash_digits = 8;

std::string short_hash(std::string_view text) {
  return content_hash(std::as_bytes(std::span(text.data(), text.size()))).substr(0, hash_digits);
}

bool is_job_folder(std::string_view part) {
  return part.size() >= 6 && part.starts_with("job") &&
         std::all_of(
             part.begin() + 3, part.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (slash > 0)
      parts.push_back(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return parts;
}

// What a job writes itself: a folder of results must not have such a name.
constexpr std::array own_names = {std::string_view(".limpid"),
                                  std::string_view("job.json"),
                                  std::string_view("limpid.log"),
                                  std::string_view("progress.jsonl"),
                                  std::string_view("failed.star"),
                                  std::string_view("trust.star"),
                                  std::string_view("micrographs_denoised.star"),
                                  std::string_view("stop_watching"),
                                  std::string_view("report.json"),
                                  std::string_view("report.html"),
                                  std::string_view("logfile.pdf")};

bool is_own_name(std::string_view part) {
  return std::find(own_names.begin(), own_names.end(), folded(part)) != own_names.end();
}

// Control characters would tear the lines of lists, and values with both kinds of quotes cannot be
// told from several.
std::string without_unlistable(std::string name) {
  const bool has_both_quotes = name.find('"') != name.npos && name.find('\'') != name.npos;
  for (char& letter : name)
    if (static_cast<unsigned char>(letter) < ' ' || letter == '\x7f' ||
        (has_both_quotes && letter == '"'))
      letter = '_';
  return name;
}

std::string shortened(std::string_view part) {
  if (part.size() <= longest_part)
    return std::string(part);
  std::size_t kept = longest_part - hash_digits - 1;
  while (kept > 0 && (static_cast<unsigned char>(part[kept]) & 0xc0) == 0x80)
    --kept;  // not within a character of UTF-8
  return std::string(part.substr(0, kept)) + "_" + short_hash(part);
}

}  // namespace

std::string_view without_extension(std::string_view file) {
  const auto without_last = [](std::string_view name) {
    const std::size_t dot = name.rfind('.');
    return dot == std::string_view::npos || dot == 0 ? name : name.substr(0, dot);
  };
  for (const std::string_view compressed : {".gz", ".bz2"})
    if (file.size() > compressed.size() && folded(file).ends_with(compressed))
      file.remove_suffix(compressed.size());
  return without_last(file);
}

std::string output_name_for(std::string_view micrograph_name) {
  std::vector<std::string_view> parts = split(micrograph_name);
  // The last part is the file itself, whatever it is called.
  for (std::size_t i = parts.size() - (parts.empty() ? 0 : 1); i-- > 0;)
    if (is_job_folder(parts[i])) {
      parts.erase(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      break;
    }
  std::vector<std::string> kept;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] == ".")
      continue;
    if (parts[i] != "..") {
      kept.push_back(i + 1 == parts.size() ? shortened(without_extension(parts[i])) + ".mrc"
                                           : shortened(parts[i]));
    } else if (!kept.empty() && kept.back() != "up") {
      kept.pop_back();
    } else {
      kept.emplace_back("up");
    }
  }
  if (kept.size() > 1 && is_own_name(kept.front()))
    kept.front() += '_';
  std::string name;
  for (const std::string& part : kept)
    name += (name.empty() ? "" : "/") + part;
  if (!name.ends_with(".mrc"))
    name += name.empty() ? "micrograph.mrc" : "/micrograph.mrc";
  return without_unlistable(std::move(name));
}

std::string distinct_output_name(std::string_view output_name, std::string_view micrograph_name) {
  return std::string(without_extension(output_name)) + "_" + short_hash(micrograph_name) + ".mrc";
}

std::string folded(std::string_view name) {
  std::string result(name);
  for (char& letter : result)
    letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return result;
}

}  // namespace limpid
