#!/usr/bin/env python3
"""Compares a whole training with PyTorch's in float32: the loss of every step, and what the trained networks do.

  compare_training.py --probe build/tests/pytorch/network_probe --network classic --device cuda --precision bfloat16

Both sides begin with the same weights and see the same images in the same order: smooth structure with noise as the
input, the same structure with other noise as the target, as in training on halves. The loss of a step is noisy and two
trainings drift apart by rounding alone, so losses are compared as means over a window of steps, and the learning rate
falls to zero, as every training's does, so that the last step does not decide. The trained networks denoise images that
neither has seen; their PSNR is measured against the structure without noise. That of one training is as uncertain as
rounding makes it, so each side trains a few times, from weights that differ by a millionth, and their means count. The
trained networks of both sides denoise in float32, so that the weights are compared; what ours do in --precision, which
rounds once more, is printed beside it.

Exit status 77, after "SKIPPED: reason", when PyTorch or the processor is missing.
"""
import argparse
import json
import os
import sys
import tempfile

from compare_with_pytorch import run_probe, STATUS_SKIPPED

try:
    import numpy as np
    import torch
except ImportError as error:
    print(f"SKIPPED: {error}")
    sys.exit(STATUS_SKIPPED)

from tensor_file import read_tensors, write_tensors
from torch_unet import UNet

# As promised in the documentation.
LARGEST_LOSS_DIFFERENCE = 0.01  # relative, of the means over a window
LARGEST_PSNR_DIFFERENCE_DB = 0.02  # of the means over the trainings of each side


def structure(random, size):
    """Discs of many sizes with soft edges, as particles have them."""
    image = np.zeros((size, size), np.float32)
    for _ in range(1 + size * size // 1500):
        centre, radius, contrast = random.uniform(0, size, 2), random.uniform(4, 14), random.uniform(0.3, 1.0)
        reach = radius + 12  # beyond, the edge is below a thousandth
        (y0, x0), (y1, x1) = np.maximum(centre - reach, 0).astype(int), np.minimum(centre + reach, size).astype(int)
        y, x = np.mgrid[y0:y1, x0:x1]
        distance = np.hypot(y - centre[0], x - centre[1])
        image[y0:y1, x0:x1] -= contrast / (1 + np.exp((distance - radius) / 1.5))
    return image


def make_images(count, size, noise, seed):
    """`count` windows of larger structures, without noise and twice with it."""
    random = np.random.default_rng(seed)
    larger = [structure(random, 2 * size) for _ in range((count + 31) // 32)]
    corners = random.integers(0, size, (count, 2))
    clean = np.stack([larger[i % len(larger)][y:y + size, x:x + size] for i, (y, x) in enumerate(corners)])[:, None]
    return clean, [clean + noise * random.standard_normal(clean.shape, np.float32) for _ in range(2)]


def start_weights(parameters, seed, change):
    """Seed 0 is the weights as they are, others move them by this part of their size."""
    random = np.random.default_rng(seed)
    return parameters if seed == 0 else {
        name: value * (1 + change * random.standard_normal(value.shape, np.float32)) for name, value in parameters.items()}


def train_ours(parameters, metadata, source, goal, options):
    """Losses of one training by the probe, from files of images and of their targets, and the trained network's
    prediction in float32 and in the precision of the training."""
    with tempfile.TemporaryDirectory(prefix="limpid_pytorch_") as folder:
        model, result = os.path.join(folder, "model.safetensors"), os.path.join(folder, "output.safetensors")
        write_tensors(model, parameters, metadata)
        run_probe([options.probe, "train", "--model", model, "--input", source, "--target", goal, "--out", result,
                   "--device", options.device, "--precision", options.precision, "--batch", str(options.batch),
                   "--adam_steps", str(options.steps), "--learning_rate", str(options.learning_rate)])
        found, _ = read_tensors(result)
    return found["losses"], found["validation_prediction_float32"], found["validation_prediction"]


def train_pytorch(parameters, metadata, tensors, options):
    device = "cuda" if options.device == "cuda" and torch.cuda.is_available() else "cpu"
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    network = UNet(json.loads(metadata["limpid.network"]))
    network.load_state_dict({name: torch.from_numpy(value) for name, value in parameters.items()})
    network.to(device)
    images, targets, validation = (torch.from_numpy(tensors[n]).to(device) for n in ("image", "target", "validation"))
    adam = torch.optim.Adam(network.parameters(), lr=options.learning_rate)
    losses = []
    for step in range(options.steps):
        first = step * options.batch % len(images)
        adam.param_groups[0]["lr"] = options.learning_rate * (options.steps - step) / options.steps
        adam.zero_grad()
        loss = torch.nn.functional.mse_loss(network(images[first:first + options.batch]),
                                            targets[first:first + options.batch])
        loss.backward()
        adam.step()
        losses.append(loss.detach())
    with torch.no_grad():
        prediction = torch.cat([network(validation[i:i + 1]) for i in range(len(validation))])
    return torch.stack(losses).cpu().numpy(), prediction.cpu().numpy()


def psnr_db(image, truth):
    return 10 * np.log10((truth.max() - truth.min()) ** 2 / np.mean((image - truth) ** 2, dtype=np.float64))


def window_means(losses, window):
    return losses[:len(losses) // window * window].reshape(-1, window).mean(axis=1, dtype=np.float64)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--probe", required=True, help="the program network_probe")
    parser.add_argument("--network", default="classic", help="classic or default, with start values")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--precision", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--window", type=int, default=25, help="steps whose losses are averaged")
    parser.add_argument("--learning_rate", type=float, default=1e-3)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--images", type=int, default=4000,
                        help="a multiple of the batch; by default each is seen once, so that none can be learnt by heart")
    parser.add_argument("--size", type=int, default=256, help="height and width")
    parser.add_argument("--repeats", type=int, default=3, help="trainings of each side")
    parser.add_argument("--start_change", type=float, default=1e-6, help="by what part of their size start weights differ")
    parser.add_argument("--noise", type=float, default=1.0, help="its standard deviation; the structure's is about 0.5")
    options = parser.parse_args()

    run_probe([options.probe, "check", "--device", options.device, "--precision", options.precision])
    _, (image, target) = make_images(options.images, options.size, options.noise, 1)
    truth, (validation, _) = make_images(16, options.size, options.noise, 2)
    tensors = {"image": image, "target": target, "validation": validation}
    with tempfile.TemporaryDirectory(prefix="limpid_pytorch_") as folder:
        model, source, goal = (os.path.join(folder, f"{name}.safetensors") for name in ("model", "input", "target"))
        run_probe([options.probe, "init", "--network", options.network, "--model", model])
        write_tensors(source, {"image": image, "validation": validation})
        write_tensors(goal, {"target": target})
        parameters, metadata = read_tensors(model)
        starts = [start_weights(parameters, seed, options.start_change) for seed in range(options.repeats)]
        ours = [train_ours(start, metadata, source, goal, options) for start in starts]
    theirs = [train_pytorch(start, metadata, tensors, options) for start in starts]

    expected = window_means(np.mean([losses for losses, _ in theirs], axis=0), options.window)
    found = np.stack([window_means(losses, options.window) for losses, _, _ in ours])
    difference = np.max(np.abs(found - expected) / expected)
    ours_db, theirs_db = ([psnr_db(prediction[1], truth) for prediction in side] for side in (ours, theirs))
    rounded_db = [psnr_db(prediction[2], truth) for prediction in ours]
    difference_db = np.mean(ours_db) - np.mean(theirs_db)
    is_within = [difference <= LARGEST_LOSS_DIFFERENCE, abs(difference_db) <= LARGEST_PSNR_DIFFERENCE_DB]
    print(f"PyTorch {torch.__version__} in float32 beside {options.network}, {options.device} {options.precision}, batch "
          f"{options.batch} of {options.size}x{options.size}, {options.steps} steps, losses in windows of {options.window}")
    print(f"loss {found[0, 0]:.4f} to {found[0, -1]:.4f}, PyTorch's {expected[0]:.4f} to {expected[-1]:.4f}; largest difference "
          f"{100 * difference:.3f} %  limit {100 * LARGEST_LOSS_DIFFERENCE:.0f} %  {'ok' if is_within[0] else 'FAILED'}")
    print(f"PSNR {', '.join(f'{x:.3f}' for x in sorted(ours_db))} dB, PyTorch's "
          f"{', '.join(f'{x:.3f}' for x in sorted(theirs_db))} dB, noisy {psnr_db(validation, truth):.3f} dB; difference of the "
          f"means {difference_db:+.3f} dB  limit {LARGEST_PSNR_DIFFERENCE_DB} dB  {'ok' if is_within[1] else 'FAILED'}")
    if options.precision != "float32":
        print(f"PSNR {', '.join(f'{x:.3f}' for x in sorted(rounded_db))} dB when ours denoise in {options.precision}, "
              f"{np.mean(rounded_db) - np.mean(ours_db):+.3f} dB")
    return 0 if all(is_within) else 1


if __name__ == "__main__":
    sys.exit(main())
