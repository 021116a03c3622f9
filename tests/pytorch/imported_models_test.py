"""Models imported from files of PyTorch give what PyTorch gives, on whole micrographs: imported_models_test.py PROGRAM.

The networks are laid out as Topaz's, with random weights, saved in both formats of torch.save(); the grey scale is
Topaz's: mean and standard deviation of all pixels, hot ones included. Measure: the largest difference of a pixel,
relative to the standard deviation of PyTorch's result. Both compute in float32 and differ in the order of their sums
(up to 5e-5); 1e-4 is promised.
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import mrcfile
    import numpy as np
    import torch
except ImportError as error:
    print(f"SKIPPED: {error}")
    sys.exit(77)

from torch_conv_net import NETWORKS, with_random_weights

LIMIT = 1e-4
# Odd at every level, odd at some, and even.
SIZES = ((159, 127), (98, 69), (64, 96))


def micrograph(width, height):
    random = np.random.default_rng(width)
    y, x = np.mgrid[:height, :width]
    image = 20 + 3 * np.sin(x / 9) + x / 50 + 4 * random.standard_normal((height, width))
    image[height // 3, width // 4] = 300
    return image.astype(np.float32)


def pytorch_result(network, image):
    mean, sigma = image.mean(dtype=np.float64), image.std(dtype=np.float64)
    with torch.no_grad():
        result = network(torch.from_numpy(((image - mean) / sigma).astype(np.float32))[None, None])[0, 0].numpy()
    return result * sigma + mean


def write(path, image):
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(image)
        file.voxel_size = 1.0


def read(path):
    with mrcfile.open(path) as file:
        return np.array(file.data, np.float64)


def compare(program, name, folder):
    """Returns whether all sizes agree."""
    network = with_random_weights(NETWORKS[name](), seed=3)
    legacy = name in ("unet", "affine")
    torch.save(network.state_dict(), folder / f"{name}.sav", _use_new_zipfile_serialization=not legacy)
    model = folder / f"{name}.safetensors"
    output = subprocess.run([program, "models", "import-topaz", folder / f"{name}.sav", "-o", model], check=True,
                            stdout=subprocess.PIPE, text=True).stdout
    agree = f"  topaz-{name}  " in output
    subprocess.run([program, "denoise", *(folder / f"{w}x{h}.mrc" for w, h in SIZES), "--model", model, "--o",
                    folder / name, "--device", "cpu", "--precision", "float32"], check=True, stdout=subprocess.DEVNULL)
    for width, height in SIZES:
        expected = pytorch_result(network, micrograph(width, height))
        found = read(next((folder / name).rglob(f"{width}x{height}.mrc")))
        difference = np.abs(found - expected).max() / expected.std()
        agree &= bool(difference < LIMIT)
        print(f"{name:<12} {width} x {height}: {difference:.1e}, limit {LIMIT:.0e}")
    return agree


def main():
    program = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="limpid_imported_") as folder:
        folder = Path(folder)
        for width, height in SIZES:
            write(folder / f"{width}x{height}.mrc", micrograph(width, height))
        results = [compare(program, name, folder) for name in NETWORKS]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
