#!/usr/bin/env python3
"""Compares the predictions, gradients and Adam steps of a backend with PyTorch on the CPU in float32.

  compare_with_pytorch.py --probe build/tests/pytorch/network_probe --network classic --device cuda --precision bfloat16

Measure: ||ours - PyTorch's|| / ||PyTorch's|| (L2) for each tensor. Elements cannot be compared one by one: where a
sum nearly cancels, rounding alone decides what is left.

Input: the gradient of a ReLU or a maximum jumps at its edge, so that one unit of millions on another side of it
changes the gradients of all layers before it by 1e-4 to 1e-3, in PyTorch as here. In float32 the biases are therefore
moved, each by less than the spread of its channel, until no unit is so close to its edge that rounding decides. In
bfloat16 some units in a thousand are; each pixel adds an independent error, which averages out as in training, so
the images have to be as large as in training. The target lies above the predictions, so that the gradient of the loss
has mostly one sign: with signs at random the weight gradients would nearly cancel over the pixels.

Adam: its first steps have the size of the learning rate whatever the size of the gradient, so an element whose
gradient is rounding error moves as far as all others. The learning rate lets 20 steps change the weights by about
1e-2; the tolerance of 1e-3 is a tenth of this change. In bfloat16 it holds for all parameters together, and the last
loss is not compared: the network computes with weights rounded to bfloat16, which these small steps move late.
PyTorch's own autocast to bfloat16 differs from float32 as much in each of these numbers.

Exit status 77, after "SKIPPED: reason", when PyTorch or the
processor is missing.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

STATUS_SKIPPED = 77
# As promised in the documentation: largest relative differences.
TOLERANCE = {"float32": 1e-4, "bfloat16": 2e-2}
TOLERANCE_AFTER_ADAM = 1e-3
# Of the sum of all Adam steps: a stricter look at the same numbers, for float32 alone.
TOLERANCE_OF_UPDATE = 1e-2
# Units closer to their edge than this, relative to all units of their layer, could be rounded to the other side.
EDGE = 2e-5
POOL_EDGE = 5e-6

try:
    import numpy as np
    import torch
except ImportError as error:
    print(f"SKIPPED: {error}")
    sys.exit(STATUS_SKIPPED)

from tensor_file import read_tensors, write_tensors
from torch_unet import UNet


def as_bfloat16(values):
    """Values that bfloat16 can hold, so that both sides start from the same numbers."""
    return torch.from_numpy(np.asarray(values)).to(torch.bfloat16).float().numpy()


def make_input(batch, height, width, seed):
    """Smooth structure with noise, as micrographs have it, and a target above it."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    clean = np.stack([np.sin(x / (4 + n)) + np.cos(y / (6 + n)) for n in range(batch)])[:, None]
    image = clean + 2 + 0.5 * random.standard_normal(clean.shape)
    target = clean + 3 + 0.3 * random.standard_normal(clean.shape)
    return {"image": as_bfloat16(image), "target": as_bfloat16(target)}


def move_units_off_edges(network, image):
    """Shifts biases of `network` (float64) until all pre-activations of `image` are clear of zero. Returns whether
    the maxima of all pools are clear, too."""
    pools_are_clear = True

    def shift_bias(module, _, output):
        edge = EDGE * output.square().mean().sqrt()
        shifts = torch.zeros_like(module.bias)
        for channel in (output.abs().amin((0, 2, 3)) < edge).nonzero().flatten().tolist():
            bias, values = module.bias[channel].item(), output[:, channel]
            for step in range(1, 200):
                shift = as_bfloat16(bias + 0.003 * step * (-1) ** step).item() - bias
                if (values + shift).abs().amin() >= edge:
                    break
            shifts[channel] = shift
        module.bias.data += shifts
        return output + shifts[:, None, None]

    def check_pool(module, _, output):
        nonlocal pools_are_clear
        n, c, h, w = output.shape
        windows = output.view(n, c, h // 2, 2, w // 2, 2).transpose(3, 4).reshape(-1, 4)
        largest = windows.topk(2).values
        on_edge = (largest[:, 0] - largest[:, 1] < POOL_EDGE * output.square().mean().sqrt()) & (largest[:, 0] > 0)
        pools_are_clear &= not on_edge.any()

    handles = [module.register_forward_hook(shift_bias) for name, module in network.named_modules() if ".conv" in name]
    handles += [getattr(network, f"enc{level}").conv1.register_forward_hook(check_pool)
                for level in range(network.levels - 1)]
    with torch.no_grad():
        network(image)
    for handle in handles:
        handle.remove()
    return pools_are_clear


def choose_input(model_path, size, moves_off_edges):
    """Returns image and target; changes the biases of the model file."""
    parameters, metadata = read_tensors(model_path)
    description = json.loads(metadata["limpid.network"])
    grid = description["unshuffle"] << (len(description["channels"]) - 1)
    if size[1] % grid or size[2] % grid:
        sys.exit(f"--size: height and width must be multiples of {grid} for this network")
    for seed in range(100):
        tensors = make_input(*size, seed)
        if not moves_off_edges:
            return tensors
        network = UNet(description)
        network.load_state_dict({name: torch.from_numpy(value) for name, value in parameters.items()})
        if move_units_off_edges(network.double(), torch.from_numpy(tensors["image"]).double()):
            write_tensors(model_path, {n: p.detach().float().numpy() for n, p in network.named_parameters()}, metadata)
            return tensors
    raise RuntimeError("no input keeps all maxima off their edges; smaller images would")


def run_probe(arguments):
    result = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode:
        print(result.stdout, end="")
        sys.exit(result.returncode)


def run_pytorch(model_path, tensors, adam_steps, learning_rate):
    """The same keys as the probe's output."""
    parameters, metadata = read_tensors(model_path)
    network = UNet(json.loads(metadata["limpid.network"]))
    network.load_state_dict({name: torch.from_numpy(value) for name, value in parameters.items()})
    image, target = torch.from_numpy(tensors["image"]), torch.from_numpy(tensors["target"])
    adam = torch.optim.Adam(network.parameters(), lr=learning_rate)

    def evaluate():
        adam.zero_grad()
        prediction = network(image)
        loss = torch.nn.functional.mse_loss(prediction, target)
        loss.backward()
        return prediction, loss

    prediction, loss = evaluate()
    values = {"prediction": prediction, "inference_prediction": prediction, "loss": loss[None]}
    values.update({f"gradient.{n}": p.grad.clone() for n, p in network.named_parameters()})
    for _ in range(adam_steps):
        _, loss = evaluate()
        adam.step()
    values["last_loss"] = loss[None]
    values.update({f"parameter.{n}": p for n, p in network.named_parameters()})
    return {name: value.detach().numpy() for name, value in values.items()}


def relative_difference(found, expected):
    found, expected = found.astype(np.float64), expected.astype(np.float64)
    if found.shape != expected.shape:
        return float("inf")
    return np.linalg.norm(found - expected) / max(np.linalg.norm(expected), 1e-30)


def parameters_together(values):
    return np.concatenate([value.ravel() for name, value in sorted(values.items()) if name.startswith("parameter.")])


def compare(found, expected, start, precision):
    """Prints the worst tensor of each kind; returns whether all are within tolerance."""
    missing = sorted(set(expected) ^ set(found))
    if missing:
        print(f"FAILED: on one side only: {', '.join(missing)}")
        return False
    for values in (found, expected):
        together = parameters_together(values)
        if precision == "float32":
            values["update"] = together - parameters_together(start)
        else:
            values["parameter"] = together
            del values["last_loss"]
            for name in start:
                del values[name]
    limits = {"parameter": TOLERANCE_AFTER_ADAM, "update": TOLERANCE_OF_UPDATE}
    worst = {}
    for name in expected:
        kind = name.split(".")[0]
        difference = relative_difference(found[name], expected[name])
        if not difference <= worst.get(kind, (-1, ""))[0]:  # also when it is not a number
            worst[kind] = (difference, name)
    all_within = True
    for kind, (difference, name) in worst.items():
        limit = limits.get(kind, TOLERANCE[precision])
        within = difference <= limit
        all_within &= within
        print(f"{kind:<21} {difference:9.2e}  limit {limit:.0e}  {'ok' if within else 'FAILED'}  {name}")
    return all_within


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--probe", required=True, help="the program network_probe")
    parser.add_argument("--network", default="classic", help="classic or default, with start values")
    parser.add_argument("--model", help="a model file instead of --network")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--precision", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--adam_steps", type=int, default=20)
    parser.add_argument("--learning_rate", type=float, default=1e-5)
    parser.add_argument("--size", type=int, nargs=3, default=[2, 64, 96], metavar=("BATCH", "HEIGHT", "WIDTH"))
    options = parser.parse_args()

    run_probe([options.probe, "check", "--device", options.device, "--precision", options.precision])
    with tempfile.TemporaryDirectory(prefix="limpid_pytorch_") as folder:
        model, source, result = (os.path.join(folder, f"{n}.safetensors") for n in ("model", "input", "output"))
        if options.model:
            model, tensors = options.model, make_input(*options.size, 0)
        else:
            run_probe([options.probe, "init", "--network", options.network, "--model", model])
            tensors = choose_input(model, options.size, options.precision == "float32")
        write_tensors(source, tensors)
        run_probe([options.probe, "run", "--model", model, "--input", source, "--out", result,
                   "--device", options.device, "--precision", options.precision,
                   "--adam_steps", str(options.adam_steps), "--learning_rate", str(options.learning_rate)])
        found, _ = read_tensors(result)
        start = {f"parameter.{name}": value for name, value in read_tensors(model)[0].items()}
        expected = run_pytorch(model, tensors, options.adam_steps, options.learning_rate)
    print(f"PyTorch {torch.__version__}, {options.model or options.network}, {options.device} {options.precision}, "
          f"batch x height x width {'x'.join(map(str, options.size))}, {options.adam_steps} steps of Adam")
    return 0 if compare(found, expected, start, options.precision) else 1


if __name__ == "__main__":
    sys.exit(main())
