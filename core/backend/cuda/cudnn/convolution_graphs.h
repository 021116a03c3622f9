#pragma once

#include "core/backend/cuda/cudnn/convolution_geometry.h"
#include "core/backend/ops.h"

#include <cstdint>

namespace cudnn_frontend::graph {
class Graph;
}

// Convolutions as cuDNN's operation graphs.
namespace limpid::cuda {

// The tensors of a convolution by the numbers they have in cuDNN's graphs.
enum TensorNumber : std::int64_t {
  x_number = 1,
  y_number,
  weight_number,
  bias_number,
  mask_number,
  pooled_number,  // these two are not in the graphs
  record_number
};

// What is done with the result before it is stored.
struct Epilogue {
  bool bias = false;
  Activation activation = Activation::none;     // applied to the result
  Activation derivative_of = Activation::none;  // the result is multiplied by this activation's
                                                // derivative, read off the tensor given as `mask`
};

// Whether a kernel that does this after the convolution has to be given float32, for its result to
// be rounded once. Zeros of a ReLU are exact.
bool needs_float32(const Epilogue& epilogue, DataType type);

// Forward y = epilogue(conv(x)), or the gradient with respect to x, x = epilogue(conv^T(y)).
enum class ConvolutionDirection { forward, backward_data };

struct ConvolutionSide {
  TensorNumber number;
  Shape shape;
  std::int64_t stride;  // elements from pixel to pixel
};
// What is read, and what is written.
ConvolutionSide source(const ConvolutionGeometry& geometry, ConvolutionDirection direction);
ConvolutionSide result(const ConvolutionGeometry& geometry, ConvolutionDirection direction);

// The result is of the geometry's type and layout, or dense in float32.
void describe_pass(cudnn_frontend::graph::Graph& graph,
                   const ConvolutionGeometry& geometry,
                   ConvolutionDirection direction,
                   const Epilogue& epilogue,
                   bool result_is_float32 = false);

// The gradient with respect to the weights (output, row, column, input) from x and that of y.
void describe_weight_gradient(cudnn_frontend::graph::Graph& graph,
                              const ConvolutionGeometry& geometry,
                              bool result_is_float32);

}  // namespace limpid::cuda
