#include "core/infer/denoiser.h"

#include "core/base/random.h"
#include "core/image/orientation.h"
#include "core/nn/initialize.h"
#include "tests/support/backends.h"
#include "tests/support/conv_nets.h"

#include <atomic>
#include <cmath>
#include <cstddef>
#include <limits>
#include <thread>
#include <utility>
#include <vector>

using namespace limpid;
using namespace limpid::test;

namespace {

Model random_model(const NetworkDescription& network) {
  Model model;
  model.description.network = network;
  model.parameters = network.unet() ? initial_parameters(*network.unet(), 11)
                                    : random_parameters(*network.conv_net());
  return model;
}

const NetworkDescription networks[] = {
    UNetDescription{
        .unshuffle = 1, .channels = {16, 32, 32}, .upsampling = Upsampling::transposed_convolution},
    UNetDescription{.unshuffle = 2, .channels = {16, 32, 32}, .upsampling = Upsampling::nearest},
    small_conv_nets[0],
    small_conv_nets[2],
};

// Counts with a gradient, and a bright carbon edge across a corner.
Image test_image(std::int64_t width, std::int64_t height) {
  Image image(width, height);
  RandomSequence random(4, 0);
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x) {
      const double gradient = 8.0 * static_cast<double>(x) / static_cast<double>(width);
      const double carbon = x + y < width / 3 ? 15.0 : 0.0;
      image.at(x, y) = static_cast<float>(30.0 + gradient + carbon + 5.0 * random.normal());
    }
  return image;
}

double largest_difference(const Image& a, const Image& b) {
  double largest = 0;
  for (std::int64_t y = 0; y < a.height(); ++y)
    for (std::int64_t x = 0; x < a.width(); ++x)
      largest = std::max(
          largest, std::abs(static_cast<double>(a.at(x, y)) - static_cast<double>(b.at(x, y))));
  return largest;
}

double sigma(const Image& image) {
  double sum = 0, square_sum = 0;
  for (const float p : image.pixels()) {
    sum += static_cast<double>(p);
    square_sum += static_cast<double>(p) * static_cast<double>(p);
  }
  const auto count = static_cast<double>(image.pixel_count());
  return std::sqrt(square_sum / count - sum * sum / count / count);
}

}  // namespace

// The bound is the one promised to users: 1e-4 of the standard deviation of the result, in float32.
TEMPLATE_TEST_CASE("denoiser: tiles give what the whole image gives", "", CpuFloat32, CudaFloat32) {
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  for (const NetworkDescription& network : networks)
    for (const auto& [width, height] : {std::pair<int, int>{421, 339}, {256, 512}, {301, 90}}) {
      const Model model = random_model(network);
      Denoiser whole(*backend, model, {.largest_tile_px = 4096});
      Image expected = test_image(width, height);
      CHECK(whole.denoise(expected).network.tile_count == 1);
      for (const std::int64_t largest : {0, 160, 200}) {
        const TileGeometry geometry{
            network.grid_px(), network.receptive_radius_px(), network.needs_whole_grid()};
        // The smallest tiles keep one step of the grid each: thousands on a large image.
        if (largest == 0 && (height > 100 || network.grid_px() == 1))
          continue;
        Denoiser tiled(
            *backend, model, {.largest_tile_px = std::max(largest, geometry.smallest_tile_px())});
        Image found = test_image(width, height);
        CHECK(tiled.denoise(found).network.tile_count > 1);
        INFO(to_json(network) << ", " << width << " x " << height << ", tiles of at most "
                              << largest);
        CHECK(largest_difference(found, expected) < 1e-4 * sigma(expected));
      }
    }
}

TEST_CASE("denoiser: sizes of any kind come back in their own size, finite") {
  auto backend = make_backend({.kind = DeviceKind::cpu});
  for (const NetworkDescription& network : {networks[1], networks[2]}) {
    Denoiser denoiser(*backend, random_model(network), {});
    for (const auto& [width, height] :
         {std::pair<int, int>{2, 1}, {1, 7}, {3, 3}, {65, 33}, {100, 1}}) {
      Image image = test_image(width, height);
      denoiser.denoise(image);
      CHECK(image.width() == width);
      CHECK(image.height() == height);
      bool finite = true;
      for (const float p : image.pixels())
        finite = finite && std::isfinite(p);
      CHECK(finite);
    }
  }
}

TEST_CASE("denoiser: a model can ask for the grey scale of all pixels, outliers included") {
  auto backend = make_backend({.kind = DeviceKind::cpu});
  Model model = random_model(networks[2]);
  Image image = test_image(64, 64);
  image.at(10, 20) = 1e5f;
  Image plain = image;
  CHECK(Denoiser(*backend, model, {}).denoise(image).scale.sigma < 10);
  model.description.grey_scale = GreyScale::all_pixels;
  CHECK(Denoiser(*backend, model, {}).denoise(plain).scale.sigma == Approx(1e5 / 64).epsilon(0.01));
}

TEST_CASE("denoiser: the result follows the grey scale of the image") {
  auto backend = make_backend({.kind = DeviceKind::cpu});
  Denoiser denoiser(*backend, random_model(networks[0]), {});
  Image image = test_image(120, 88);
  Image scaled = image;
  for (float& p : scaled.pixels())
    p = 250.0f * p - 4000.0f;
  denoiser.denoise(image);
  denoiser.denoise(scaled);
  for (float& p : image.pixels())
    p = 250.0f * p - 4000.0f;
  CHECK(largest_difference(image, scaled) < 1e-3 * sigma(scaled));
}

TEST_CASE(
    "denoiser: a few bad pixels are repaired, an image of them or without contrast is refused") {
  auto backend = make_backend({.kind = DeviceKind::cpu});
  Denoiser denoiser(*backend, random_model(networks[1]), {});
  Image image = test_image(64, 64);
  image.at(5, 7) = std::numeric_limits<float>::quiet_NaN();
  image.at(60, 2) = std::numeric_limits<float>::infinity();
  CHECK(denoiser.denoise(image).repaired_count == 2);
  Image broken(64, 64, std::numeric_limits<float>::quiet_NaN());
  CHECK_THROWS_AS(denoiser.denoise(broken), Error);
  Image constant(64, 64, 3.0f);
  CHECK_THROWS_WITH(denoiser.denoise(constant), ContainsSubstring("3"));
}

TEST_CASE("denoiser: a memory limit makes tiles smaller, never the result different") {
  auto backend = make_backend({.kind = DeviceKind::cpu});
  const Model model = random_model(networks[1]);
  Denoiser free_choice(*backend, model, {});
  Denoiser limited(*backend, model, {.memory_bytes = 1 << 21});
  Image expected = test_image(500, 400);
  Image found = expected;
  CHECK(free_choice.denoise(expected).network.tile_count == 1);
  const auto report = limited.denoise(found);
  CHECK(report.network.tile_count > 1);
  CHECK(report.network.tile_width < 500);
  CHECK(largest_difference(found, expected) < 1e-4 * sigma(expected));
}

TEMPLATE_TEST_CASE("denoiser: staged images of many threads come out as those of one, bit for bit",
                   "",
                   CpuFloat32,
                   CudaBFloat16) {
  auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  const Model model = random_model(networks[1]);
  for (const std::int64_t largest_tile_px : {4096, 160}) {
    constexpr std::size_t image_count = 8;
    std::vector<Image> expected;
    for (std::size_t i = 0; i < image_count; ++i) {
      expected.push_back(test_image(230 - static_cast<std::int64_t>(i % 2) * 70, 90));
      expected.back().at(5, 7) = static_cast<float>(i);
    }
    std::vector<Image> found = expected;
    {
      Denoiser plain(*backend, model, {.largest_tile_px = largest_tile_px});
      for (Image& image : expected)
        plain.denoise(image);
    }
    TaskThread device_thread;
    device_thread.run([&] { backend->use_in_this_thread(); });
    Denoiser shared(
        *backend,
        model,
        {.largest_tile_px = largest_tile_px, .device_thread = &device_thread, .staging_count = 2});
    std::vector<std::thread> threads;
    for (std::size_t first = 0; first < 4; ++first)
      threads.emplace_back([&, first] {
        for (std::size_t i = first; i < image_count; i += 4)
          shared.denoise(found[i]);
      });
    for (std::thread& thread : threads)
      thread.join();
    for (std::size_t i = 0; i < image_count; ++i)
      CHECK(largest_difference(found[i], expected[i]) == 0);
  }
}

TEST_CASE("denoiser: one who is stopped on the way leaves the others their results") {
  auto backend = make_backend({.kind = DeviceKind::cpu});
  const Model model = random_model(networks[1]);
  std::atomic<int> tile = 0;
  TaskThread device_thread;
  Denoiser denoiser(*backend,
                    model,
                    {.largest_tile_px = 160,
                     .stop_requested = [&] { return ++tile == 5; },
                     .device_thread = &device_thread,
                     .staging_count = 1});
  Image image = test_image(421, 339);
  CHECK_THROWS_AS(denoiser.denoise(image), Error);
  Image expected = test_image(421, 339);
  Image found = expected;
  Denoiser(*backend, model, {.largest_tile_px = 160}).denoise(expected);
  denoiser.denoise(found);
  CHECK(largest_difference(found, expected) == 0);
}

TEST_CASE(
    "denoiser: what is done before the first image, and beside it, leaves results as they are") {
  auto backend = make_backend({.kind = DeviceKind::cpu});
  const Model model = random_model(networks[1]);
  const Image raw = test_image(421, 339);
  Image expected = raw;
  Denoiser(*backend, model, {.largest_tile_px = 160}).denoise(expected);
  TaskThread device_thread;
  Denoiser denoiser(*backend,
                    model,
                    {.largest_tile_px = 160, .device_thread = &device_thread, .staging_count = 2});
  std::thread warming([&] { denoiser.warm_up(raw.width(), raw.height()); });
  Image beside = raw;
  denoiser.denoise(beside);
  warming.join();
  CHECK(largest_difference(beside, expected) == 0);
  Image behind = raw;
  denoiser.denoise(behind);
  CHECK(largest_difference(behind, expected) == 0);
  Image smaller = test_image(100, 90);  // than what was expected
  Image as_alone = smaller;
  Denoiser(*backend, model, {.largest_tile_px = 160}).denoise(as_alone);
  denoiser.denoise(smaller);
  CHECK(largest_difference(smaller, as_alone) == 0);
}

// What a micrograph of the usual size costs whole and in tiles. Printed, because only the user of
// a card can say whether it is much.
TEST_CASE("denoiser: a micrograph of 57 megapixels, whole and in tiles, on a GPU (Cuda)") {
  auto backend = make_test_backend<CudaBFloat16>();
  if (!backend)
    return;
  Model model = random_model(UNetDescription{
      .unshuffle = 2, .channels = {64, 64, 64, 128, 128}, .upsampling = Upsampling::nearest});
  const Image raw = test_image(7420, 7676);
  std::vector<Image> results;
  for (const std::int64_t largest_tile_px : {0, 2048, 7680}) {
    Denoiser denoiser(*backend, model, {.largest_tile_px = largest_tile_px, .staging_count = 1});
    Denoiser::Report report;
    Image result;
    for (int repetition = 0; repetition < 3; ++repetition) {
      result = raw;
      report = denoiser.denoise(result);
    }
    WARN(report.network.tile_count << " tiles of " << report.network.tile_width << " x "
                                   << report.network.tile_height << ": "
                                   << 1000 * report.network.seconds << " ms with the copies");
    results.push_back(std::move(result));
  }
  // In bfloat16 rounding differs from tile to tile.
  CHECK(largest_difference(results[1], results[0]) < 0.1 * sigma(results[0]));
  CHECK(largest_difference(results[2], results[0]) < 0.1 * sigma(results[0]));
}

TEST_CASE("denoiser: the mean over all orientations is the same for a turned image") {
  const auto backend = make_backend({.kind = DeviceKind::cpu});
  const Model model = random_model(networks[1]);
  // Of whole steps of the network's grid: a mirrored image then lies on it as the upright one does.
  const Image image = test_image(64, 40);
  const auto denoised = [&](const DenoiserOptions& options, Image result) {
    Denoiser(*backend, model, options).denoise(result);
    return result;
  };
  const auto difference = [&](const DenoiserOptions& options, int orientation) {
    return largest_difference(turned(denoised(options, image), orientation),
                              denoised(options, turned(image, orientation)));
  };
  for (const int orientation : {1, 2, 4, 7}) {
    CAPTURE(orientation);
    CHECK(difference({.average_orientations = true}, orientation) < 1e-4);
    CHECK(difference({}, orientation) > 1e-2);
  }
}
