#pragma once

#include "core/base/host_device.h"

#include <cstdint>

#ifdef __CUDA_ARCH__
#define LIMPID_UNROLL _Pragma("unroll")
#else
#define LIMPID_UNROLL
#endif

// Gradients of a 3x3 convolution with respect to its weights and bias, on the tensor cores:
//
//   dw[o, r, s, i] = sum over pixels p of g[p, o] * x[p + (r - 1, s - 1), i],   db[o] = sum of g[p,
//   o]
//
// a matrix product whose inner dimension is the pixels. NHWC stores both factors with the pixels as
// rows, and `ldmatrix.trans` turns them into the fragments of mma.m16n8k16, A = g (16 outputs x 16
// pixels) and B = x (16 pixels x 8 inputs), whichever pixel a row starts at; so a tap is an
// address.
//
// A block walks down strips of the image, some rows at a time, which cp.async brings into a ring of
// shared memory; it keeps all sums in registers for as long as it lives. Each of its 12 warps has
// one column s of taps, 32 inputs, 32 outputs and a column of 16 pixels, and so 3 x 32 x 32 sums
// (96 registers a thread); the three rows of x that the taps of a row of g need stay in registers
// while the walk goes on, so for 24 mma a warp loads 16 pixels x 32 channels of x and of g once. At
// the end the columns are added in shared memory, each block writes its sums to memory, and a
// second kernel adds the blocks. All in a fixed order: results are equal from run to run.
//
// Limits for each 16 pixels of 32 inputs and 32 outputs, in clocks of one multiprocessor of Hopper:
// 72 mma of 1 clock at the rate of wgmma, 1.6 at what mma.sync reaches: 115; shared memory reads 6
// KB and writes 2 KB at 128 B: 64; device memory 2 KB at 19 B: 108. So mma.sync is enough for 32
// > 32. Twice the channels on either side double the first, but not the last.
namespace limpid::cuda {

// Sums in a block: `Inputs` and `Outputs` are 32 or 64.
template <int Inputs, int Outputs>
struct StripGradient {
  static constexpr int inputs = Inputs;
  static constexpr int outputs = Outputs;
  static constexpr int warps = 12;
  static constexpr int threads = 32 * warps;
  static constexpr int roles = 3 * (Inputs / 32) * (Outputs / 32);
  static constexpr int columns = warps / roles;  // of 16 pixels
  static constexpr int width = 16 * columns;     // of a strip
  static constexpr int rows = 3;                 // at a time; as many as rows of taps
  static constexpr int ahead = 2;                // slots of the ring that are being filled
  static constexpr int slots = ahead + 1;

  // A row of a slot is planes of 8 channels (16 bytes) a pixel, so that the 8 rows of a matrix for
  // ldmatrix lie in different banks; the size of a plane makes the channels of one pixel, which
  // neighbouring threads write, lie in different banks too.
  static constexpr int pixel_bytes = 16;
  static constexpr int plane_pixels(int pixels, int planes) {
    while (planes == 4 ? pixels % 4 != 2 : pixels % 2 != 1)
      ++pixels;
    return pixels;
  }
  static constexpr int input_width = width + 2;
  static constexpr int input_plane = pixel_bytes * plane_pixels(input_width, Inputs / 8);
  static constexpr int input_row = input_plane * (Inputs / 8);
  static constexpr int gradient_plane = pixel_bytes * plane_pixels(width, Outputs / 8);
  static constexpr int gradient_row = gradient_plane * (Outputs / 8);
  static constexpr int gradient_offset = rows * input_row;  // in a slot
  static constexpr int slot_bytes = rows * (input_row + gradient_row);

  static constexpr int sums = 100;  // a thread: 3 x 2 x 4 x 4 of weights and 4 of biases
  static constexpr int block_sums = roles * sums * 32;
  static constexpr int shared_bytes() {
    constexpr int ring = slots * slot_bytes;
    constexpr int exchange = columns > 1 ? block_sums * 4 : 0;
    return ring > exchange ? ring : exchange;
  }
  static_assert(warps % roles == 0);
};

// What a warp sums.
struct StripRole {
  int tap_column;
  int input;   // the first of 32
  int output;  // the first of 32
  bool sums_bias;
};

template <class Strip>
LIMPID_HOST_DEVICE constexpr StripRole strip_role(int role) {
  const int tile = role / 3;
  const int input_tile = tile % (Strip::inputs / 32);
  return {role % 3,
          32 * input_tile,
          32 * (tile / (Strip::inputs / 32)),
          role % 3 == 1 && input_tile == 0};
}

// Where sum number `sum` (below 96) of lane `lane` belongs, as the accumulators of mma lie.
struct StripElement {
  int output;
  int tap;
  int input;
};

template <class Strip>
LIMPID_HOST_DEVICE constexpr StripElement strip_element(int role, int sum, int lane) {
  const StripRole r = strip_role<Strip>(role);
  return {r.output + 16 * (sum / 16 % 2) + 8 * (sum % 4 / 2) + lane / 4,
          3 * (sum / 32) + r.tap_column,
          r.input + 8 * (sum / 4 % 4) + 2 * (lane % 4) + sum % 2};
}

// The output whose bias is sum number 96 + `sum`; four lanes hold parts of it.
template <class Strip>
LIMPID_HOST_DEVICE constexpr int strip_bias_output(int role, int sum, int lane) {
  return strip_role<Strip>(role).output + 8 * sum + lane / 4;
}

// The tensors, one slice of channels of each.
struct StripTensors {
  const std::uint16_t* input;  // bfloat16
  const std::uint16_t* gradient;
  std::int64_t input_stride;  // elements from pixel to pixel
  std::int64_t gradient_stride;
  std::int64_t images;
  int height;
  int width;
};

// The steps of one block. The image is cut into strips, strips into units of Strip::rows rows of g;
// a block has a run of units. Each strip that it enters begins with a step that only brings rows of
// x: with unit u come the rows of x up to one below it, so the first unit lacks two.
struct StripWalk {
  int units;   // of a strip
  int strips;  // of an image
  int image;
  int strip;
  int unit;
  int steps;  // that are left
  bool enters = true;

  LIMPID_HOST_DEVICE StripWalk(int units_, int strips_, std::int64_t first, std::int64_t count)
      : units(units_),
        strips(strips_),
        image(static_cast<int>(first / units_ / strips_)),
        strip(static_cast<int>(first / units_ % strips_)),
        unit(static_cast<int>(first % units_)),
        steps(count == 0
                  ? 0
                  : static_cast<int>(count + (first + count - 1) / units_ - first / units_ + 1)) {}

  LIMPID_HOST_DEVICE void advance() {
    --steps;
    if (enters) {
      enters = false;
      return;
    }
    if (++unit < units)
      return;
    unit = 0;
    enters = true;
    if (++strip < strips)
      return;
    strip = 0;
    ++image;
  }
};

template <class Strip>
LIMPID_HOST_DEVICE constexpr int strip_next_slot(int slot) {
  return slot + Strip::slot_bytes == Strip::slots * Strip::slot_bytes ? 0
                                                                      : slot + Strip::slot_bytes;
}
template <class Strip>
LIMPID_HOST_DEVICE constexpr int strip_units(int height) {
  return (height + Strip::rows - 1) / Strip::rows;
}
template <class Strip>
LIMPID_HOST_DEVICE constexpr int strips_of(int width) {
  return (width + Strip::width - 1) / Strip::width;
}

// One thread's share of copying rows of one tensor to slots: 8 channels of one pixel of a row.
template <class Strip, int Channels, int Pixels, int Plane>
struct StripPart {
  static constexpr int planes = Channels / 8;
  static_assert(Pixels * planes <= Strip::threads);
  const std::uint16_t* from = nullptr;  // in the next row; perhaps outside the image
  bool column_inside = false;

  // `chunk` is the thread's number among those that copy this tensor.
  LIMPID_HOST_DEVICE void enter(const std::uint16_t* tensor,
                                std::int64_t stride,
                                const StripTensors& t,
                                const StripWalk& at,
                                int chunk,
                                int first_row,
                                int first_column) {
    const int column = first_column + chunk / planes;
    column_inside = column >= 0 && column < t.width;
    from =
        tensor +
        ((static_cast<std::int64_t>(at.image) * t.height + first_row) * t.width + column) * stride +
        8 * (chunk % planes);
  }

  // `copy(shared_offset, address, inside)` copies 16 bytes, or writes zeros for pixels outside.
  template <class Copy>
  LIMPID_HOST_DEVICE void load(
      const Copy& copy, int chunk, int offset, int first_row, int height, std::int64_t row_pitch) {
    if (chunk >= Pixels * planes)
      return;
    const int to = offset + chunk % planes * Plane + chunk / planes * Strip::pixel_bytes;
    LIMPID_UNROLL
    for (int r = 0; r < Strip::rows; ++r) {
      const bool row_inside = static_cast<unsigned>(first_row + r) < static_cast<unsigned>(height);
      copy(to + r * planes * Plane, from, column_inside && row_inside);
      from += row_pitch;
    }
  }
};

// One thread's share of loading the rows of each step.
template <class Strip>
class StripLoader {
 public:
  LIMPID_HOST_DEVICE StripLoader(const StripTensors& tensors, const StripWalk& walk, int thread)
      : tensors_(tensors), walk_(walk), thread_(thread) {}

  // Nothing after the last step.
  template <class Copy>
  LIMPID_HOST_DEVICE void load_next(const Copy& copy) {
    entered_ = entered_ << 1 | static_cast<unsigned>(walk_.enters);
    if (walk_.steps == 0)
      return;
    // The input keeps the first threads busy; the gradient begins with the others.
    constexpr int begin = Strip::threads / 3;
    const int chunk = thread_ >= begin ? thread_ - begin : thread_ + Strip::threads - begin;
    const StripTensors& t = tensors_;
    const int row = walk_.unit * Strip::rows;
    const int input_row = walk_.enters ? row + 1 - Strip::rows : row + 1;
    if (walk_.enters) {
      const int column = walk_.strip * Strip::width;
      input_.enter(t.input, t.input_stride, t, walk_, thread_, input_row, column - 1);
      gradient_.enter(t.gradient, t.gradient_stride, t, walk_, chunk, row, column);
    }
    input_.load(copy, thread_, slot_, input_row, t.height, t.width * t.input_stride);
    if (!walk_.enters)
      gradient_.load(
          copy, chunk, slot_ + Strip::gradient_offset, row, t.height, t.width * t.gradient_stride);
    walk_.advance();
    slot_ = strip_next_slot<Strip>(slot_);
  }

  // Whether the step that was loaded Strip::ahead steps before the last one entered a strip.
  LIMPID_HOST_DEVICE bool has_entered() const { return (entered_ >> Strip::ahead & 1u) != 0; }

 private:
  StripTensors tensors_;
  StripWalk walk_;
  int thread_;
  int slot_ = 0;          // byte offset
  unsigned entered_ = 0;  // one bit a step
  StripPart<Strip, Strip::inputs, Strip::input_width, Strip::input_plane> input_;
  StripPart<Strip, Strip::outputs, Strip::width, Strip::gradient_plane> gradient_;
};

// Byte offset, from the first pixel of the first of two planes, of the matrix row that lane `lane`
// names to ldmatrix.x4. The four matrices are 8 channels of 8 pixels; with .trans they become the
// registers of A (16 channels x 16 pixels: the second matrix is channels 8-15, the third pixels
// 8-15), or of two B, one behind the other (8 channels x 16 pixels each).
LIMPID_HOST_DEVICE constexpr int strip_a_offset(int lane, int plane_bytes) {
  return lane / 8 % 2 * plane_bytes + (lane % 8 + lane / 16 * 8) * 16;
}
LIMPID_HOST_DEVICE constexpr int strip_b_offset(int lane, int plane_bytes) {
  return lane / 16 * plane_bytes + lane % 16 * 16;
}

// The sums of one warp and the rows of x that it still needs. `Warp` runs the instructions: on the
// GPU a thread's share, in tests all 32 lanes.
template <class Strip, class Warp>
struct StripSums {
  typename Warp::Sums weights[3][2][4];  // row of taps, 16 outputs, 8 inputs
  typename Warp::Pair bias[2];           // 16 outputs
  typename Warp::Fragment x[3][2];       // row, 16 inputs

  LIMPID_HOST_DEVICE void load_input(
      Warp& warp, const StripRole& role, int column, int slot, int row, int to) {
    const int at = slot + row * Strip::input_row + role.input / 8 * Strip::input_plane +
                   (16 * column + role.tap_column) * Strip::pixel_bytes;
    warp.load_b(x[to][0], at, Strip::input_plane);
    warp.load_b(x[to][1], at + 2 * Strip::input_plane, Strip::input_plane);
  }

  LIMPID_HOST_DEVICE void load_gradient(Warp& warp,
                                        const StripRole& role,
                                        int column,
                                        int slot,
                                        int row,
                                        typename Warp::Fragment (&g)[2]) {
    const int at = slot + Strip::gradient_offset + row * Strip::gradient_row +
                   role.output / 8 * Strip::gradient_plane + 16 * column * Strip::pixel_bytes;
    warp.load_a(g[0], at, Strip::gradient_plane);
    warp.load_a(g[1], at + 2 * Strip::gradient_plane, Strip::gradient_plane);
  }

  // The last two of the rows in `slot` are above and at the first row of g to come.
  LIMPID_HOST_DEVICE void enter(Warp& warp, const StripRole& role, int column, int slot) {
    load_input(warp, role, column, slot, 1, 0);
    load_input(warp, role, column, slot, 2, 1);
  }

  // Row j of g meets the rows of x above, at and below it, which are x[j], x[j + 1] and x[j + 2],
  // all modulo 3; the last comes with this step.
  LIMPID_HOST_DEVICE void add(Warp& warp, const StripRole& role, int column, int slot) {
    static_assert(Strip::rows == 3);
    LIMPID_UNROLL
    for (int j = 0; j < 3; ++j) {
      typename Warp::Fragment g[2];
      load_gradient(warp, role, column, slot, j, g);
      load_input(warp, role, column, slot, j, (j + 2) % 3);
      LIMPID_UNROLL
      for (int i = 0; i < 24; ++i)
        warp.multiply_add(
            weights[i / 8][i / 4 % 2][i % 4], g[i / 4 % 2], x[(j + i / 8) % 3][i % 4 / 2], i % 2);
    }
    if (!role.sums_bias)
      return;
    // In a loop of its own, so that no branch parts the multiplications above.
    LIMPID_UNROLL
    for (int j = 0; j < 3; ++j) {
      typename Warp::Fragment g[2];
      load_gradient(warp, role, column, slot, j, g);
      warp.add_pixels(bias[0], g[0]);
      warp.add_pixels(bias[1], g[1]);
    }
  }
};

}  // namespace limpid::cuda
