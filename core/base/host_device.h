#pragma once

// Functions that the same source gives to the CPU and to CUDA kernels.
#ifdef __CUDACC__
#define LIMPID_HOST_DEVICE __host__ __device__
#else
#define LIMPID_HOST_DEVICE
#endif
