#pragma once

#include "core/backend/cuda/hopper/wgmma_layout.h"

#include <cstdint>

// Hopper's warpgroup matrix instructions: d += A * B for 64 x N floats, N = 2 * (registers of d),
// bfloat16 operands in shared memory. For files compiled for sm_90a alone.
//
// Order of use: write the operands; fence_shared_writes() in every writing thread, then a barrier;
// begin(d); multiply(...) any number of times; commit(); other work that leaves d alone; wait<0>().
// All 128 threads of a warpgroup, which starts at a multiple of 128, take part. Accumulators must
// stay in registers: index d with constants only.
namespace limpid::cuda::wgmma {

#if defined(__CUDA_ARCH__) && !defined(__CUDA_ARCH_FEAT_SM90_ALL)
#error "wgmma needs -gencode=arch=compute_90a,code=sm_90a"
#endif

// Makes what this thread wrote to shared memory, by plain stores or by cp.async it has waited for,
// visible to the tensor cores.
__device__ inline void fence_shared_writes() {
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

// Registers that instructions in flight write must not be moved by the compiler across this.
template <int count>
__device__ inline void hold(float (&d)[count]) {
#pragma unroll
  for (int i = 0; i < count; ++i)
    asm volatile("" : "+f"(d[i])::"memory");
}

// The warpgroup's warps together begin products that follow other ones, which may be in flight.
__device__ inline void begin_more() {
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}

// Before the first multiply() after d was read or written by anything else.
template <int count>
__device__ inline void begin(float (&d)[count]) {
  hold(d);
  begin_more();
}

__device__ inline void commit() {
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}

// Until at most `pending` of the committed groups are unfinished.
template <int pending>
__device__ inline void wait() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(pending) : "memory");
}

// clang-format off
#define LIMPID_WGMMA_REGISTERS_16 \
  "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15"
#define LIMPID_WGMMA_REGISTERS_32 \
  LIMPID_WGMMA_REGISTERS_16 \
  ", " "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31"
#define LIMPID_WGMMA_REGISTERS_48 \
  LIMPID_WGMMA_REGISTERS_32 \
  ", " "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47"
#define LIMPID_WGMMA_REGISTERS_64 \
  LIMPID_WGMMA_REGISTERS_48 \
  ", " "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"
#define LIMPID_WGMMA_REGISTERS_96 \
  LIMPID_WGMMA_REGISTERS_64 \
  ", " "%64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79" \
  ", " "%80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95"
#define LIMPID_WGMMA_REGISTERS_128 \
  LIMPID_WGMMA_REGISTERS_96 \
  ", " "%96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111" \
  ", " "%112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, %127"
#define LIMPID_WGMMA_IN_OUT_4(d, i) "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3])
#define LIMPID_WGMMA_IN_OUT_16(d, i) \
  LIMPID_WGMMA_IN_OUT_4(d, i), LIMPID_WGMMA_IN_OUT_4(d, i + 4), LIMPID_WGMMA_IN_OUT_4(d, i + 8), LIMPID_WGMMA_IN_OUT_4(d, i + 12)
#define LIMPID_WGMMA_IN_OUT_32(d, i) LIMPID_WGMMA_IN_OUT_16(d, i), LIMPID_WGMMA_IN_OUT_16(d, i + 16)
#define LIMPID_WGMMA_IN_OUT_48(d, i) LIMPID_WGMMA_IN_OUT_32(d, i), LIMPID_WGMMA_IN_OUT_16(d, i + 32)
#define LIMPID_WGMMA_IN_OUT_64(d, i) LIMPID_WGMMA_IN_OUT_32(d, i), LIMPID_WGMMA_IN_OUT_32(d, i + 32)
#define LIMPID_WGMMA_IN_OUT_96(d, i) LIMPID_WGMMA_IN_OUT_48(d, i), LIMPID_WGMMA_IN_OUT_48(d, i + 48)
#define LIMPID_WGMMA_IN_OUT_128(d, i) LIMPID_WGMMA_IN_OUT_64(d, i), LIMPID_WGMMA_IN_OUT_64(d, i + 64)

// d = A * B (+ d when `accumulate`). The numbers after the register count are those of the operands
// that follow the registers.
#define LIMPID_WGMMA_MULTIPLY(n, registers, number_a, number_b, number_accumulate, number_order_a, number_order_b) \
  template <Contiguous order_a = Contiguous::k, Contiguous order_b = Contiguous::k> \
  __device__ inline void multiply(float (&d)[registers], std::uint64_t a, std::uint64_t b, bool accumulate = true) { \
    asm volatile( \
        "{\n" \
        ".reg .pred p;\n" \
        "setp.ne.b32 p, %" #number_accumulate ", 0;\n" \
        "wgmma.mma_async.sync.aligned.m64n" #n "k16.f32.bf16.bf16 {" LIMPID_WGMMA_REGISTERS_##registers "}, " \
        "%" #number_a ", %" #number_b ", p, 1, 1, %" #number_order_a ", %" #number_order_b ";\n" \
        "}" \
        : LIMPID_WGMMA_IN_OUT_##registers(d, 0) \
        : "l"(a), "l"(b), "r"(static_cast<int>(accumulate)), "n"(static_cast<int>(order_a)), "n"(static_cast<int>(order_b))); \
  }
LIMPID_WGMMA_MULTIPLY(32, 16, 16, 17, 18, 19, 20)
LIMPID_WGMMA_MULTIPLY(64, 32, 32, 33, 34, 35, 36)
LIMPID_WGMMA_MULTIPLY(96, 48, 48, 49, 50, 51, 52)
LIMPID_WGMMA_MULTIPLY(128, 64, 64, 65, 66, 67, 68)
LIMPID_WGMMA_MULTIPLY(192, 96, 96, 97, 98, 99, 100)
LIMPID_WGMMA_MULTIPLY(256, 128, 128, 129, 130, 131, 132)
#undef LIMPID_WGMMA_MULTIPLY
// clang-format on

}  // namespace limpid::cuda::wgmma
