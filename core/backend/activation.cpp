#include "core/backend/activation.h"

#include <array>
#include <cstring>

namespace limpid {
namespace {

constexpr std::array<const char*, 3> names{"none", "relu", "leaky_relu"};

}  // namespace

const char* name(Activation activation) {
  return names[static_cast<std::size_t>(activation)];
}

Activation activation_from_name(const char* name) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (std::strcmp(names[i], name) == 0)
      return static_cast<Activation>(i);
  fail(ErrorKind::model, "unknown activation '{}' (known: none, relu, leaky_relu)", name);
}

}  // namespace limpid
