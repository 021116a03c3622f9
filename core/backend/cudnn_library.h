#pragma once

namespace limpid {

// Opens cuDNN 9 once, for all to see, because its own parts and the GPU library look for it there.
// Only its small front is loaded: what it computes with, a gigabyte, comes with the first handle.
// False when there is none.
bool load_cudnn();

}  // namespace limpid
