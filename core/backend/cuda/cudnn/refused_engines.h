#pragma once

#include "core/tensor/data_type.h"

#include <cudnn_frontend.h>

#include <vector>

namespace limpid::cuda {

// Of cuDNN's engines, those whose results would differ by more than the order of a sum, or from run
// to run.
inline std::vector<cudnn_frontend::NumericalNote_t> refused_engines(DataType type) {
  using Note = cudnn_frontend::NumericalNote_t;
  std::vector<Note> notes = {Note::NONDETERMINISTIC, Note::REDUCED_PRECISION_REDUCTION};
  if (type == DataType::float32)  // tensor cores would round float32 inputs to 10 bits
    notes.insert(notes.end(),
                 {Note::TENSOR_CORE,
                  Note::DOWN_CONVERT_INPUTS,
                  Note::FFT,
                  Note::WINOGRAD,
                  Note::WINOGRAD_TILE_4x4,
                  Note::WINOGRAD_TILE_6x6,
                  Note::WINOGRAD_TILE_13x13});
  return notes;
}

}  // namespace limpid::cuda
