#include "plugin/training/physics_pairs.h"

#include "core/base/error.h"
#include "core/simulate/diversity.h"
#include "core/simulate/exposure_plan.h"
#include "limpid_version.h"

#include <fmt/format.h>

#include <utility>

namespace limpid {
namespace {

// Random streams have room for 2^24 micrographs of a seed.
constexpr std::int64_t micrographs_of_a_seed = std::int64_t{1} << 24;

class PhysicsPairs : public PairSource {
 public:
  PhysicsPairs(const PhysicsOptions& options,
               std::uint64_t seed,
               std::int64_t first,
               std::shared_ptr<Exposers> exposers)
      : range_(diversity_of_size(options.micrograph_size_px, options.micrograph_size_px)),
        seed_(seed),
        first_(first),
        exposers_(std::move(exposers)) {}

  std::int64_t count() const override { return micrographs_of_a_seed - first_; }
  std::string name(std::int64_t index) const override {
    return fmt::format("simulated micrograph {} of seed {}", first_ + index, seed_);
  }
  ImagePair load(std::int64_t index) const override {
    ImagePair pair;
    load_into(index, pair);
    return pair;
  }
  void load_into(std::int64_t index, ImagePair& pair) const override {
    ImagePair made;
    made.input = std::move(pair.input);
    made.target = std::move(pair.target);
    pair = std::move(made);
    const auto number = static_cast<std::uint64_t>(first_ + index);
    with_context("making " + name(index), [&] {
      if (exposers_->is_empty())
        simulate(number, pair);
      else
        expose(number, pair);
      finish_truth_pair(pair);
    });
  }
  ImageSize size(std::int64_t) const override { return {range_.width, range_.height}; }
  PairCost cost(std::int64_t) const override {
    return PairCost::of({range_.width, range_.height}, simulation_bytes(range_));
  }
  bool is_endless() const override { return true; }

 private:
  void simulate(std::uint64_t number, ImagePair& pair) const {
    SimulatedMicrograph micrograph = simulate_random_micrograph(seed_, number, range_);
    pair.input = sum(micrograph.even, micrograph.odd);
    pair.target = std::move(micrograph.truth);
  }
  void expose(std::uint64_t number, ImagePair& pair) const {
    const RandomSubject subject = draw_subject(seed_, number, range_);
    const ExposurePlan plan = plan_exposure(subject.settings, subject.structures, seed_, number);
    pair.input.reshape(range_.width, range_.height);
    pair.target.reshape(range_.width, range_.height);
    exposers_->expose(plan, pair.input.pixels(), pair.target.pixels());
  }

  DiversityRange range_;
  std::uint64_t seed_;
  std::int64_t first_;
  std::shared_ptr<Exposers> exposers_;
};

void require_nothing_else(const TrainJob& job) {
  if (!job.input.star_file.empty() || !job.input.paths.empty() || !job.movies.star_file.empty() ||
      !job.patches_folder.empty())
    fail(ErrorKind::usage,
         "--pairs physics makes its own micrographs; expected no micrographs, movies or prepared "
         "patches beside it");
  if (job.loader == LoaderMode::resident)
    fail(ErrorKind::usage,
         "--loader resident: --pairs physics goes on making micrographs; expected auto or stream");
}

}  // namespace

std::unique_ptr<PairSource> make_physics_pairs(const PhysicsOptions& options,
                                               std::uint64_t seed,
                                               std::int64_t first,
                                               std::shared_ptr<Exposers> exposers) {
  return std::make_unique<PhysicsPairs>(options, seed, first, std::move(exposers));
}

TrainingPairs find_physics_pairs(const TrainJob& job, std::int64_t smallest_side_px) {
  require_nothing_else(job);
  const std::int64_t size = job.physics.micrograph_size_px;
  if (size < smallest_side_px)
    fail(ErrorKind::usage,
         "--micrograph_size {}: too small to train on; expected at least {}",
         size,
         smallest_side_px);
  TrainingPairs pairs;
  pairs.kind = PairKind::physics;
  pairs.exposers = std::make_shared<Exposers>();
  pairs.source = make_physics_pairs(job.physics, job.run.seed, 0, pairs.exposers);
  pairs.description =
      fmt::format("micrographs of {} x {} pixels that are simulated meanwhile", size, size);
  pairs.sizes.assign(physics_validation_count, {size, size});
  const Interval pixel_size = DiversityRange().pixel_size_angstrom;
  pairs.include_pixel_size(pixel_size.low);
  pairs.include_pixel_size(pixel_size.high);
  // A new version of the program may simulate better.
  pairs.fingerprint = fmt::format("limpid {}", LIMPID_VERSION);
  return pairs;
}

}  // namespace limpid
