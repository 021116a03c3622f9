#include "core/backend/cuda/check.h"
#include "core/backend/cuda/convolution/strip_gradient.cuh"
#include "core/backend/cuda/convolution/strip_gradient.h"
#include "core/backend/cuda/convolution/warp_matrix.cuh"

#include <cuda_bf16.h>

#include <algorithm>
#include <utility>

namespace limpid::cuda {
namespace {

// Channels of either side that a block takes at once.
int slice_channels(std::int64_t channels) {
  return channels % 64 == 0 ? 64 : 32;
}

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800

// A thread's share of the warp's instructions.
struct ThreadOfWarp {
  struct Fragment {
    std::uint32_t r[4];
  };
  struct Sums {
    float v[4];
  };
  struct Pair {
    float v[2];
  };
  std::uint32_t shared;
  int lane;

  __device__ void load_a(Fragment& f, int offset, int plane_bytes) const {
    load(f, offset + strip_a_offset(lane, plane_bytes));
  }
  __device__ void load_b(Fragment& f, int offset, int plane_bytes) const {
    load(f, offset + strip_b_offset(lane, plane_bytes));
  }
  __device__ void load(Fragment& f, int offset) const {
    load_transposed_matrices(f.r, shared + offset);
  }
  __device__ void multiply_add(Sums& sums, const Fragment& a, const Fragment& b, int half) const {
    cuda::multiply_add(sums.v, a.r, b.r[2 * half], b.r[2 * half + 1]);
  }
  // Registers 0 and 2 hold channel lane / 4, the others the channel 8 behind; two pixels each.
  __device__ void add_pixels(Pair& sums, const Fragment& f) const {
#pragma unroll
    for (int i = 0; i < 4; ++i)
      sums.v[i % 2] += __uint_as_float(f.r[i] << 16) + __uint_as_float(f.r[i] & 0xffff0000u);
  }
};

struct CopyAsync {
  std::uint32_t shared;

  __device__ void operator()(int offset, const std::uint16_t* from, bool inside) const {
    copy_async(shared + offset, from, inside);
  }
};

// f(number, sum) for the sums of a thread, numbered as in strip_element().
template <class Sums, class F>
__device__ void for_each_sum(Sums& sums, F&& f) {
#pragma unroll
  for (int i = 0; i < 96; ++i)
    f(i, sums.weights[i / 32][i / 16 % 2][i / 4 % 4].v[i % 4]);
#pragma unroll
  for (int i = 0; i < 4; ++i)
    f(96 + i, sums.bias[i / 2].v[i % 2]);
}

#endif

// partial[slice][block][role][sum][lane], where blockIdx.y is the slice: of the input, then of the
// output.
template <class Strip>
__global__ void __launch_bounds__(Strip::threads, 1)
    strip_gradient_kernel(StripTensors tensors, int input_slices, float* partial) {
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
  extern __shared__ __align__(128) unsigned char memory[];
  const auto shared = static_cast<std::uint32_t>(__cvta_generic_to_shared(memory));
  const int thread = static_cast<int>(threadIdx.x);
  const int warp_number = thread / 32;
  const int role_number = warp_number % Strip::roles;
  const int column = warp_number / Strip::roles;
  const StripRole role = strip_role<Strip>(role_number);
  const int slice = static_cast<int>(blockIdx.y);
  tensors.input += slice % input_slices * Strip::inputs;
  tensors.gradient += slice / input_slices * Strip::outputs;

  const int units = strip_units<Strip>(tensors.height);
  const int strips = strips_of<Strip>(tensors.width);
  const std::int64_t all = tensors.images * strips * units;
  const std::int64_t first = all * blockIdx.x / gridDim.x;
  const std::int64_t count = all * (blockIdx.x + 1) / gridDim.x - first;
  const StripWalk walk(units, strips, first, count);
  StripLoader<Strip> loader(tensors, walk, thread);
  const CopyAsync copy{shared};
  const auto load_next = [&] {
    loader.load_next(copy);
    end_copies();
  };
#pragma unroll 1
  for (int i = 0; i < Strip::ahead; ++i)
    load_next();

  ThreadOfWarp warp{shared, thread % 32};
  StripSums<Strip, ThreadOfWarp> sums{};
  for (int step = 0, slot = 0; step < walk.steps; ++step, slot = strip_next_slot<Strip>(slot)) {
    wait_for_copies<Strip::ahead - 1>();
    __syncthreads();  // all have this step's rows, and have left the slot that is filled next
    load_next();
    if (loader.has_entered())
      sums.enter(warp, role, column, slot);
    else
      sums.add(warp, role, column, slot);
  }
  wait_for_copies<0>();

  // From the last column to the first, each adds what it got to its own and hands it on.
  auto* exchange = reinterpret_cast<float*>(memory) + role_number * Strip::sums * 32 + warp.lane;
#pragma unroll 1
  for (int from = Strip::columns - 1; from > 0; --from) {
    __syncthreads();
    if (column == from)
      for_each_sum(sums, [&](int i, float sum) { exchange[32 * i] = sum; });
    __syncthreads();
    if (column == from - 1)
      for_each_sum(sums, [&](int i, float& sum) { sum += exchange[32 * i]; });
  }
  if (column == 0) {
    float* to = partial +
                (static_cast<std::int64_t>(slice) * gridDim.x + blockIdx.x) * Strip::block_sums +
                role_number * Strip::sums * 32 + warp.lane;
    for_each_sum(sums, [&](int i, float sum) { to[32 * i] = sum; });
  }
#endif
}

constexpr int finish_parts = 32;
constexpr int pair_values = 64;  // two sums of 32 lanes

// Block (role, two neighbouring sums), slice: adds what the blocks left. Eight threads with float4
// take the two sums' lanes, 32 times over.
template <class Strip>
__global__ void __launch_bounds__(finish_parts* pair_values / 8)
    finish_strip_gradient_kernel(const float* partial,
                                 int blocks,
                                 int input_slices,
                                 int inputs,
                                 __nv_bfloat16* weight_gradient,
                                 __nv_bfloat16* bias_gradient) {
  __shared__ float sums[finish_parts][pair_values];
  constexpr int pairs = Strip::sums / 2;
  const int role = static_cast<int>(blockIdx.x) / pairs;
  const int pair = static_cast<int>(blockIdx.x) % pairs;
  const int slice = static_cast<int>(blockIdx.y);
  const int input_slice = slice % input_slices;
  const int first_output = slice / input_slices * Strip::outputs;
  const bool is_bias = pair >= 48;
  if (is_bias && !(strip_role<Strip>(role).sums_bias && input_slice == 0))
    return;

  const int quad = static_cast<int>(threadIdx.x) % 8;
  const int part = static_cast<int>(threadIdx.x) / 8;
  const float* from = partial + static_cast<std::int64_t>(slice) * blocks * Strip::block_sums +
                      (role * Strip::sums + 2 * pair) * 32 + 4 * quad;
  float4 low{};
  float4 high{};
  for (int block = part; block < blocks; block += finish_parts) {
    const float* at = from + static_cast<std::int64_t>(block) * Strip::block_sums;
    const float4 a = *reinterpret_cast<const float4*>(at);
    const float4 b = *reinterpret_cast<const float4*>(at + 32);
    low = make_float4(low.x + a.x, low.y + a.y, low.z + a.z, low.w + a.w);
    high = make_float4(high.x + b.x, high.y + b.y, high.z + b.z, high.w + b.w);
  }
  reinterpret_cast<float4*>(sums[part])[quad] = low;
  reinterpret_cast<float4*>(sums[part] + 32)[quad] = high;
  __syncthreads();

  const int value = static_cast<int>(threadIdx.x);
  if (value >= pair_values)
    return;
  float total = 0.0f;
#pragma unroll 8
  for (int p = 0; p < finish_parts; ++p)
    total += sums[p][value];
  const int sum = 2 * pair + value / 32;
  const int lane = value % 32;
  if (is_bias) {
    total += __shfl_xor_sync(0xffffffffu, total, 1);
    total += __shfl_xor_sync(0xffffffffu, total, 2);
    if (lane % 4 == 0)
      bias_gradient[first_output + strip_bias_output<Strip>(role, sum - 96, lane)] =
          __float2bfloat16_rn(total);
    return;
  }
  const StripElement e = strip_element<Strip>(role, sum, lane);
  weight_gradient[(static_cast<std::int64_t>(first_output + e.output) * 9 + e.tap) * inputs +
                  input_slice * Strip::inputs + e.input] = __float2bfloat16_rn(total);
}

template <class F>
void with_strip(int inputs, int outputs, F&& f) {
  if (inputs == 32 && outputs == 32)
    f(StripGradient<32, 32>{});
  else if (inputs == 64 && outputs == 32)
    f(StripGradient<64, 32>{});
  else if (inputs == 32)
    f(StripGradient<32, 64>{});
  else
    f(StripGradient<64, 64>{});
}

struct Slices {
  int inputs;  // channels of a slice
  int outputs;
  int input_count;
  int count;
  int blocks;  // for each slice
};

Slices slices_of(const Shape& input, const Shape& output, int multiprocessor_count) {
  Slices s{};
  s.inputs = slice_channels(input.channels);
  s.outputs = slice_channels(output.channels);
  s.input_count = static_cast<int>(input.channels) / s.inputs;
  s.count = s.input_count * (static_cast<int>(output.channels) / s.outputs);
  s.blocks = std::max(1, multiprocessor_count / s.count);
  return s;
}

}  // namespace

bool strip_gradient_fits(const Shape& input,
                         const Shape& output,
                         DataType type,
                         int compute_capability) {
  constexpr std::int64_t most_channels = 128;
  const auto fits = [](std::int64_t channels) {
    return channels % 32 == 0 && channels <= most_channels;
  };
  return type == DataType::bfloat16 && compute_capability >= 80 && fits(input.channels) &&
         fits(output.channels);
}

std::size_t strip_gradient_workspace(const Shape& input,
                                     const Shape& output,
                                     int multiprocessor_count) {
  const Slices s = slices_of(input, output, multiprocessor_count);
  std::size_t block_sums = 0;
  with_strip(s.inputs, s.outputs, [&]<class Strip>(Strip) { block_sums = Strip::block_sums; });
  return static_cast<std::size_t>(s.count) * static_cast<std::size_t>(s.blocks) * block_sums *
         sizeof(float);
}

void strip_gradient(const Tensor& input,
                    const Tensor& output_gradient,
                    void* weight_gradient,
                    void* bias_gradient,
                    void* workspace,
                    int multiprocessor_count,
                    cudaStream_t stream) {
  require(input.pixel_stride() % 8 == 0 && output_gradient.pixel_stride() % 8 == 0,
          "pixels of {} and {} elements",
          input.pixel_stride(),
          output_gradient.pixel_stride());
  const Shape& shape = input.shape();
  const Slices s = slices_of(shape, output_gradient.shape(), multiprocessor_count);
  const StripTensors tensors{
      .input = reinterpret_cast<const std::uint16_t*>(input.data()),
      .gradient = reinterpret_cast<const std::uint16_t*>(output_gradient.data()),
      .input_stride = input.pixel_stride(),
      .gradient_stride = output_gradient.pixel_stride(),
      .images = shape.batch,
      .height = static_cast<int>(shape.height),
      .width = static_cast<int>(shape.width)};
  auto* partial = static_cast<float*>(workspace);
  with_strip(s.inputs, s.outputs, [&]<class Strip>(Strip) {
    const auto kernel = strip_gradient_kernel<Strip>;
    LIMPID_CUDA(cudaFuncSetAttribute(
        kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, Strip::shared_bytes()));
    const auto slices = static_cast<unsigned>(s.count);
    kernel<<<dim3(static_cast<unsigned>(s.blocks), slices),
             Strip::threads,
             Strip::shared_bytes(),
             stream>>>(tensors, s.input_count, partial);
    LIMPID_CUDA_LAUNCH();
    finish_strip_gradient_kernel<Strip><<<dim3(Strip::roles * Strip::sums / 2, slices),
                                          finish_parts * pair_values / 8,
                                          0,
                                          stream>>>(partial,
                                                    s.blocks,
                                                    s.input_count,
                                                    static_cast<int>(shape.channels),
                                                    static_cast<__nv_bfloat16*>(weight_gradient),
                                                    static_cast<__nv_bfloat16*>(bias_gradient));
    LIMPID_CUDA_LAUNCH();
  });
}

}  // namespace limpid::cuda
