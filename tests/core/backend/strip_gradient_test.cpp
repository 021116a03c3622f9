#include "core/backend/cuda/convolution/strip_gradient.cuh"

#include "core/tensor/data_type.h"
#include "tests/support/catch.h"
#include "tests/support/plain_gradients.h"
#include "tests/support/tensors.h"

#include <array>
#include <cstring>
#include <set>
#include <vector>

using namespace limpid;
using namespace limpid::cuda;
using namespace limpid::test;

// The loops and index arithmetic of the GPU kernel for weight gradients, run on the CPU: what the
// instructions do is modelled here after the tables of the PTX manual.
namespace {

std::uint16_t half_of(std::uint32_t word, int half) {
  return static_cast<std::uint16_t>(word >> (16 * half));
}

float value_of(std::uint16_t bits) {
  BFloat16 value;
  value.bits = bits;
  return static_cast<float>(value);
}

// All lanes of a warp.
struct EmulatedWarp {
  using Fragment = std::array<std::array<std::uint32_t, 4>, 32>;
  using Sums = std::array<std::array<float, 4>, 32>;
  using Pair = std::array<std::array<float, 2>, 32>;
  const std::vector<std::uint8_t>& shared;

  // ldmatrix.x4.trans: lane 8 m + i names row i of matrix m, 16 bytes; lane t receives of each
  // matrix elements (2 (t % 4), t / 4) and (2 (t % 4) + 1, t / 4).
  void load_a(Fragment& f, int offset, int plane_bytes) const {
    load(f, [&](int lane) { return offset + strip_a_offset(lane, plane_bytes); });
  }
  void load_b(Fragment& f, int offset, int plane_bytes) const {
    load(f, [&](int lane) { return offset + strip_b_offset(lane, plane_bytes); });
  }
  template <class Address>
  void load(Fragment& f, const Address& address) const {
    std::uint16_t rows[4][8][8];
    for (int lane = 0; lane < 32; ++lane) {
      const int at = address(lane);
      REQUIRE(at >= 0);
      REQUIRE(at % 16 == 0);
      REQUIRE(at + 16 <= static_cast<int>(shared.size()));
      std::memcpy(rows[lane / 8][lane % 8], shared.data() + at, 16);
    }
    for (int lane = 0; lane < 32; ++lane)
      for (int m = 0; m < 4; ++m) {
        const int row = 2 * (lane % 4);
        const int column = lane / 4;
        f[lane][m] = rows[m][row][column] | static_cast<std::uint32_t>(rows[m][row + 1][column])
                                                << 16;
      }
  }

  // mma.m16n8k16: A (16 x 16) and B (16 x 8) as bfloat16 pairs, C (16 x 8) as float32.
  void multiply_add(Sums& sums, const Fragment& fa, const Fragment& fb, int half) const {
    float a[16][16];
    float b[16][8];
    for (int lane = 0; lane < 32; ++lane)
      for (int e = 0; e < 2; ++e) {
        const int group = lane / 4;
        const int k = 2 * (lane % 4) + e;
        for (int r = 0; r < 4; ++r)
          a[group + 8 * (r % 2)][k + 8 * (r / 2)] = value_of(half_of(fa[lane][r], e));
        b[k][group] = value_of(half_of(fb[lane][2 * half], e));
        b[k + 8][group] = value_of(half_of(fb[lane][2 * half + 1], e));
      }
    for (int lane = 0; lane < 32; ++lane)
      for (int c = 0; c < 4; ++c) {
        const int row = lane / 4 + 8 * (c / 2);
        const int column = 2 * (lane % 4) + c % 2;
        for (int k = 0; k < 16; ++k)
          sums[lane][c] += a[row][k] * b[k][column];
      }
  }

  void add_pixels(Pair& sums, const Fragment& f) const {
    for (int lane = 0; lane < 32; ++lane)
      for (int r = 0; r < 4; ++r)
        for (int e = 0; e < 2; ++e)
          sums[lane][r % 2] += value_of(half_of(f[lane][r], e));
  }
};

// One block after the other, its loads and sums in the order of the kernel; the sums of all columns
// and blocks are added where strip_element() says that they belong.
template <class Strip>
Gradients emulated_gradients(
    const Slice& x, const Slice& g, std::int64_t images, int height, int width, int blocks) {
  const StripTensors tensors{x.data(), g.data(), x.stride, g.stride, images, height, width};
  const int units = strip_units<Strip>(height);
  const int strips = strips_of<Strip>(width);
  const std::int64_t all = images * strips * units;
  Gradients result{std::vector<float>(9 * Strip::inputs * Strip::outputs),
                   std::vector<float>(Strip::outputs)};
  for (int block = 0; block < blocks; ++block) {
    const std::int64_t first = all * block / blocks;
    const std::int64_t count = all * (block + 1) / blocks - first;
    std::vector<std::uint8_t> shared(Strip::slots * Strip::slot_bytes, 0xff);
    EmulatedWarp warp{shared};
    std::vector<StripSums<Strip, EmulatedWarp>> sums(Strip::warps);
    const StripWalk walk(units, strips, first, count);
    std::vector<StripLoader<Strip>> loaders;
    for (int thread = 0; thread < Strip::threads; ++thread)
      loaders.emplace_back(tensors, walk, thread);
    const auto load_next = [&] {
      std::set<int> written;
      for (auto& loader : loaders)
        loader.load_next([&](int offset, const std::uint16_t* from, bool inside) {
          REQUIRE(offset + 16 <= static_cast<int>(shared.size()));
          REQUIRE(written.insert(offset).second);
          if (inside) {
            REQUIRE((x.contains(from) || g.contains(from)));
            std::memcpy(shared.data() + offset, from, 16);
          } else {
            std::memset(shared.data() + offset, 0, 16);
          }
        });
    };
    for (int i = 0; i < Strip::ahead; ++i)
      load_next();
    for (int step = 0, slot = 0; step < walk.steps; ++step, slot = strip_next_slot<Strip>(slot)) {
      load_next();
      for (int w = 0; w < Strip::warps; ++w) {
        const StripRole role = strip_role<Strip>(w % Strip::roles);
        auto& own = sums[static_cast<std::size_t>(w)];
        if (loaders[0].has_entered())
          own.enter(warp, role, w / Strip::roles, slot);
        else
          own.add(warp, role, w / Strip::roles, slot);
      }
    }
    for (int w = 0; w < Strip::warps; ++w) {
      const int role = w % Strip::roles;
      const auto& own = sums[static_cast<std::size_t>(w)];
      for (int lane = 0; lane < 32; ++lane) {
        for (int i = 0; i < 96; ++i) {
          const StripElement e = strip_element<Strip>(role, i, lane);
          result.weights[static_cast<std::size_t>((e.output * 9 + e.tap) * Strip::inputs +
                                                  e.input)] +=
              own.weights[i / 32][i / 16 % 2][i / 4 % 4][lane][i % 4];
        }
        if (strip_role<Strip>(role).sums_bias)
          for (int i = 0; i < 4; ++i)
            result.biases[static_cast<std::size_t>(strip_bias_output<Strip>(role, i, lane))] +=
                own.bias[i / 2][lane][i % 2];
      }
    }
  }
  return result;
}

template <int Inputs, int Outputs>
void check_gradients(std::int64_t images, int height, int width, int blocks) {
  INFO(Inputs << " > " << Outputs << ", " << images << " x " << height << " x " << width << ", "
              << blocks << " blocks");
  const std::int64_t pixels = images * height * width;
  const Slice x(pixels, Inputs, 32, 8, 1);
  const Slice g(pixels, Outputs, 0, 64, 2);
  const Gradients expected = expected_gradients(x, g, images, height, width);
  const Gradients found =
      emulated_gradients<StripGradient<Inputs, Outputs>>(x, g, images, height, width, blocks);
  CHECK(relative_difference(found.weights, expected.weights) < 2e-6);
  CHECK(relative_difference(found.biases, expected.biases) < 2e-6);
}

// Whether 8 addresses of 16 bytes that are used at once lie in different banks.
bool banks_differ(const std::array<int, 8>& offsets) {
  std::set<int> banks;
  for (const int offset : offsets)
    banks.insert(offset / 16 % 8);
  return banks.size() == 8;
}

template <class Strip>
void check_banks() {
  for (int matrix = 0; matrix < 4; ++matrix) {
    std::array<int, 8> of_gradient{};
    std::array<int, 8> of_input{};
    for (int i = 0; i < 8; ++i) {
      of_gradient[static_cast<std::size_t>(i)] =
          strip_a_offset(8 * matrix + i, Strip::gradient_plane);
      of_input[static_cast<std::size_t>(i)] = strip_b_offset(8 * matrix + i, Strip::input_plane);
    }
    CHECK(banks_differ(of_gradient));
    CHECK(banks_differ(of_input));
  }
  // A row of 16-byte pieces that neighbouring threads write.
  const auto written_apart = [](int planes, int plane) {
    for (int chunk = 0; chunk < 64; chunk += 8) {
      std::array<int, 8> offsets{};
      for (int i = 0; i < 8; ++i)
        offsets[static_cast<std::size_t>(i)] =
            (chunk + i) % planes * plane + (chunk + i) / planes * Strip::pixel_bytes;
      if (!banks_differ(offsets))
        return false;
    }
    return true;
  };
  CHECK(written_apart(Strip::inputs / 8, Strip::input_plane));
  CHECK(written_apart(Strip::outputs / 8, Strip::gradient_plane));
  constexpr int smallest_shared_memory = 99 * 1024;  // of compute capabilities 8.6, 8.9 and 12.0
  CHECK(Strip::shared_bytes() <= smallest_shared_memory);
}

}  // namespace

TEST_CASE("own weight gradient: the kernel's arithmetic on the CPU agrees with plain sums") {
  check_gradients<32, 32>(1, 1, 1, 1);
  check_gradients<32, 32>(2, 13, 70, 1);
  check_gradients<32, 32>(1, 7, 64, 5);  // more blocks than units
  check_gradients<64, 32>(2, 8, 37, 3);
  check_gradients<32, 64>(1, 17, 33, 2);
  check_gradients<64, 64>(3, 5, 21, 4);
}

TEST_CASE("own weight gradient: shared memory is read and written without bank conflicts") {
  check_banks<StripGradient<32, 32>>();
  check_banks<StripGradient<64, 32>>();
  check_banks<StripGradient<32, 64>>();
  check_banks<StripGradient<64, 64>>();
}
