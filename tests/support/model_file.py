"""Writes a small model file, byte by byte as the format describes it, for tests of the program."""
import json
import struct


def small_model(name="small", summary="for a test"):
    """Bytes of a safetensors file: a U-Net of two levels, all weights zero."""
    network = {"unshuffle": 1, "channels": [16, 32], "kernel_size": 3,
               "upsampling": "nearest", "activation": "relu"}
    shapes = {}

    def pair(block, inputs, outputs):
        for index, channels in enumerate((inputs, outputs)):
            shapes[f"{block}.conv{index}.weight"] = [outputs, channels, 3, 3]
            shapes[f"{block}.conv{index}.bias"] = [outputs]

    pair("enc0", 1, 16)
    pair("enc1", 16, 32)
    pair("dec0", 32 + 16, 16)
    shapes["out.weight"] = [1, 16, 1, 1]
    shapes["out.bias"] = [1]

    header = {"__metadata__": {
        "limpid.format": "1",
        "limpid.network": json.dumps(network),
        "limpid.model": json.dumps({"name": name, "summary": summary, "training": "none",
                                    "licence": "Apache-2.0", "pixel_size_angstrom": [0.5, 2.5]})}}
    offset = 0
    for tensor, shape in shapes.items():
        size = 4
        for side in shape:
            size *= side
        header[tensor] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + bytes(offset)
