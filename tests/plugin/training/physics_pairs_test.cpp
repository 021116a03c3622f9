#include "plugin/training/physics_pairs.h"

#include "core/base/error.h"
#include "core/io/mrc_writer.h"
#include "core/simulate/diversity.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

#include <algorithm>

using namespace limpid;
using namespace limpid::test;

namespace {

constexpr std::int64_t size_px = 96;

TrainJob small_job() {
  TrainJob job;
  job.pairs = PairKind::physics;
  job.physics.micrograph_size_px = size_px;
  job.run.seed = 12;
  return job;
}

bool are_equal(const Image& a, const Image& b) {
  return std::ranges::equal(a.pixels(), b.pixels());
}

}  // namespace

TEST_CASE("physics pairs: are those of the files of a diverse project with the same seed") {
  const TemporaryFolder folder;
  const SimulatedMicrograph micrograph =
      simulate_random_micrograph(12, 5, diversity_of_size(size_px, size_px));
  write_mrc(folder.path("noisy.mrc"), sum(micrograph.even, micrograph.odd), {});
  write_mrc(folder.path("truth.mrc"), micrograph.truth, {});
  const ImagePair expected =
      make_truth_pairs({{folder.path("noisy.mrc"), folder.path("truth.mrc")}})->load(0);
  const auto source = make_physics_pairs(small_job().physics, 12, 3, std::make_shared<Exposers>());
  const ImagePair pair = source->load(2);
  CHECK(are_equal(pair.input, expected.input));
  CHECK(are_equal(pair.target, expected.target));
  CHECK(pair.loss_weight == expected.loss_weight);
  CHECK(source->name(2) == "simulated micrograph 5 of seed 12");
  CHECK(source->size(0).width == size_px);
  CHECK(source->is_endless());
  CHECK(source->count() == (std::int64_t{1} << 24) - 3);
}

TEST_CASE("physics pairs: what validates is never learnt from") {
  const TrainingPairs pairs = find_physics_pairs(small_job(), 32);
  CHECK(pairs.kind == PairKind::physics);
  CHECK(pairs.has_truth());
  CHECK(pairs.smallest_pixel_size_angstrom == 0.5);
  CHECK(pairs.largest_pixel_size_angstrom == 2.5);
  CHECK(pairs.sizes.size() == physics_validation_count);
  const auto training =
      make_physics_pairs(small_job().physics, 12, physics_validation_count, pairs.exposers);
  CHECK(pairs.source->name(0) == "simulated micrograph 0 of seed 12");
  CHECK(training->name(0) == "simulated micrograph 16 of seed 12");
}

TEST_CASE("physics pairs: what contradicts the job is refused") {
  TrainJob job = small_job();
  CHECK_THROWS_WITH(find_physics_pairs(job, 128),
                    ContainsSubstring("--micrograph_size 96") && ContainsSubstring("128"));
  job.loader = LoaderMode::resident;
  CHECK_THROWS_WITH(find_physics_pairs(job, 32), ContainsSubstring("--loader resident"));
  job = small_job();
  job.input.paths = {"a.mrc"};
  CHECK_THROWS_WITH(find_physics_pairs(job, 32), ContainsSubstring("makes its own micrographs"));
  job = small_job();
  job.patches_folder = "patches";
  CHECK_THROWS_WITH(find_physics_pairs(job, 32), ContainsSubstring("makes its own micrographs"));
}
