#pragma once

#include "core/base/error.h"
#include "core/tensor/data_type.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace limpid {

// Sizes of a batch of feature maps. Memory order is NHWC: channels of one pixel lie together.
struct Shape {
  std::int64_t batch = 1;
  std::int64_t height = 1;
  std::int64_t width = 1;
  std::int64_t channels = 1;

  std::int64_t pixel_count() const { return batch * height * width; }
  std::int64_t element_count() const { return pixel_count() * channels; }
  bool operator==(const Shape&) const = default;
};

// Memory of one backend: host memory for the CPU, device memory for a GPU. An arena binds the
// address later than it hands out tensors, so data() may be null until then.
class Storage {
 public:
  Storage() = default;
  // `owner` keeps the memory alive.
  Storage(std::byte* data, std::size_t size_bytes, std::shared_ptr<void> owner)
      : data_(data), size_bytes_(size_bytes), owner_(std::move(owner)) {}

  std::byte* data() const { return data_; }
  std::size_t size_bytes() const { return size_bytes_; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_bytes_ = 0;
  std::shared_ptr<void> owner_;
};

// A view of a batch of feature maps in a Storage, cheap to copy. Elements of one pixel are
// contiguous; pixels are `pixel_stride` elements apart, which exceeds the channel count for a slice
// of a wider tensor.
class Tensor {
 public:
  Tensor() = default;
  Tensor(const Shape& shape,
         DataType type,
         std::shared_ptr<Storage> storage,
         std::size_t offset_bytes = 0)
      : shape_(shape),
        type_(type),
        pixel_stride_(shape.channels),
        storage_(std::move(storage)),
        offset_bytes_(offset_bytes) {}

  const Shape& shape() const { return shape_; }
  DataType type() const { return type_; }
  std::int64_t pixel_stride() const { return pixel_stride_; }
  bool is_dense() const { return pixel_stride_ == shape_.channels; }
  bool empty() const { return storage_ == nullptr; }

  // Address of the first element; the memory belongs to the backend that allocated it.
  std::byte* data() const { return storage_->data() + offset_bytes_; }
  template <class Element>
  Element* data_as() const {
    require(sizeof(Element) == limpid::size_bytes(type_),
            "a {} tensor read as another type",
            name(type_));
    return reinterpret_cast<Element*>(data());
  }

  // Channels [first, first + count) of every pixel, sharing the memory.
  Tensor channels(std::int64_t first, std::int64_t count) const {
    require(first >= 0 && count > 0 && first + count <= shape_.channels,
            "channels {} to {} of {}",
            first,
            first + count,
            shape_.channels);
    Tensor slice = *this;
    slice.shape_.channels = count;
    slice.offset_bytes_ += static_cast<std::size_t>(first) * limpid::size_bytes(type_);
    return slice;
  }

  // Images [first, first + count) of the batch, sharing the memory.
  Tensor images(std::int64_t first, std::int64_t count) const {
    require(first >= 0 && count > 0 && first + count <= shape_.batch,
            "images {} to {} of {}",
            first,
            first + count,
            shape_.batch);
    Tensor part = *this;
    part.shape_.batch = count;
    part.offset_bytes_ +=
        static_cast<std::size_t>(first * shape_.height * shape_.width * pixel_stride_) *
        limpid::size_bytes(type_);
    return part;
  }

  // This slice together with the channels behind it, `count` in all.
  Tensor extended(std::int64_t count) const {
    require(count >= shape_.channels && count <= pixel_stride_,
            "{} channels in pixels of {}",
            count,
            pixel_stride_);
    Tensor wider = *this;
    wider.shape_.channels = count;
    return wider;
  }

  // Offset of the first element in the storage.
  std::size_t offset_bytes() const { return offset_bytes_; }

  // The memory a dense tensor of this shape and type takes.
  static std::size_t size_bytes(const Shape& shape, DataType type) {
    return static_cast<std::size_t>(shape.element_count()) * limpid::size_bytes(type);
  }

 private:
  Shape shape_;
  DataType type_ = DataType::float32;
  std::int64_t pixel_stride_ = 0;
  std::shared_ptr<Storage> storage_;
  std::size_t offset_bytes_ = 0;
};

inline void require_copyable(const Tensor& source, const Tensor& destination) {
  require(source.shape() == destination.shape() && source.type() == destination.type() &&
              source.is_dense() && destination.is_dense(),
          "a copy between tensors that differ");
}

}  // namespace limpid
