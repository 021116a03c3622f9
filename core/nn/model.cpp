#include "core/nn/model.h"

#include "core/base/error.h"
#include "core/io/input_file.h"
#include "core/io/safetensors.h"

#include <nlohmann/json.hpp>

#include <set>

namespace limpid {
namespace {

constexpr const char* format_key = "limpid.format";
constexpr const char* network_key = "limpid.network";
constexpr const char* model_key = "limpid.model";
constexpr const char* format_version = "1";
constexpr const char* all_pixels = "all_pixels";

const std::string& metadata(const TensorFile& file, const std::string& key) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end())
    fail(ErrorKind::model, "the metadata have no '{}': this is no Limpid model", key);
  return found->second;
}

std::string to_json(const ModelDescription& description) {
  nlohmann::json json = {{"name", description.name},
                         {"summary", description.summary},
                         {"training", description.training},
                         {"licence", description.licence}};
  if (description.smallest_pixel_size_angstrom && description.largest_pixel_size_angstrom)
    json["pixel_size_angstrom"] = {*description.smallest_pixel_size_angstrom,
                                   *description.largest_pixel_size_angstrom};
  if (description.grey_scale == GreyScale::all_pixels)
    json["grey_scale"] = all_pixels;
  if (description.knows_weighted_noise)
    json["knows_weighted_noise"] = true;
  return json.dump();
}

ModelDescription description_from_json(const std::string& text) {
  try {
    const nlohmann::json json = nlohmann::json::parse(text);
    ModelDescription description;
    description.name = json.value("name", "");
    description.summary = json.value("summary", "");
    description.training = json.value("training", "");
    description.licence = json.value("licence", "");
    if (json.contains("pixel_size_angstrom")) {
      description.smallest_pixel_size_angstrom = json.at("pixel_size_angstrom").at(0).get<double>();
      description.largest_pixel_size_angstrom = json.at("pixel_size_angstrom").at(1).get<double>();
    }
    if (json.contains("grey_scale")) {
      const auto grey_scale = json.at("grey_scale").get<std::string>();
      if (grey_scale != all_pixels)
        fail(ErrorKind::model, "model description: unknown grey scale '{}'", grey_scale);
      description.grey_scale = GreyScale::all_pixels;
    }
    description.knows_weighted_noise = json.value("knows_weighted_noise", false);
    return description;
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorKind::model, "model description: {}", error.what());
  }
}

// Every parameter of the network, once, in its shape; nothing else.
std::vector<std::vector<float>> collect_parameters(TensorFile& file,
                                                   const NetworkDescription& network) {
  std::vector<std::vector<float>> parameters;
  std::set<std::string> expected;
  for (const ParameterSpec& spec : network.parameters()) {
    expected.insert(spec.name);
    const NamedTensor* tensor = file.find(spec.name);
    if (tensor == nullptr)
      fail(ErrorKind::model, "the tensor '{}' is missing", spec.name);
    if (tensor->shape != spec.shape)
      fail(ErrorKind::model,
           "the tensor '{}' has another shape than the network asks for",
           spec.name);
    parameters.push_back(tensor->values);
  }
  for (const NamedTensor& tensor : file.tensors)
    if (!expected.contains(tensor.name))
      fail(ErrorKind::model, "the tensor '{}' belongs to no layer of the network", tensor.name);
  return parameters;
}

}  // namespace

Model load_model(const std::string& path) {
  TensorFile file = read_safetensors(path);
  return with_context("reading the model '" + path + "'", [&] {
    if (metadata(file, format_key) != format_version)
      fail(ErrorKind::model,
           "format {} (this program reads format {})",
           metadata(file, format_key),
           format_version);
    Model model;
    model.description = description_from_json(metadata(file, model_key));
    model.description.network = network_from_json(metadata(file, network_key));
    model.parameters = collect_parameters(file, model.description.network);
    model.hash = content_hash_of_file(path, ErrorKind::model);
    return model;
  });
}

std::string save_model(const std::string& path, const Model& model) {
  TensorFile file;
  file.metadata = {{format_key, format_version},
                   {network_key, to_json(model.description.network)},
                   {model_key, to_json(model.description)}};
  const auto specs = model.description.network.parameters();
  require(specs.size() == model.parameters.size(),
          "{} tensors for a network of {}",
          model.parameters.size(),
          specs.size());
  for (std::size_t i = 0; i < specs.size(); ++i)
    file.tensors.push_back({specs[i].name, specs[i].shape, model.parameters[i]});
  write_safetensors(path, file);
  return content_hash_of_file(path, ErrorKind::model);
}

}  // namespace limpid
