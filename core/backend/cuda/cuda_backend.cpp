#include "core/backend/cuda/cuda_backend.h"

#include "core/backend/cuda/convolution/cuda_conv2d.h"
#include "core/backend/cuda/convolution/cuda_conv_transpose2d.h"
#include "core/backend/cuda/cuda_ops.h"
#include "core/backend/cuda/cuda_queue.h"
#include "core/backend/cuda/device_copy.h"
#include "core/backend/cuda/exposure/exposer.h"
#include "core/backend/cuda/kernels.h"
#include "core/backend/cuda/pinned_memory.h"
#include "core/base/phase_log.h"

#include <algorithm>
#include <vector>

namespace limpid::cuda {
namespace {

class GraphReplay : public Replay {
 public:
  GraphReplay(Context& context, GraphExec graph) : context_(context), graph_(std::move(graph)) {}
  void run() override { LIMPID_CUDA(cudaGraphLaunch(graph_.get(), context_.stream())); }

 private:
  Context& context_;
  GraphExec graph_;
};

}  // namespace

CudaBackend::CudaBackend(int gpu_index, DataType compute_type)
    : gpu_index_(gpu_index),
      compute_type_(compute_type),
      context_(gpu_index),
      windows_(context_.stream()) {
  if (compute_type == DataType::bfloat16 && context_.compute_capability() < 80)
    fail(ErrorKind::device,
         "{} (compute capability {}.{}) has no bfloat16 arithmetic; use float32",
         context_.gpu_name(),
         context_.compute_capability() / 10,
         context_.compute_capability() % 10);
}

CudaBackend::~CudaBackend() = default;

std::string CudaBackend::name() const {
  return fmt::format("cuda:{} {}", gpu_index_, context_.gpu_name());
}

void CudaBackend::use_in_this_thread() const {
  LIMPID_CUDA(cudaSetDevice(gpu_index_));
}

std::size_t CudaBackend::free_memory_bytes() const {
  return free_device_memory_bytes();
}

std::size_t CudaBackend::taken_memory_bytes() const {
  return device_memory_ledger(gpu_index_).taken_bytes();
}

void CudaBackend::limit_memory(std::size_t limit_bytes) {
  use_in_this_thread();  // another may have made it
  device_memory_ledger(gpu_index_)
      .set_limit(limit_bytes, limit_bytes > 0 ? driver_memory_bytes() : 0);
}

std::shared_ptr<Storage> CudaBackend::allocate(std::size_t size_bytes) {
  return allocate_device_memory(size_bytes);
}

std::shared_ptr<Storage> CudaBackend::allocate_staging(std::size_t size_bytes) {
  use_in_this_thread();  // other threads may call this
  return allocate_pinned(size_bytes);
}

void CudaBackend::upload(std::span<const float> values, const Tensor& destination) {
  const Shape& shape = destination.shape();
  require(static_cast<std::int64_t>(values.size()) == shape.element_count(),
          "{} values for a tensor of {}",
          values.size(),
          shape.element_count());
  const std::size_t element = size_bytes(destination.type());
  const std::size_t pixel_bytes = static_cast<std::size_t>(shape.channels) * element;
  const std::size_t stride_bytes = static_cast<std::size_t>(destination.pixel_stride()) * element;
  const auto copy = [&](const void* from) {
    if (destination.is_dense())
      LIMPID_CUDA(cudaMemcpyAsync(destination.data(),
                                  from,
                                  values.size() * element,
                                  cudaMemcpyHostToDevice,
                                  context_.stream()));
    else
      LIMPID_CUDA(cudaMemcpy2DAsync(destination.data(),
                                    stride_bytes,
                                    from,
                                    pixel_bytes,
                                    pixel_bytes,
                                    static_cast<std::size_t>(shape.pixel_count()),
                                    cudaMemcpyHostToDevice,
                                    context_.stream()));
  };
  if (destination.type() == DataType::float32)
    return copy(values.data());
  // Parameters and tests only: images are uploaded as float32.
  std::vector<BFloat16> rounded(values.begin(), values.end());
  copy(rounded.data());
  synchronize();
}

void CudaBackend::download(const Tensor& source, std::span<float> values) {
  const Shape& shape = source.shape();
  require(static_cast<std::int64_t>(values.size()) == shape.element_count(),
          "{} values from a tensor of {}",
          values.size(),
          shape.element_count());
  const std::size_t element = size_bytes(source.type());
  const std::size_t pixel_bytes = static_cast<std::size_t>(shape.channels) * element;
  const std::size_t stride_bytes = static_cast<std::size_t>(source.pixel_stride()) * element;
  const auto copy = [&](void* to) {
    if (source.is_dense())
      LIMPID_CUDA(cudaMemcpyAsync(
          to, source.data(), values.size() * element, cudaMemcpyDeviceToHost, context_.stream()));
    else
      LIMPID_CUDA(cudaMemcpy2DAsync(to,
                                    pixel_bytes,
                                    source.data(),
                                    stride_bytes,
                                    pixel_bytes,
                                    static_cast<std::size_t>(shape.pixel_count()),
                                    cudaMemcpyDeviceToHost,
                                    context_.stream()));
    synchronize();
  };
  if (source.type() == DataType::float32)
    return copy(values.data());
  std::vector<BFloat16> rounded(values.size());
  copy(rounded.data());
  std::transform(rounded.begin(), rounded.end(), values.begin(), [](BFloat16 x) {
    return static_cast<float>(x);
  });
}

void CudaBackend::upload_window(const HostImage& image,
                                const ImagePoint& corner,
                                const Tensor& destination) {
  const Shape& window = destination.shape();
  windows_.bring(image,
                 {.x = corner.x,
                  .y = corner.y,
                  .width = std::min(window.width, image.width - corner.x),
                  .height = std::min(window.height, image.height - corner.y)},
                 corner,
                 destination);
  fill_by_reflection(destination, corner, image.width, image.height, context_.stream());
}

void CudaBackend::download_window(const Tensor& source,
                                  const ImagePoint& corner,
                                  const ImagePart& part,
                                  const HostImage& image) {
  windows_.take(source, corner, part, image);
}

void CudaBackend::fill_zero(const Tensor& destination) {
  LIMPID_CUDA(cudaMemsetAsync(destination.data(),
                              0,
                              Tensor::size_bytes(destination.shape(), destination.type()),
                              context_.stream()));
}

void CudaBackend::copy(const Tensor& source, const Tensor& destination) {
  require_copyable(source, destination);
  copy_bytes(source.data(),
             destination.data(),
             Tensor::size_bytes(source.shape(), source.type()),
             context_.stream());
}

void CudaBackend::synchronize() {
  windows_.synchronize();
}

std::unique_ptr<Conv2d> CudaBackend::try_make_conv2d(const Conv2dDesc& desc,
                                                     Parameters& parameters) {
  return make_cuda_conv2d(context_, desc, parameters);
}

std::unique_ptr<ConvTranspose2d> CudaBackend::make_conv_transpose2d(const ConvTranspose2dDesc& desc,
                                                                    Parameters& parameters) {
  return std::make_unique<CudaConvTranspose2d>(context_, desc, parameters);
}

std::unique_ptr<Resample> CudaBackend::make_resample(const ResampleDesc& desc) {
  return make_cuda_resample(context_, desc);
}

std::unique_ptr<Loss> CudaBackend::make_loss(const LossDesc& desc) {
  return make_cuda_loss(context_, desc);
}

std::unique_ptr<Adam> CudaBackend::make_adam(const AdamDesc& desc, Parameters& parameters) {
  return make_cuda_adam(context_, desc, parameters);
}

std::unique_ptr<Noise> CudaBackend::make_noise(const NoiseDesc& desc) {
  return make_cuda_noise(context_, desc);
}

std::unique_ptr<Crops> CudaBackend::make_crops(const CropsDesc& desc) {
  return make_cuda_crops(context_, desc);
}

std::unique_ptr<Uploader> CudaBackend::make_uploader() {
  return make_cuda_uploader(gpu_index_);
}

std::unique_ptr<Exposer> CudaBackend::make_exposer() {
  return make_cuda_exposer(gpu_index_);
}

std::unique_ptr<Mark> CudaBackend::make_mark() {
  return make_cuda_mark(windows_);
}

std::unique_ptr<Replay> CudaBackend::record(std::function<void()> step) {
  step();  // makes the plans that are made at first use
  log_phase("first pass of a network queued");
  synchronize();
  log_phase("first pass of a network done");
  context_.plans().save();
  LIMPID_CUDA(cudaStreamBeginCapture(context_.stream(), cudaStreamCaptureModeThreadLocal));
  cudaGraph_t captured = nullptr;
  try {
    step();
  } catch (...) {
    static_cast<void>(cudaStreamEndCapture(context_.stream(), &captured));
    throw;
  }
  LIMPID_CUDA(cudaStreamEndCapture(context_.stream(), &captured));
  const Graph graph(captured);
  cudaGraphExec_t executable = nullptr;
  LIMPID_CUDA(cudaGraphInstantiate(&executable, graph.get(), 0));
  return std::make_unique<GraphReplay>(context_, GraphExec(executable));
}

}  // namespace limpid::cuda
