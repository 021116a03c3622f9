#include "core/base/random.h"
#include "core/image/fourier.h"
#include "core/simulate/diversity.h"
#include "core/simulate/exposure_plan.h"
#include "core/simulate/exposure_steps.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdio>
#include <ctime>
#include <memory>
#include <vector>

using namespace limpid;

namespace {

// Steps in the order of their numbers, in the memory of the host.
class HostDevice {
 public:
  template <class Value>
  Value* take(std::size_t count) {
    memory_.push_back(std::make_unique<std::byte[]>(count * sizeof(Value)));
    // What is read before it was written shows.
    std::fill_n(memory_.back().get(), count * sizeof(Value), std::byte{0xff});
    return reinterpret_cast<Value*>(memory_.back().get());
  }
  template <class Value>
  const Value* upload(std::span<const Value> values) {
    Value* copy = take<Value>(values.size());
    std::copy(values.begin(), values.end(), copy);
    return copy;
  }
  template <class Value>
  void zero(Value* values, std::size_t count) {
    std::fill_n(values, count, Value{});
  }
  template <class Step>
  void each(std::uint32_t count, const Step& step) {
    for (std::uint32_t i = 0; i < count; ++i)
      step(i);
  }
  template <class Step>
  void rows(std::uint32_t count, const Step& step) {
    each(count, step);
  }

 private:
  std::vector<std::unique_ptr<std::byte[]>> memory_;
};

struct Comparison {
  double truth_error = 0;       // largest, in units of the noise
  double unequal_fraction = 0;  // of the pixels of the micrograph
};

Comparison compare(std::uint64_t seed, std::uint64_t index, const DiversityRange& range) {
  const SimulatedMicrograph expected = simulate_random_micrograph(seed, index, range);
  const Image noisy = sum(expected.even, expected.odd);
  const RandomSubject subject = draw_subject(seed, index, range);
  const ExposurePlan plan = plan_exposure(subject.settings, subject.structures, seed, index);
  HostDevice device;
  const auto images = Exposure(plan, device).make();
  Comparison comparison;
  const double unit = expected.noise_sigma;
  std::int64_t unequal = 0;
  for (std::int64_t i = 0; i < noisy.pixel_count(); ++i) {
    const auto p = static_cast<std::size_t>(i);
    const double error =
        std::abs(static_cast<double>(images.truth[i] - expected.truth.pixels()[p]));
    comparison.truth_error = std::max(comparison.truth_error, error / unit);
    const double difference =
        std::abs(static_cast<double>(images.micrograph[i] - noisy.pixels()[p]));
    unequal += difference > 1e-3 * unit ? 1 : 0;
  }
  comparison.unequal_fraction =
      static_cast<double>(unequal) / static_cast<double>(noisy.pixel_count());
  return comparison;
}

}  // namespace

TEST_CASE("exposure: passes over a plane make its Fourier transform") {
  for (const auto& [width, height] :
       {std::pair<std::uint32_t, std::uint32_t>{48, 70}, {126, 64}, {250, 36}}) {
    ExposurePlan plan;
    Image image(width, height);
    RandomSequence random(1, 2);
    for (float& pixel : image.pixels())
      pixel = static_cast<float>(random.normal());
    const Spectrum expected = fourier_transform(image);
    std::vector<PlainComplex> planes[2];
    for (const float pixel : image.pixels())
      planes[0].push_back({pixel, 0});
    planes[1].resize(planes[0].size());
    HostDevice device;
    for (const bool is_along_rows : {true, false}) {
      FourierPass pass{
          .length = is_along_rows ? width : height, .width = width, .is_along_rows = is_along_rows};
      const auto roots = roots_of_unity(pass.length);
      for (const std::uint32_t radix : split_into_radices(pass.length)) {
        const auto run = [&](auto butterfly) { device.each(width * height / radix, butterfly); };
        const PlainComplex* from = planes[0].data();
        PlainComplex* to = planes[1].data();
        if (radix == 2)
          run(FourierButterfly<2>{pass, from, to, roots.data()});
        if (radix == 3)
          run(FourierButterfly<3>{pass, from, to, roots.data()});
        if (radix == 4)
          run(FourierButterfly<4>{pass, from, to, roots.data()});
        if (radix == 5)
          run(FourierButterfly<5>{pass, from, to, roots.data()});
        if (radix == 7)
          run(FourierButterfly<7>{pass, from, to, roots.data()});
        if (radix == 8)
          run(FourierButterfly<8>{pass, from, to, roots.data()});
        pass.done *= radix;
        planes[0].swap(planes[1]);
      }
      CHECK(pass.done == pass.length);
    }
    double largest = 0;
    for (std::int64_t y = 0; y < expected.height(); ++y)
      for (std::int64_t x = 0; x < expected.width(); ++x) {
        const PlainComplex found = planes[0][static_cast<std::size_t>(y * width + x)];
        largest = std::max(largest,
                           static_cast<double>(std::abs(std::complex<float>(found.re, found.im) -
                                                        expected.at(x, y))));
      }
    CHECK(largest < 1e-3);
  }
}

TEST_CASE("exposure: two integers add up in one") {
  std::int64_t sum = 0;
  std::int64_t low = 0;
  std::int64_t high = 0;
  RandomSequence random(3, 4);
  for (int i = 0; i < 1000; ++i) {
    const auto a = static_cast<std::int32_t>(random.below(2000000) - 1000000);
    const auto b = static_cast<std::int32_t>(random.below(2000000) - 1000000);
    add_atomically(&sum, packed_pair(a, b));
    low += a;
    high += b;
  }
  PlainComplex plane;
  UnpackSums{&sum, {1, 1}, &plane}(0);
  CHECK(plane.re == static_cast<float>(low));
  CHECK(plane.im == static_cast<float>(high));
}

TEST_CASE("exposure: the slabs of a plan hold all scatterers and none is superfluous") {
  const DiversityRange range = diversity_of_size(128, 96);
  int with_particles = 0;
  for (std::uint64_t index = 0; index < 24; ++index) {
    CAPTURE(index);
    const RandomSubject subject = draw_subject(6, index, range);
    const ExposurePlan plan = plan_exposure(subject.settings, subject.structures, 6, index);
    if (plan.slab_count == 0)
      continue;
    ++with_particles;
    float low = 1e9f;
    float high = -1e9f;
    for (std::size_t i = 0; i < plan.particles.size(); ++i) {
      const PlannedParticle& particle = plan.particles[i];
      const std::int64_t end_place =
          i + 1 < plan.particles.size() ? plan.particles[i + 1].first_place : plan.place_count;
      for (std::int64_t place = particle.first_place; place < end_place; ++place) {
        const auto scatterer =
            static_cast<std::size_t>(particle.first_scatterer + place - particle.first_place);
        const PlannedScatterer& at = plan.scatterers[scatterer];
        const float height = particle.rotation[6] * at.x + particle.rotation[7] * at.y +
                             particle.rotation[8] * at.z + particle.position_angstrom[2];
        low = std::min(low, height);
        high = std::max(high, height);
      }
    }
    const auto slab = [&](float height) {
      return std::floor(static_cast<double>(height) / plan.slab_thickness_angstrom + 0.5);
    };
    CHECK(slab(low - 0.02f) <= static_cast<double>(plan.first_slab));
    CHECK(slab(low) >= static_cast<double>(plan.first_slab));
    CHECK(slab(high) < static_cast<double>(plan.first_slab + plan.slab_count));
    CHECK(slab(high + 0.02f) >= static_cast<double>(plan.first_slab + plan.slab_count - 1));
  }
  CHECK(with_particles > 12);
}

TEST_CASE("exposure: the micrographs of a diverse set are those of the simulator") {
  const DiversityRange range = diversity_of_size(128, 96);
  double unequal_sum = 0;
  constexpr std::uint64_t count = 24;
  for (std::uint64_t index = 0; index < count; ++index) {
    INFO(index);
    const Comparison comparison = compare(5, index, range);
    CHECK(comparison.truth_error < 1e-3);
    unequal_sum += comparison.unequal_fraction;
  }
  // A draw that rounding decides changes the rest of its row at most, and such draws are rare but
  // for the highest doses.
  CHECK(unequal_sum / count < 0.03);
}

TEST_CASE("exposure: speed of planning", "[.speed]") {
  const DiversityRange range = diversity_of_size(1024, 1024);
  constexpr std::uint64_t count = 100;
  const std::clock_t begin = std::clock();
  for (std::uint64_t index = 0; index < count; ++index) {
    const RandomSubject subject = draw_subject(5, index, range);
    plan_exposure(subject.settings, subject.structures, 5, index);
  }
  std::printf("planning: %.1f ms of a processor for a micrograph of 1024 x 1024 pixels\n",
              1e3 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC / count);
}
