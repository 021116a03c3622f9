#pragma once

namespace limpid {

// Opens cuDNN 9 once, for all to see, because its own parts and the GPU library look for it there.
// Only its small front is loaded: what it computes with, a gigabyte, comes with the first handle.
// False when there is none.
bool load_cudnn();

// Begins to load what cuDNN needs before it runs its first convolution, in a thread of its own and
// once: that takes as long as to start a GPU. For those who will probably need it.
void begin_loading_cudnn();

}  // namespace limpid
