#include "plugin/denoise/denoise_pipeline.h"

#include "core/backend/cpu/cpu_backend.h"
#include "core/base/random.h"
#include "core/io/mrc_writer.h"
#include "plugin/denoise/weighted_noise.h"
#include "tests/support/catch.h"
#include "tests/support/small_model.h"
#include "tests/support/temporary_folder.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

using namespace limpid;
using namespace limpid::test;

namespace {

// A GPU as far as the pipeline can see: it has many workers, and staging memory.
class PretendedGpu : public cpu::CpuBackend {
 public:
  PretendedGpu() : CpuBackend(DataType::float32) {}
  std::string name() const override { return "cuda:0 pretended"; }
};

class StoppableProgress : public Progress {
 public:
  void begin(std::string_view, std::int64_t) override {}
  void item_finished(const ItemResult&) override {}
  void training_step(std::int64_t, std::int64_t, double) override {}
  void note(std::string_view) override {}
  bool stop_requested() const override { return is_stopped; }

  std::atomic<bool> is_stopped = false;
};

// Noise of many sizes, of which large ones take longer than those behind them.
std::vector<DenoiseItem> write_micrographs(const TemporaryFolder& folder, std::size_t count) {
  std::vector<DenoiseItem> items;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = fmt::format("mic{:03}.mrc", i);
    Image image(i % 5 == 0 ? 300 : 70 + static_cast<std::int64_t>(i), 80, 5.0f);
    RandomSequence random(1, i);
    for (float& pixel : image.pixels())
      pixel += static_cast<float>(random.normal());
    write_mrc(folder.path(name), image, {});
    DenoiseItem item;
    item.entry.name = name;
    item.entry.path = folder.path(name);
    item.entry.output_name = name;
    items.push_back(item);
  }
  return items;
}

Image noise_image(std::int64_t side, std::uint64_t stream) {
  Image image(side, side);
  RandomSequence random(2, stream);
  for (float& pixel : image.pixels())
    pixel = static_cast<float>(9 + random.normal());
  return image;
}

// A plain sum of frames weighted by dose, another with its halves, and one like any other.
std::vector<DenoiseItem> write_special_micrographs(const TemporaryFolder& folder) {
  std::vector<DenoiseItem> items;
  for (const std::string name : {"weighted", "halved", "ordinary"}) {
    DenoiseItem item;
    item.entry.name = item.entry.output_name = name + ".mrc";
    item.entry.path = folder.path(name + ".mrc");
    item.entry.pixel_size_angstrom = 1.0;
    Image image = noise_image(256, items.size());
    if (name == "weighted")
      change_weighted_noise(image, 1.0, 80, WeightedNoise::put_back);
    write_mrc(item.entry.path, image, {});
    if (name == "halved") {
      item.entry.even_path = folder.path("even.mrc");
      item.entry.odd_path = folder.path("odd.mrc");
      write_mrc(item.entry.even_path, noise_image(256, 10), {});
      write_mrc(item.entry.odd_path, noise_image(256, 11), {});
    }
    items.push_back(item);
  }
  return items;
}

struct Run {
  explicit Run(std::vector<DenoiseItem> given) : items(std::move(given)) {}

  void run(const std::string& output_folder, std::unique_ptr<Backend> backend) {
    std::vector<std::unique_ptr<Backend>> backends;
    backends.push_back(std::move(backend));
    const OutputFolder output(output_folder);
    const Model model = small_model();
    DenoisePipeline pipeline(std::move(backends), model, job, output);
    std::size_t next = 0;
    pipeline.run(
        [&](const auto&) -> std::optional<DenoiseItem> {
          if (next == items.size())
            return std::nullopt;
          return items[next++];
        },
        progress,
        [&](const DenoisedItem& item) {
          finished.push_back(item.item.entry.name);
          numbers[item.item.entry.name] = item.result.numbers;
          if (item.result.state == ItemState::failed)
            failed.insert(item.result.name);
          if (finished.size() == stop_after)
            progress.is_stopped = true;
        });
    given_count = next;
  }

  DenoiseJob job;
  std::vector<DenoiseItem> items;
  StoppableProgress progress;
  std::size_t stop_after = 0;
  std::size_t given_count = 0;
  std::vector<std::string> finished;
  std::set<std::string> failed;
  std::map<std::string, std::map<std::string, double>> numbers;
};

std::vector<std::string> names_of(const std::vector<DenoiseItem>& items) {
  std::vector<std::string> names;
  for (const DenoiseItem& item : items)
    names.push_back(item.entry.name);
  return names;
}

}  // namespace

TEST_CASE("denoise pipeline: beside a GPU, results come in order and with the bits of the CPU") {
  const TemporaryFolder folder;
  Run many(write_micrographs(folder, 30));
  many.job.run.threads = 8;
  Run one = Run(many.items);
  many.run(folder.path("many"), std::make_unique<PretendedGpu>());
  one.run(folder.path("one"), std::make_unique<cpu::CpuBackend>(DataType::float32));
  CHECK(many.finished == names_of(many.items));
  CHECK(one.finished == many.finished);
  CHECK(many.failed.empty());
  for (const std::string& name : many.finished)
    CHECK(content_of(folder.path("many/" + name)) == content_of(folder.path("one/" + name)));
}

TEST_CASE("denoise pipeline: matched noise, combined halves and picks, beside a GPU and without") {
  const TemporaryFolder folder;
  Run gpu(write_special_micrographs(folder));
  std::string coordinates = "data_\nloop_\n_rlnMicrographName\n_rlnCoordinateX\n_rlnCoordinateY\n";
  for (const int place : {50, 90, 130, 170, 200})
    coordinates += fmt::format("halved.mrc {} {}\n", place, 256 - place);
  folder.write("picks.star", coordinates);
  gpu.job.combine_halves = true;
  gpu.job.coordinates = folder.path("picks.star");
  gpu.job.particle_diameter_angstrom = 20;
  Run cpu = Run(gpu.items);
  cpu.job = gpu.job;
  gpu.run(folder.path("gpu"), std::make_unique<PretendedGpu>());
  cpu.run(folder.path("cpu"), std::make_unique<cpu::CpuBackend>(DataType::float32));
  CHECK(gpu.failed.empty());
  for (const std::string& name : names_of(gpu.items)) {
    CAPTURE(name);
    CHECK(content_of(folder.path("gpu/" + name)) == content_of(folder.path("cpu/" + name)));
    CHECK(gpu.numbers.at(name) == cpu.numbers.at(name));
    CHECK(gpu.numbers.at(name).contains("matched_dose_e_per_square_angstrom") ==
          (name == "weighted.mrc"));
    CHECK(gpu.numbers.at(name).contains("combined_halves") == (name == "halved.mrc"));
    CHECK(gpu.numbers.at(name).contains("residual_at_picks_sigmas") == (name == "halved.mrc"));
  }
}

TEST_CASE("denoise pipeline: a micrograph that cannot be read fails alone, in its place") {
  const TemporaryFolder folder;
  Run run(write_micrographs(folder, 12));
  run.job.run.threads = 4;
  for (const std::size_t broken : {std::size_t{0}, std::size_t{7}})
    folder.write(run.items[broken].entry.name, "not a micrograph");
  run.run(folder.path("out"), std::make_unique<PretendedGpu>());
  CHECK(run.finished == names_of(run.items));
  CHECK(run.failed == std::set<std::string>{"mic000.mrc", "mic007.mrc"});
}

TEST_CASE("denoise pipeline: once asked to stop it begins nothing new and tells what is done") {
  const TemporaryFolder folder;
  Run run(write_micrographs(folder, 60));
  run.job.run.threads = 4;
  run.stop_after = 3;
  run.run(folder.path("out"), std::make_unique<PretendedGpu>());
  CHECK(run.finished.size() >= 3);
  CHECK(run.given_count < 60);
  // Every file that is there has been told of, in order, and there are no halves of files.
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path("out")))
    if (entry.is_regular_file() && entry.path().extension() == ".mrc")
      files.insert(entry.path().filename());
  CHECK(files == std::set<std::string>(run.finished.begin(), run.finished.end()));
  CHECK(std::is_sorted(run.finished.begin(), run.finished.end()));
}

TEST_CASE("denoise pipeline: what ends a run is thrown behind the results before it") {
  const TemporaryFolder folder;
  Run run(write_micrographs(folder, 20));
  run.job.run.threads = 4;
  class FullGpu : public PretendedGpu {
   public:
    void download_window(const Tensor& source,
                         const ImagePoint& corner,
                         const ImagePart& part,
                         const HostImage& image) override {
      if (image.width == 70 + 12)
        fail(ErrorKind::device, "the card has fallen out");
      PretendedGpu::download_window(source, corner, part, image);
    }
  };
  CHECK_THROWS_WITH(run.run(folder.path("out"), std::make_unique<FullGpu>()),
                    ContainsSubstring("mic012.mrc") && ContainsSubstring("fallen out"));
  const std::vector<std::string> names = names_of(run.items);
  CHECK(run.finished == std::vector<std::string>(names.begin(), names.begin() + 12));
}

TEST_CASE("denoise pipeline: an error of the list ends the run behind what it gave") {
  const TemporaryFolder folder;
  const std::vector<DenoiseItem> items = write_micrographs(folder, 5);
  std::vector<std::unique_ptr<Backend>> backends;
  backends.push_back(std::make_unique<PretendedGpu>());
  const OutputFolder output(folder.path("out"));
  const Model model = small_model();
  const DenoiseJob job;
  DenoisePipeline pipeline(std::move(backends), model, job, output);
  StoppableProgress progress;
  std::size_t next = 0;
  std::size_t finished = 0;
  CHECK_THROWS_WITH(pipeline.run(
                        [&](const auto&) -> std::optional<DenoiseItem> {
                          if (next == items.size())
                            fail(ErrorKind::usage, "the list has gone");
                          return items[next++];
                        },
                        progress,
                        [&](const DenoisedItem&) { ++finished; }),
                    "the list has gone");
  CHECK(finished == items.size());
}
