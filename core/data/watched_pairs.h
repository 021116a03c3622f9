#pragma once

#include "core/data/pair_source.h"

#include <memory>

namespace limpid {

// The pairs of `source`, as long as their files are what they are now: a file that has another size
// or time of change when its pair is loaded, or when loading ends, makes load() throw Error(input)
// that names it and says what changed.
std::unique_ptr<PairSource> watch_files(std::unique_ptr<PairSource> source);

}  // namespace limpid
