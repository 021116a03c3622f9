#include "core/backend/parameters.h"

#include "core/backend/backend.h"
#include "core/base/checked_math.h"

#include <functional>
#include <numeric>

namespace limpid {
namespace {

// In elements: keeps every tensor aligned for vector loads, whatever the element type.
constexpr std::int64_t alignment = 64;

// (a, b, r, s) in PyTorch's order against (a, r, s, b) as stored. Visits pairs of positions.
void for_each_element(const std::vector<std::int64_t>& shape,
                      const std::function<void(std::int64_t outside, std::int64_t inside)>& visit) {
  const std::int64_t a = shape[0];
  const std::int64_t b = shape.size() > 1 ? shape[1] : 1;
  const std::int64_t taps = shape.size() > 2 ? shape[2] * shape[3] : 1;
  for (std::int64_t i = 0; i < a; ++i)
    for (std::int64_t j = 0; j < b; ++j)
      for (std::int64_t t = 0; t < taps; ++t)
        visit((i * b + j) * taps + t, (i * taps + t) * b + j);
}

}  // namespace

std::int64_t ParameterSpec::element_count() const {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

Parameters::Parameters(Backend& backend, std::vector<ParameterSpec> specs)
    : backend_(backend), specs_(std::move(specs)) {
  for (const ParameterSpec& spec : specs_) {
    require(spec.shape.size() == 1 || spec.shape.size() == 4,
            "parameter '{}' has {} dimensions",
            spec.name,
            spec.shape.size());
    offsets_.push_back(flat_size_);
    flat_size_ += round_up(spec.element_count(), alignment);
  }
  const Shape flat{1, 1, 1, flat_size_};
  value_ = backend_.allocate_tensor(flat, DataType::float32);
  gradient_ = backend_.allocate_tensor(flat, backend_.weight_type());
  working_copy_ = backend_.weight_type() == DataType::float32
                      ? value_
                      : backend_.allocate_tensor(flat, backend_.weight_type());
  for (const Tensor& tensor : {value_, gradient_, working_copy_})
    backend_.fill_zero(tensor);
}

std::size_t Parameters::index_of(const std::string& name) const {
  for (std::size_t i = 0; i < specs_.size(); ++i)
    if (specs_[i].name == name)
      return i;
  fail(ErrorKind::internal, "the network has no parameter '{}'", name);
}

std::int64_t Parameters::parameter_count() const {
  std::int64_t count = 0;
  for (const ParameterSpec& spec : specs_)
    count += spec.element_count();
  return count;
}

void Parameters::set_values(const std::vector<std::vector<float>>& values) {
  pack(values, value_);
  if (working_copy_.data() != value_.data())
    pack(values, working_copy_);
  mark_changed();
}

std::vector<std::vector<float>> Parameters::unpack(const Tensor& flat) const {
  std::vector<float> host(static_cast<std::size_t>(flat_size_));
  backend_.download(flat, host);
  std::vector<std::vector<float>> values;
  for (std::size_t i = 0; i < specs_.size(); ++i) {
    const float* inside = host.data() + offsets_[i];
    std::vector<float>& outside =
        values.emplace_back(static_cast<std::size_t>(specs_[i].element_count()));
    for_each_element(specs_[i].shape, [&](std::int64_t to, std::int64_t from) {
      outside[static_cast<std::size_t>(to)] = inside[from];
    });
  }
  return values;
}

void Parameters::pack(const std::vector<std::vector<float>>& values, const Tensor& flat) const {
  require(values.size() == specs_.size(),
          "{} parameter tensors for a network of {}",
          values.size(),
          specs_.size());
  std::vector<float> host(static_cast<std::size_t>(flat_size_), 0.0f);
  for (std::size_t i = 0; i < specs_.size(); ++i) {
    require(static_cast<std::int64_t>(values[i].size()) == specs_[i].element_count(),
            "{} values for parameter '{}' of {}",
            values[i].size(),
            specs_[i].name,
            specs_[i].element_count());
    float* inside = host.data() + offsets_[i];
    for_each_element(specs_[i].shape, [&](std::int64_t from, std::int64_t to) {
      inside[to] = values[i][static_cast<std::size_t>(from)];
    });
  }
  backend_.upload(host, flat);
  backend_.synchronize();
}

}  // namespace limpid
