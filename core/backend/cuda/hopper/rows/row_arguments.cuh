#pragma once

#include "core/backend/cuda/device_vector.cuh"
#include "core/backend/cuda/hopper/convolution_result.h"
#include "core/backend/cuda/hopper/rows/row_convolution_layout.h"
#include "core/backend/cuda/value_bits.h"

#include <cuda.h>

namespace limpid::cuda {

using Element = __nv_bfloat16;

// What the kernels of row_convolution.cu are given.
struct RowArguments {
  RowWork work;
  int slices;           // of the output channels; each block of threads computes one
  int output_channels;  // of all slices
  CUtensorMap input;
  Element* output;
  // Dense, like the next two; null where there is none. Backward: of the pooled gradient, which is
  // added, and the codes are read.
  Element* pooled;
  PoolCode* pool_codes;
  SignByte* signs;  // forward: of the input, written; backward: of the mask, read instead of it
  const Element* mask;
  const Element* weight;
  int weight_channels;  // backward: of a tap
  const Element* bias;
  std::int64_t output_stride;  // elements from pixel to pixel
  std::int64_t mask_stride;
  float slope;  // of the activation below zero
};

}  // namespace limpid::cuda
