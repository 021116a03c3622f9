#include "core/backend/cuda/window_copies.h"

#include "core/backend/cuda/context.h"
#include "core/backend/cuda/device_copy.h"

namespace limpid::cuda {
namespace {

std::size_t bytes_of(std::int64_t pixels) {
  return static_cast<std::size_t>(pixels) * sizeof(float);
}

StridedRows rows_of(const HostImage& image, const ImagePart& part) {
  return {image.row(part.y) + part.x, image.width};
}

StridedRows rows_of(const Tensor& window, const ImagePoint& corner, const ImagePart& part) {
  const std::int64_t width = window.shape().width;
  return {window.data_as<float>() + (part.y - corner.y) * width + part.x - corner.x, width};
}

void copy_between(const StridedRows& from,
                  const StridedRows& to,
                  const ImagePart& part,
                  cudaMemcpyKind kind,
                  cudaStream_t stream) {
  LIMPID_CUDA(cudaMemcpy2DAsync(to.pixels,
                                bytes_of(to.stride),
                                from.pixels,
                                bytes_of(from.stride),
                                bytes_of(part.width),
                                static_cast<std::size_t>(part.height),
                                kind,
                                stream));
}

// One stream does not go on before what another has reached now.
void wait_for(cudaStream_t stream, const Event& event, cudaStream_t other) {
  LIMPID_CUDA(cudaEventRecord(event.get(), other));
  LIMPID_CUDA(cudaStreamWaitEvent(stream, event.get()));
}

}  // namespace

WindowCopies::WindowCopies(cudaStream_t work)
    : work_(work),
      arrivals_(make_stream()),
      departures_(make_stream()),
      queued_(make_event(cudaEventDisableTiming)) {
  for (Place* place : {&arriving_, &departing_}) {
    place->is_full = make_event(cudaEventDisableTiming);
    place->is_free = make_event(cudaEventDisableTiming);
  }
}

bool WindowCopies::Place::has_room_for(const ImagePart& part) {
  const std::size_t needed_bytes = bytes_of(part.width * part.height);
  if (memory && memory->size_bytes() >= needed_bytes)
    return true;
  if (refused_bytes > 0 && needed_bytes >= refused_bytes)
    return false;
  memory.reset();  // waits for those who use it
  try {
    memory = allocate_device_memory(needed_bytes);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::device)
      throw;
    refused_bytes = needed_bytes;
    log_debug("images are not copied beside the network: {}", error.what());
  }
  return memory != nullptr;
}

void WindowCopies::bring(const HostImage& image,
                         const ImagePart& part,
                         const ImagePoint& corner,
                         const Tensor& window) {
  const StridedRows to = rows_of(window, corner, part);
  if (!arriving_.has_room_for(part))
    return copy_between(rows_of(image, part), to, part, cudaMemcpyHostToDevice, work_);
  const StridedRows between{arriving_.pixels(), part.width};
  LIMPID_CUDA(cudaStreamWaitEvent(arrivals_.get(), arriving_.is_free.get()));
  copy_between(rows_of(image, part), between, part, cudaMemcpyHostToDevice, arrivals_.get());
  wait_for(work_, arriving_.is_full, arrivals_.get());
  copy_rows(between, to, part.width, part.height, work_);
  LIMPID_CUDA(cudaEventRecord(arriving_.is_free.get(), work_));
}

void WindowCopies::take(const Tensor& window,
                        const ImagePoint& corner,
                        const ImagePart& part,
                        const HostImage& image) {
  const StridedRows from = rows_of(window, corner, part);
  if (!departing_.has_room_for(part))
    return copy_between(from, rows_of(image, part), part, cudaMemcpyDeviceToHost, work_);
  const StridedRows between{departing_.pixels(), part.width};
  LIMPID_CUDA(cudaStreamWaitEvent(work_, departing_.is_free.get()));
  copy_rows(from, between, part.width, part.height, work_);
  wait_for(departures_.get(), departing_.is_full, work_);
  copy_between(between, rows_of(image, part), part, cudaMemcpyDeviceToHost, departures_.get());
  LIMPID_CUDA(cudaEventRecord(departing_.is_free.get(), departures_.get()));
}

// All arrivals are waited for on the stream of the work.
cudaStream_t WindowCopies::behind_all() {
  wait_for(departures_.get(), queued_, work_);
  return departures_.get();
}

void WindowCopies::synchronize() {
  LIMPID_CUDA(cudaStreamSynchronize(work_));
  LIMPID_CUDA(cudaStreamSynchronize(departures_.get()));
}

}  // namespace limpid::cuda
