#!/usr/bin/env python3
"""Compares the predictions, gradients and Adam steps of a backend with PyTorch on the CPU in float32.

  compare_with_pytorch.py --probe build/tests/pytorch/network_probe --network classic --device cuda --precision bfloat16

Measure: ||ours - PyTorch's|| / ||PyTorch's|| (L2) for each tensor. Single elements cannot be compared: where a sum
nearly cancels, or a unit or a maximum is on its edge, rounding alone decides, and Adam's first steps have the size of
the learning rate whatever the gradient's size. The target lies above the predictions, so that the loss gradient has
mostly one sign: with signs at random the weight gradients would nearly cancel over the pixels, and what is left
would be rounding. Exit status 77, after "SKIPPED: reason", when PyTorch or the processor is missing.
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

try:
    import numpy as np
    import torch
except ImportError as error:
    print(f"SKIPPED: {error}")
    sys.exit(STATUS_SKIPPED)

from tensor_file import read_tensors, write_tensors
from torch_unet import UNet


def make_input(batch, height, width):
    """Smooth structure with noise, as micrographs have it, and a target above it."""
    random = np.random.default_rng(7)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    clean = np.stack([np.sin(x / (4 + n)) + np.cos(y / (6 + n)) for n in range(batch)])[:, None]
    image = clean + 0.5 * random.standard_normal(clean.shape)
    target = clean + 3 + 0.3 * random.standard_normal(clean.shape)
    # Values that bfloat16 can hold, so that both sides start from the same numbers.
    as_bfloat16 = lambda a: torch.from_numpy(a).to(torch.bfloat16).float().numpy()
    return {"image": as_bfloat16(image), "target": as_bfloat16(target)}


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


def compare(found, expected, tolerance):
    """Prints the worst tensor of each kind; returns whether all are within tolerance."""
    missing = sorted(set(expected) ^ set(found))
    if missing:
        print(f"FAILED: on one side only: {', '.join(missing)}")
        return False
    worst = {}
    for name in expected:
        kind = name.split(".")[0]
        difference = relative_difference(found[name], expected[name])
        if not difference <= worst.get(kind, (-1, ""))[0]:  # also when it is not a number
            worst[kind] = (difference, name)
    all_within = True
    for kind, (difference, name) in worst.items():
        limit = TOLERANCE_AFTER_ADAM if kind in ("parameter", "last_loss") else tolerance
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
    parser.add_argument("--learning_rate", type=float, default=1e-4)
    parser.add_argument("--size", type=int, nargs=3, default=[2, 64, 96], metavar=("BATCH", "HEIGHT", "WIDTH"))
    options = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="limpid_pytorch_") as folder:
        model, source, result = (os.path.join(folder, f"{n}.safetensors") for n in ("model", "input", "output"))
        if options.model:
            model = options.model
        else:
            run_probe([options.probe, "init", "--network", options.network, "--model", model])
        tensors = make_input(*options.size)
        write_tensors(source, tensors)
        run_probe([options.probe, "run", "--model", model, "--input", source, "--out", result,
                   "--device", options.device, "--precision", options.precision,
                   "--adam_steps", str(options.adam_steps), "--learning_rate", str(options.learning_rate)])
        found, _ = read_tensors(result)
        expected = run_pytorch(model, tensors, options.adam_steps, options.learning_rate)
    print(f"PyTorch {torch.__version__}, {options.model or options.network}, {options.device} {options.precision}, "
          f"batch x height x width {'x'.join(map(str, options.size))}, {options.adam_steps} steps of Adam")
    return 0 if compare(found, expected, TOLERANCE[options.precision]) else 1


if __name__ == "__main__":
    sys.exit(main())
