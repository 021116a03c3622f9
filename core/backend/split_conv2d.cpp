#include "core/backend/split_conv2d.h"

#include <utility>

namespace limpid {

SplitConv2d::SplitConv2d(std::unique_ptr<Conv2d> convolution, std::unique_ptr<Resample> pool)
    : convolution_(std::move(convolution)), pool_(std::move(pool)) {}

void SplitConv2d::forward(const Forward& values) {
  convolution_->forward(values);
  pool_->forward(values.output, values.pooled);
}

void SplitConv2d::backward(const Forward& values, const Backward& gradients) {
  if (!gradients.pooled_gradient.empty())
    pool_->backward(values.output, gradients.pooled_gradient, gradients.output_gradient);
  convolution_->backward(values, gradients);
}

Implementations SplitConv2d::implementations() const {
  Implementations both = convolution_->implementations();
  for (std::string* pass : {&both.forward, &both.data_gradient})
    *pass += ", pool apart";
  return both;
}

}  // namespace limpid
