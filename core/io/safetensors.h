#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace limpid {

struct NamedTensor {
  std::string name;
  std::vector<std::int64_t> shape;  // at most 5 sizes; none for a scalar
  std::vector<float> values;        // row-major
};

// Content of a safetensors file (github.com/huggingface/safetensors, "Format"): plain numbers and a
// JSON description, nothing that could be executed.
struct TensorFile {
  std::map<std::string, std::string> metadata;
  std::vector<NamedTensor> tensors;  // in the order of their data

  // Null if there is no such tensor.
  const NamedTensor* find(const std::string& name) const;
};

// Reads tensors of type F32, F16 or BF16 as float32. Every number in the file is checked before it
// is used, all values must be finite. Throws Error(ErrorKind::model) that names the file.
TensorFile read_safetensors(const std::string& path);

// Writes F32 tensors in the given order, the first at a multiple of 64 bytes; the file appears
// complete or not at all. The same content gives the same bytes. Throws Error(ErrorKind::internal)
// for content that read_safetensors would refuse, Error(ErrorKind::storage) for the disk.
void write_safetensors(const std::string& path, const TensorFile& content);

}  // namespace limpid
