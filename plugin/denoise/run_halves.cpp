#include "plugin/denoise/run_halves.h"

#include "core/base/error.h"

namespace limpid {

void RunHalves::add(std::int64_t number, const HalfPair& raw, double pixel_size_angstrom) {
  if (number >= most_checked_micrographs)
    return;
  const std::lock_guard lock(mutex_);
  if (!test_)
    test_.emplace(pixel_size_angstrom);
  try {
    test_->add(raw);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input)  // a half without contrast says nothing
      throw;
  }
}

HalfCheck RunHalves::result() const {
  const std::lock_guard lock(mutex_);
  if (!test_)
    return {};
  return {.micrograph_count = test_->micrograph_count(), .noise = test_->result()};
}

}  // namespace limpid
