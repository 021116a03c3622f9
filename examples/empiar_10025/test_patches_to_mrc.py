"""Writes patches of the test set as MRC files: test_patches_to_mrc.py PATCHES COUNT FOLDER.

Takes COUNT of them, evenly over the set, from a folder of `limpid prepare`: FOLDER/noisy holds inputs and
FOLDER/clean targets. Needs nothing but Python, and shows how the files are laid out.
"""
import json
import struct
import sys
from pathlib import Path


def mrc_header(size, mode, pixel_size):
    """A little-endian image of size x size pixels, statistics not determined."""
    side = size * pixel_size
    header = struct.pack("<4i", size, size, 1, mode) + struct.pack("<3i", 0, 0, 0)
    header += struct.pack("<3i", size, size, 1) + struct.pack("<6f", side, side, pixel_size, 90, 90, 90)
    header += struct.pack("<3i", 1, 2, 3) + struct.pack("<3f", 0, -1, -2)
    header = header.ljust(108, b"\0") + struct.pack("<i", 20141)
    header = header.ljust(208, b"\0") + b"MAP " + b"\x44\x44\0\0" + struct.pack("<f", -1)
    return header.ljust(1024, b"\0")


def origin_of(patch, micrographs):
    """The micrograph that a patch was cut from."""
    return max((m for m in micrographs if m["first_patch"] <= patch), key=lambda m: m["first_patch"])


def main(patches, count, folder):
    description = json.loads((patches / "patches.json").read_text())
    test = description["sets"]["test"]
    size = description["patch_size_px"]
    item_bytes, mode = {"<f4": (4, 2), "<f2": (2, 12)}[description["dtype"]]
    patch_bytes = size * size * item_bytes
    count = min(count, test["patch_count"])
    for role, name in (("input", "noisy"), ("target", "clean")):
        (folder / name).mkdir(parents=True, exist_ok=True)
        with open(patches / test["files"][role]["name"], "rb") as file:
            for number in range(count):
                patch = (2 * number + 1) * test["patch_count"] // (2 * count)
                pixel_size = origin_of(patch, test["micrographs"])["pixel_size_angstrom"] or 1
                file.seek(patch * patch_bytes)
                pixels = file.read(patch_bytes)
                (folder / name / f"test_{patch:06}.mrc").write_bytes(mrc_header(size, mode, pixel_size) + pixels)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
