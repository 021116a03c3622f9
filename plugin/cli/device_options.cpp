#include "plugin/cli/device_options.h"

#include "core/base/error.h"

#include <algorithm>
#include <cctype>

namespace limpid {

std::vector<int> parse_gpu_list(const std::string& text) {
  std::vector<int> gpus;
  std::string digits;
  const auto take = [&] {
    if (digits.empty())
      return;
    const int index = digits.size() > 4 ? -1 : std::stoi(digits);
    if (index < 0 || std::find(gpus.begin(), gpus.end(), index) != gpus.end())
      fail(ErrorKind::usage, "--gpu '{}': a GPU is named twice or has no such number", text);
    gpus.push_back(index);
    digits.clear();
  };
  for (const char letter : text) {
    if (std::isdigit(static_cast<unsigned char>(letter)) != 0)
      digits += letter;
    else if (letter == ':' || letter == ',' || letter == ' ')
      take();
    else
      fail(ErrorKind::usage, "--gpu '{}': expected GPU numbers such as 0 or 0:1", text);
  }
  take();
  return gpus;
}

DeviceKind parse_device_kind(const std::string& text) {
  if (text == "auto")
    return DeviceKind::automatic;
  if (text == "cpu")
    return DeviceKind::cpu;
  if (text == "cuda")
    return DeviceKind::cuda;
  if (text == "reference")
    return DeviceKind::reference;
  fail(ErrorKind::usage, "--device '{}': expected auto, cpu or cuda", text);
}

}  // namespace limpid
