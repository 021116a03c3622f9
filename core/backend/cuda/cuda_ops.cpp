#include "core/backend/cuda/cuda_ops.h"

#include "core/backend/crop_pixel.h"
#include "core/backend/cuda/kernels.h"

#include <cmath>

namespace limpid::cuda {
namespace {

class CudaResample : public Resample {
 public:
  CudaResample(Context& context, const ResampleDesc& desc) : context_(context), desc_(desc) {
    const bool changes_channels =
        desc.kind == ResampleKind::space_to_depth || desc.kind == ResampleKind::depth_to_space;
    require(
        !changes_channels || (desc.kind == ResampleKind::space_to_depth ? desc.input.channels == 1
                                                                        : desc.input.channels == 4),
        "resampling {} channels of an image",
        desc.input.channels);
  }

  void forward(const Tensor& input, const Tensor& output) override {
    switch (desc_.kind) {
      case ResampleKind::max_pool:
        return max_pool(input, output, context_.stream());
      case ResampleKind::upsample_nearest:
        if (desc_.is_odd())
          return upsample_nearest_odd(input, output, desc_, context_.stream());
        return upsample_nearest(input, output, context_.stream());
      case ResampleKind::space_to_depth:
        return space_to_depth(input, output, context_.stream());
      case ResampleKind::depth_to_space:
        return depth_to_space(input, output, context_.stream());
    }
  }

  void backward(const Tensor& input,
                const Tensor& output_gradient,
                const Tensor& input_gradient) override {
    require(!desc_.is_odd(), "no gradient for an upsampling to odd sizes");
    switch (desc_.kind) {
      case ResampleKind::max_pool:
        return max_pool_backward(input, output_gradient, input_gradient, desc_, context_.stream());
      case ResampleKind::upsample_nearest:
        return upsample_nearest_backward(
            input, output_gradient, input_gradient, desc_.input_activation, context_.stream());
      case ResampleKind::space_to_depth:
        fail(ErrorKind::internal, "an image needs no gradient");
      case ResampleKind::depth_to_space:
        return depth_to_space_backward(output_gradient, input_gradient, context_.stream());
    }
  }

 private:
  Context& context_;
  ResampleDesc desc_;
};

class CudaLoss : public Loss {
 public:
  explicit CudaLoss(Context& context)
      : context_(context),
        value_(allocate_device_memory(sizeof(double))),
        partial_(allocate_device_memory(loss_workspace())) {}

  void evaluate(const Tensor& prediction,
                const Tensor& target,
                const Tensor& weight,
                const Tensor& gradient) override {
    mean_squared_error(prediction,
                       target,
                       weight,
                       gradient,
                       reinterpret_cast<double*>(value_->data()),
                       partial_->data(),
                       context_.stream());
  }

  double value() override {
    double value = 0;
    LIMPID_CUDA(cudaMemcpyAsync(
        &value, value_->data(), sizeof(value), cudaMemcpyDeviceToHost, context_.stream()));
    LIMPID_CUDA(cudaStreamSynchronize(context_.stream()));
    return value;
  }

 private:
  Context& context_;
  std::shared_ptr<Storage> value_;
  std::shared_ptr<Storage> partial_;
};

class CudaAdam : public Adam {
 public:
  CudaAdam(Context& context, const AdamDesc& desc, Parameters& parameters)
      : context_(context),
        desc_(desc),
        parameters_(parameters),
        scalars_(allocate_device_memory(sizeof(AdamScalars))),
        workspace_(allocate_device_memory(adam_workspace())) {
    first_moment_ = zeros();
    second_moment_ = zeros();
    if (desc.keeps_average) {
      average_ = zeros();
      LIMPID_CUDA(cudaMemcpyAsync(average_.data(),
                                  parameters.value().data(),
                                  Tensor::size_bytes(average_.shape(), DataType::float32),
                                  cudaMemcpyDeviceToDevice,
                                  context.stream()));
    }
  }

  void prepare_step(const AdamStep& step) override {
    const auto number = static_cast<double>(step.number);
    const double b1 = 1.0 - std::pow(static_cast<double>(desc_.beta1), number);
    const double b2 = 1.0 - std::pow(static_cast<double>(desc_.beta2), number);
    set_adam_scalars(scalars(),
                     {.step_size = static_cast<float>(static_cast<double>(step.learning_rate) / b1),
                      .second_correction = static_cast<float>(std::sqrt(b2)),
                      .gradient_scale = 1.0f,
                      .average_decay = step.average_decay},
                     context_.stream());
  }

  void step() override {
    const bool has_copy = parameters_.working_copy().data() != parameters_.value().data();
    const AdamBlock block{.value = parameters_.value().data_as<float>(),
                          .working_copy = has_copy ? parameters_.working_copy().data() : nullptr,
                          .gradient = parameters_.gradient().data(),
                          .gradient_type = parameters_.gradient().type(),
                          .first_moment = first_moment_.data_as<float>(),
                          .second_moment = second_moment_.data_as<float>(),
                          .average = average_.empty() ? nullptr : average_.data_as<float>(),
                          .count = parameters_.flat_size()};
    adam_update(block, desc_, scalars(), workspace_->data(), context_.stream());
    parameters_.mark_changed();
  }

  Tensor first_moment() override { return first_moment_; }
  Tensor second_moment() override { return second_moment_; }
  Tensor average() override { return average_; }

 private:
  AdamScalars* scalars() const { return reinterpret_cast<AdamScalars*>(scalars_->data()); }
  Tensor zeros() const {
    const Shape flat{1, 1, 1, parameters_.flat_size()};
    const std::size_t bytes = Tensor::size_bytes(flat, DataType::float32);
    Tensor tensor(flat, DataType::float32, allocate_device_memory(bytes));
    LIMPID_CUDA(cudaMemsetAsync(tensor.data(), 0, bytes, context_.stream()));
    return tensor;
  }

  Context& context_;
  AdamDesc desc_;
  Parameters& parameters_;
  std::shared_ptr<Storage> scalars_;
  std::shared_ptr<Storage> workspace_;
  Tensor first_moment_;
  Tensor second_moment_;
  Tensor average_;
};

class CudaNoise : public Noise {
 public:
  CudaNoise(Context& context, const NoiseDesc& desc) : context_(context), desc_(desc) {}
  void apply(const Tensor& clean,
             const Tensor& noisy,
             std::uint64_t seed,
             std::uint64_t stream) override {
    add_noise(clean, noisy, desc_, seed, stream, context_.stream());
  }

 private:
  Context& context_;
  NoiseDesc desc_;
};

class CudaCrops : public Crops {
 public:
  CudaCrops(Context& context, const CropsDesc& desc) : context_(context), desc_(desc) {}
  void make(std::span<const Crop> crops,
            std::uint64_t seed,
            const Tensor& input,
            const Tensor& target,
            const Tensor& loss_weight) override {
    require_fitting(crops, desc_);
    make_crops(crops, desc_.size_px, seed, input, target, loss_weight, context_.stream());
  }

 private:
  Context& context_;
  CropsDesc desc_;
};

}  // namespace

std::unique_ptr<Resample> make_cuda_resample(Context& context, const ResampleDesc& desc) {
  return std::make_unique<CudaResample>(context, desc);
}

std::unique_ptr<Loss> make_cuda_loss(Context& context, const LossDesc&) {
  return std::make_unique<CudaLoss>(context);
}

std::unique_ptr<Adam> make_cuda_adam(Context& context,
                                     const AdamDesc& desc,
                                     Parameters& parameters) {
  return std::make_unique<CudaAdam>(context, desc, parameters);
}

std::unique_ptr<Noise> make_cuda_noise(Context& context, const NoiseDesc& desc) {
  return std::make_unique<CudaNoise>(context, desc);
}

std::unique_ptr<Crops> make_cuda_crops(Context& context, const CropsDesc& desc) {
  return std::make_unique<CudaCrops>(context, desc);
}

}  // namespace limpid::cuda
