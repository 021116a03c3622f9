#include "plugin/cli/memory_size.h"

#include "core/base/error.h"

#include <cctype>
#include <cmath>
#include <cstdlib>

namespace limpid {

std::size_t parse_memory_size(const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  std::string unit(end);
  for (char& letter : unit)
    letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  if (unit.ends_with("B"))
    unit.pop_back();
  if (unit.ends_with("I"))
    unit.pop_back();
  const std::string units = "KMGT";
  const std::size_t power = unit.empty() ? 0 : units.find(unit) + 1;
  const double bytes = number * std::pow(1024.0, static_cast<double>(power));
  if (end == text.c_str() || unit.size() > 1 || (!unit.empty() && power == 0) ||
      !(bytes >= 1 && bytes < 1e18))
    fail(ErrorKind::usage,
         "'{}' is no amount of memory; expected a number such as 800M or 4G",
         text);
  return static_cast<std::size_t>(bytes);
}

}  // namespace limpid
