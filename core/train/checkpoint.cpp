#include "core/train/checkpoint.h"

#include "core/base/error.h"
#include "core/io/safetensors.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>

namespace limpid {
namespace {

constexpr const char* format_version = "3";

void add_tensors(TensorFile& file,
                 const std::string& prefix,
                 const std::vector<ParameterSpec>& specs,
                 const ParameterValues& values) {
  for (std::size_t i = 0; i < values.size(); ++i)
    file.tensors.push_back({prefix + specs[i].name, specs[i].shape, values[i]});
}

// Empty when the file holds none of them.
ParameterValues find_tensors(const TensorFile& file,
                             const std::string& prefix,
                             const std::vector<ParameterSpec>& specs) {
  ParameterValues values;
  for (const ParameterSpec& spec : specs) {
    const NamedTensor* tensor = file.find(prefix + spec.name);
    if (tensor == nullptr && values.empty())
      return {};
    if (tensor == nullptr || tensor->shape != spec.shape)
      fail(
          ErrorKind::model, "the tensor '{}{}' is missing or has another shape", prefix, spec.name);
    values.push_back(tensor->values);
  }
  return values;
}

const std::string& text(const TensorFile& file, const std::string& key) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end())
    fail(ErrorKind::model, "the metadata have no '{}'", key);
  return found->second;
}

template <class Number>
Number number(const TensorFile& file, const std::string& key) {
  const std::string& digits = text(file, key);
  Number value{};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size())
    fail(ErrorKind::model, "'{}' is '{}', not a number", key, digits);
  return value;
}

}  // namespace

void write_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  TensorFile file;
  file.metadata = {{"limpid.checkpoint", format_version},
                   {"network", to_json(checkpoint.network)},
                   {"settings", checkpoint.settings},
                   {"steps_done", fmt::format("{}", checkpoint.state.steps_done)},
                   {"step_count", fmt::format("{}", checkpoint.step_count)},
                   {"best_loss", fmt::format("{}", checkpoint.best_loss)},
                   {"best_step", fmt::format("{}", checkpoint.best_step)},
                   {"best_share", fmt::format("{}", checkpoint.best_share)},
                   {"slots", fmt::format("{}", checkpoint.slots)},
                   {"validations_since_best", fmt::format("{}", checkpoint.validations_since_best)},
                   {"learning_rate_factor", fmt::format("{}", checkpoint.learning_rate_factor)}};
  const auto specs = checkpoint.network.parameters();
  add_tensors(file, "value.", specs, checkpoint.state.values);
  add_tensors(file, "adam.first.", specs, checkpoint.state.first_moment);
  add_tensors(file, "adam.second.", specs, checkpoint.state.second_moment);
  add_tensors(file, "average.", specs, checkpoint.state.average);
  add_tensors(file, "best.", specs, checkpoint.best);
  write_safetensors(path, file);
}

std::optional<Checkpoint> read_checkpoint(const std::string& path) {
  if (!std::filesystem::exists(path))
    return std::nullopt;
  const TensorFile file = read_safetensors(path);
  return with_context("reading the checkpoint '" + path + "'", [&] {
    if (text(file, "limpid.checkpoint") != format_version)
      fail(ErrorKind::model,
           "format {}, expected {}",
           text(file, "limpid.checkpoint"),
           format_version);
    Checkpoint checkpoint;
    checkpoint.network = unet_from_json(text(file, "network"));
    checkpoint.settings = text(file, "settings");
    checkpoint.step_count = number<std::int64_t>(file, "step_count");
    checkpoint.best_loss = number<double>(file, "best_loss");
    checkpoint.best_step = number<std::int64_t>(file, "best_step");
    checkpoint.best_share = number<double>(file, "best_share");
    checkpoint.slots = number<std::int64_t>(file, "slots");
    checkpoint.validations_since_best = number<std::int64_t>(file, "validations_since_best");
    checkpoint.learning_rate_factor = number<double>(file, "learning_rate_factor");
    const auto specs = checkpoint.network.parameters();
    checkpoint.state = {.steps_done = number<std::int64_t>(file, "steps_done"),
                        .values = find_tensors(file, "value.", specs),
                        .first_moment = find_tensors(file, "adam.first.", specs),
                        .second_moment = find_tensors(file, "adam.second.", specs),
                        .average = find_tensors(file, "average.", specs)};
    checkpoint.best = find_tensors(file, "best.", specs);
    if (checkpoint.state.values.empty() || checkpoint.state.first_moment.empty() ||
        checkpoint.state.second_moment.empty() || checkpoint.state.average.empty())
      fail(ErrorKind::model, "weights or optimizer state are missing");
    return std::optional(std::move(checkpoint));
  });
}

}  // namespace limpid
