#pragma once

#include "core/base/host_device.h"
#include "core/noise/poisson_gaussian.h"
#include "core/tensor/tensor.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

// Descriptions and interfaces of the operations a network is made of. An operation is made once for
// fixed shapes and run many times; making it may search for the fastest algorithm, running it
// allocates nothing and does not wait.
//
// Gradients. A gradient tensor holds d(loss)/d(value before its activation): whichever operation
// writes the last contribution to it multiplies by the derivative of the activation that made the
// value. So a convolution receives its output gradient ready for use, and `input_activation` in its
// description tells it what to multiply by.
namespace limpid {

enum class Activation : std::uint8_t {
  none,
  relu,       // max(x, 0)
  leaky_relu  // x for x > 0, leaky_relu_slope * x otherwise
};

inline constexpr float leaky_relu_slope = 0.1f;

// y = activation(conv(concat(input, second), weight) + bias), stride 1, zero padding that keeps the
// size. As in the field this is a cross-correlation: y[o, h, w] = sum weight[o, i, r, s] * x[i, h +
// r - k/2, w + s - k/2].
struct Conv2dDesc {
  Shape input;                       // of the first input
  std::int64_t second_channels = 0;  // of a second input of the same size, behind the first
  std::int64_t output_channels = 1;
  std::int64_t kernel_size = 3;  // odd
  Activation activation = Activation::none;
  bool pool_output = false;                  // also write the 2x2 maximum of the output
  DataType input_type = DataType::float32;   // the image may be float32 in a bfloat16 network,
  DataType output_type = DataType::float32;  // and so may the prediction
  bool needs_input_gradient = true;
  Activation input_activation = Activation::none;  // that made the first input
  // That made the second input. Only skip_backward() multiplies by its derivative.
  Activation second_activation = Activation::none;
  std::size_t weight = 0;  // index in the Parameters; shape (output, input + second, k, k)
  std::size_t bias = 0;    // shape (output)

  Shape output() const { return {input.batch, input.height, input.width, output_channels}; }
  Shape pooled() const { return {input.batch, input.height / 2, input.width / 2, output_channels}; }
};

// What an operation runs, for people: an engine of a library, a kernel. Empty before its first use.
struct Implementations {
  std::string forward{};
  std::string data_gradient{};
  std::string weight_gradient{};
};

class Conv2d {
 public:
  virtual ~Conv2d() = default;
  struct Forward {
    Tensor input;
    Tensor second;  // empty without second_channels
    Tensor output;
    Tensor pooled;    // empty without pool_output
    Tensor record{};  // dense memory of record_bytes(); empty: nothing is kept, as in inference
  };
  struct Backward {
    Tensor output_gradient;  // with pooled_gradient: of the other readers, changed in place
    Tensor pooled_gradient;  // empty without pool_output, or after skip_backward() has added it
    Tensor input_gradient;   // overwritten; empty without needs_input_gradient
    Tensor second_gradient;  // overwritten
  };
  virtual void forward(const Forward& values) = 0;
  // Needs the values of the forward pass. Overwrites the gradients of weight and bias. Without
  // input_gradient, second_gradient and pooled_gradient only those are computed, from the output
  // gradient as it is.
  virtual void backward(const Forward& values, const Backward& gradients) = 0;
  // The gradient of a second input that is pooled, too (a skip connection), in one go: what arrives
  // there through this convolution and through the maximum, times the derivative. If joins_skip(),
  // backward() may be called without second_gradient, and this when the pooled gradient is known.
  struct SkipBackward {
    Tensor output_gradient;  // of this convolution, as for backward()
    Tensor pooled_gradient;
    Tensor pool_record;      // of the convolution that made and pooled the second input
    Tensor second_gradient;  // overwritten
  };
  virtual bool joins_skip() const { return false; }
  virtual void skip_backward(const Forward&, const SkipBackward&) {
    require(false, "a convolution that does not join gradients");
  }
  // Memory in which forward() can keep what backward() needs to know of activations and maxima, so
  // that it need not read the values again. 0: it keeps nothing.
  virtual std::size_t record_bytes() const { return 0; }
  virtual Implementations implementations() const { return {}; }
};

// Learned x2 upsampling: y[2h + r, 2w + s, o] = sum_i x[h, w, i] * weight[i, o, r, s] + bias[o],
// 2x2 taps, stride 2.
struct ConvTranspose2dDesc {
  Shape input;
  std::int64_t output_channels = 1;
  DataType type = DataType::float32;
  Activation input_activation = Activation::none;
  std::size_t weight = 0;  // shape (input, output, 2, 2)
  std::size_t bias = 0;    // shape (output)

  Shape output() const { return {input.batch, 2 * input.height, 2 * input.width, output_channels}; }
};

class ConvTranspose2d {
 public:
  virtual ~ConvTranspose2d() = default;
  virtual void forward(const Tensor& input, const Tensor& output) = 0;
  // Without `input_gradient` only the gradients of weight and bias are computed.
  virtual void backward(const Tensor& input,
                        const Tensor& output_gradient,
                        const Tensor& input_gradient) = 0;
  virtual Implementations implementations() const { return {}; }
};

enum class ResampleKind : std::uint8_t {
  max_pool,          // 2x2 maximum, stride 2; the first of equal values wins, rows before columns;
                     // an odd last row or column is left out, and then there is no gradient
  upsample_nearest,  // every pixel becomes 2x2
  space_to_depth,    // 2x2 pixels of an even size become 4 channels: channel 4c + 2r + s (PyTorch's
                     // pixel_unshuffle)
  depth_to_space     // the inverse (pixel_shuffle)
};

struct ResampleDesc {
  ResampleKind kind = ResampleKind::max_pool;
  Shape input;
  DataType input_type = DataType::float32;
  DataType output_type = DataType::float32;  // differs from input_type for space_to_depth only
  Activation input_activation = Activation::none;
  bool accumulate = false;  // max_pool: backward adds to input_gradient, then multiplies the sum
  // upsample_nearest: one row or column more, so that the output has the odd size that a pool has
  // halved. All but the first move by one, as when PyTorch interpolates to that size: output row y
  // is input row (y - 1) / 2. Odd sizes are for batches of one image, and forward() only.
  bool odd_height = false;
  bool odd_width = false;

  bool is_odd() const { return odd_height || odd_width; }
  Shape output() const;
};

ResampleDesc pool_of(const Conv2dDesc& desc);  // the maximum behind one with pool_output

// The input row (or column) that upsample_nearest copies to row `at` of its output.
LIMPID_HOST_DEVICE inline std::int64_t nearest_source(std::int64_t at, bool odd) {
  return odd && at > 0 ? (at - 1) / 2 : at / 2;
}

class Resample {
 public:
  virtual ~Resample() = default;
  virtual void forward(const Tensor& input, const Tensor& output) = 0;
  virtual void backward(const Tensor& input,
                        const Tensor& output_gradient,
                        const Tensor& input_gradient) = 0;
};

// Weighted mean squared error: loss = mean over all pixels of weight * (prediction - target)^2.
struct LossDesc {
  Shape prediction;  // float32
};

class Loss {
 public:
  virtual ~Loss() = default;
  // `weight` has one float32 per image of the batch or one per pixel; empty counts all as 1.
  // Writes d(loss)/d(prediction).
  virtual void evaluate(const Tensor& prediction,
                        const Tensor& target,
                        const Tensor& weight,
                        const Tensor& gradient) = 0;
  // The last value. Waits for the device.
  virtual double value() = 0;
};

// Adam (Kingma & Ba 2015) on the whole parameter block, with optional clipping of the global
// gradient norm and an exponential moving average of the weights.
struct AdamDesc {
  float beta1 = 0.9f;
  float beta2 = 0.999f;
  float epsilon = 1e-8f;
  float max_gradient_norm = 0.0f;  // 0 = no clipping
  bool keeps_average = false;
};

// What changes from step to step.
struct AdamStep {
  std::int64_t number = 1;  // counts from 1
  float learning_rate = 1e-3f;
  float average_decay = 0.0f;  // average = decay * average + (1 - decay) * value
};

class Adam {
 public:
  virtual ~Adam() = default;
  // Sets the numbers of the next step. Not part of what record() captures.
  virtual void prepare_step(const AdamStep& step) = 0;
  // Updates the parameters from their gradients.
  virtual void step() = 0;
  // State for checkpoints: flat float32 tensors laid out as the parameter block.
  virtual Tensor first_moment() = 0;
  virtual Tensor second_moment() = 0;
  virtual Tensor average() = 0;  // empty without keeps_average
};

// Poisson + Gaussian noise of core/noise/poisson_gaussian.h on a batch of float32 images.
struct NoiseDesc {
  Shape images;
  float electrons_per_unit =
      0.0f;            // expected electrons for a pixel of value 1; 0 = no Poisson noise
  float sigma = 0.0f;  // of the Gaussian part, in units of the image
};

class Noise {
 public:
  virtual ~Noise() = default;
  // Pixel i of image n depends on (seed, stream + n, i) and its clean value alone, with equal bits
  // on every backend.
  virtual void apply(const Tensor& clean,
                     const Tensor& noisy,
                     std::uint64_t seed,
                     std::uint64_t stream) = 0;
};

// One crop of a training batch: a square of two images, turned alike.
struct Crop {
  Tensor input;   // the whole image: (1, height, width, 1), float32, dense
  Tensor target;  // of the same size; may be the same image
  std::int64_t x = 0;
  std::int64_t y = 0;
  int orientation = 0;       // as for walk_patch()
  float loss_weight = 1.0f;  // of this crop's squared error
  // Drawn for the input from (seed, noise_stream, pixel of the crop); then both are normalized to
  // (value - mean) / sigma. Without noise values stay as they are.
  NoiseModel noise = {};
  std::uint64_t noise_stream = 0;
  float mean = 0.0f;
  float sigma = 1.0f;

  bool has_noise() const { return noise.electrons_per_unit > 0.0f || noise.sigma > 0.0f; }
};

struct CropsDesc {
  std::int64_t batch_size = 1;
  std::int64_t size_px = 1;

  Shape images() const { return {batch_size, size_px, size_px, 1}; }
};

// Cuts a batch out of images that lie in the backend's memory, with equal bits on every backend.
class Crops {
 public:
  virtual ~Crops() = default;
  // Overwrites `input` and `target`, float32 of the shape images(), and `loss_weight`, one float32
  // a crop. The images must stay as they are until the work has run; the descriptions need not.
  virtual void make(std::span<const Crop> crops,
                    std::uint64_t seed,
                    const Tensor& input,
                    const Tensor& target,
                    const Tensor& loss_weight) = 0;
};

// Copies values into the backend's memory beside its queue: on a GPU through page-locked memory and
// a stream of its own, so that queued work goes on meanwhile. For one thread at a time, which need
// not be the one that uses the backend.
class Uploader {
 public:
  virtual ~Uploader() = default;
  // Memory of the host that it takes.
  static constexpr std::size_t staging_bytes = std::size_t{32} << 20;
  // Waits until the values are in the dense float32 tensor, which no queued work may use.
  virtual void upload(std::span<const float> values, const Tensor& destination) = 0;
};

// A place in the queue of a backend, to be set again and again.
class Mark {
 public:
  virtual ~Mark() = default;
  virtual void set() = 0;   // behind all that is queued so far
  virtual void wait() = 0;  // until that has run, in any thread; returns at once if never set
  // On the clock of the device, from a mark that was set earlier; both have been waited for.
  virtual double seconds_since(const Mark& earlier) const = 0;
};

// A recorded sequence of operations that can be run again with the same tensors.
class Replay {
 public:
  virtual ~Replay() = default;
  virtual void run() = 0;
};

}  // namespace limpid
