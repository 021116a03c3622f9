#pragma once

#include "core/tensor/tensor.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace limpid {

class Backend;

// Name and shape of one parameter tensor as in a PyTorch state_dict: (output, input, k, k) for
// Conv2d weights, (input, output, 2, 2) for ConvTranspose2d weights, (output) for biases.
struct ParameterSpec {
  std::string name;
  std::vector<std::int64_t> shape;

  std::int64_t element_count() const;
};

// All parameters of a network in one flat block on a backend, so that the optimizer and a
// checkpoint are one operation each. Outside, values are in PyTorch's order; inside, a tensor (a,
// b, r, s) lies as (a, r, s, b), which suits NHWC convolutions. Padding between tensors is zero and
// stays zero.
class Parameters {
 public:
  Parameters(Backend& backend, std::vector<ParameterSpec> specs);

  const std::vector<ParameterSpec>& specs() const { return specs_; }
  std::size_t index_of(const std::string& name) const;  // throws when absent
  std::int64_t parameter_count() const;                 // without padding

  // Host copies, in PyTorch's order, one vector per spec. These wait for the device.
  void set_values(const std::vector<std::vector<float>>& values);
  std::vector<std::vector<float>> values() const { return unpack(value_); }
  std::vector<std::vector<float>> gradients() const { return unpack(gradient_); }
  // The same conversions for any flat tensor laid out as this block (optimizer state).
  std::vector<std::vector<float>> unpack(const Tensor& flat) const;
  void pack(const std::vector<std::vector<float>>& values, const Tensor& flat) const;

  // For the backends. Flat tensors of shape (1, 1, 1, flat_size()).
  std::int64_t flat_size() const { return flat_size_; }
  std::int64_t offset(std::size_t index) const { return offsets_[index]; }  // in elements
  const Tensor& value() const { return value_; }                            // float32
  const Tensor& gradient() const { return gradient_; }  // the backend's weight_type()
  // What operations read: value() itself, or a bfloat16 copy of it, rewritten by Adam.
  const Tensor& working_copy() const { return working_copy_; }
  // Grows whenever the values change through this class or Adam on the host; packed copies compare
  // it.
  std::uint64_t version() const { return version_; }
  void mark_changed() { ++version_; }

 private:
  Backend& backend_;
  std::vector<ParameterSpec> specs_;
  std::vector<std::int64_t> offsets_;
  std::int64_t flat_size_ = 0;
  Tensor value_;
  Tensor gradient_;
  Tensor working_copy_;
  std::uint64_t version_ = 1;
};

}  // namespace limpid
