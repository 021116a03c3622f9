#pragma once

#include "core/nn/network_description.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace limpid {

// The grey scale on which a network works: mean and standard deviation of the image without
// outliers, which are clipped, or plainly of all its pixels.
enum class GreyScale : std::uint8_t { without_outliers, all_pixels };

// What a model file says of itself besides its numbers.
struct ModelDescription {
  std::string name;      // "default"
  std::string summary;   // one line: what it is for
  std::string training;  // how it was made: data, command, steps
  std::string licence;
  NetworkDescription network;
  GreyScale grey_scale = GreyScale::without_outliers;
  // Pixel sizes of the training data; empty when unknown.
  std::optional<double> smallest_pixel_size_angstrom;
  std::optional<double> largest_pixel_size_angstrom;
  // Whether the training data had noise like that of plain sums weighted by dose, so that
  // micrographs with such noise are shown to the model as they are.
  bool knows_weighted_noise = false;
  bool operator==(const ModelDescription&) const = default;
};

// A trained network. Parameters are in the order of description.network.parameters() and in
// PyTorch's layout.
struct Model {
  ModelDescription description;
  std::vector<std::vector<float>> parameters;
  std::string hash;  // 16 hexadecimal digits over the file; set by load_model and save_model
};

// Model files are safetensors: tensors named as in a PyTorch state_dict, the description as JSON in
// the metadata. Errors are Error(model) and name the file.
Model load_model(const std::string& path);
// Writes atomically and returns the hash of the file.
std::string save_model(const std::string& path, const Model& model);

}  // namespace limpid
