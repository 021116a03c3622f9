#include "core/train/checkpoint.h"

#include "core/base/error.h"
#include "core/io/safetensors.h"
#include "core/nn/initialize.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using namespace limpid;
using namespace limpid::test;

namespace {

Checkpoint example() {
  const UNetDescription network{.channels = {16, 32}};
  return {.network = network,
          .settings = "batch 4, patch 32",
          .step_count = 1000,
          .state = {.steps_done = 123,
                    .values = initial_parameters(network, 1),
                    .first_moment = initial_parameters(network, 2),
                    .second_moment = initial_parameters(network, 3),
                    .average = initial_parameters(network, 4)},
          .best = {},
          .best_loss = 0.1,
          .best_step = 100,
          .best_share = 0.25};
}

}  // namespace

TEST_CASE("checkpoint: comes back with every bit") {
  const TemporaryFolder folder;
  const std::string path = folder.path("checkpoint.safetensors");
  CHECK_FALSE(read_checkpoint(path).has_value());
  Checkpoint checkpoint = example();
  write_checkpoint(path, checkpoint);
  CHECK(read_checkpoint(path)->best.empty());
  checkpoint.best = initial_parameters(checkpoint.network, 5);
  checkpoint.best_loss = 1.0 / 3.0;
  write_checkpoint(path, checkpoint);
  const Checkpoint back = *read_checkpoint(path);
  CHECK(back.network == checkpoint.network);
  CHECK(back.settings == checkpoint.settings);
  CHECK(back.step_count == 1000);
  CHECK(back.state.steps_done == 123);
  CHECK(back.state.values == checkpoint.state.values);
  CHECK(back.state.first_moment == checkpoint.state.first_moment);
  CHECK(back.state.second_moment == checkpoint.state.second_moment);
  CHECK(back.state.average == checkpoint.state.average);
  CHECK(back.best == checkpoint.best);
  CHECK(back.best_loss == checkpoint.best_loss);
  CHECK(back.best_step == 100);
  CHECK(back.best_share == 0.25);
}

TEST_CASE("checkpoint: damage is reported, never trained on") {
  const TemporaryFolder folder;
  const std::string path = folder.path("checkpoint.safetensors");
  write_checkpoint(path, example());
  TensorFile file = read_safetensors(path);
  TensorFile missing = file;
  missing.tensors.erase(missing.tensors.begin() + 3);
  write_safetensors(path, missing);
  CHECK_THROWS_WITH(read_checkpoint(path), ContainsSubstring("missing"));
  TensorFile words = file;
  words.metadata["steps_done"] = "many";
  write_safetensors(path, words);
  CHECK_THROWS_WITH(read_checkpoint(path), ContainsSubstring("'steps_done' is 'many'"));
  folder.write("checkpoint.safetensors", "nonsense");
  CHECK_THROWS_AS(read_checkpoint(path), Error);
}
