"""The networks of core/nn/unet_description.h as a plain PyTorch module with equal state_dict names."""
import torch
from torch import nn
from torch.nn import functional


class Block(nn.Module):
    def __init__(self, inputs, outputs, kernel_size):
        super().__init__()
        self.conv0 = nn.Conv2d(inputs, outputs, kernel_size, padding=kernel_size // 2)
        self.conv1 = nn.Conv2d(outputs, outputs, kernel_size, padding=kernel_size // 2)


class UNet(nn.Module):
    """`description` is the JSON object "limpid.network" in the metadata of a model file."""

    def __init__(self, description):
        super().__init__()
        self.unshuffle = description["unshuffle"]
        self.learned_upsampling = description["upsampling"] == "transposed_convolution"
        self.slope = {"relu": 0.0, "leaky_relu": 0.1}[description["activation"]]
        channels, kernel_size = description["channels"], description["kernel_size"]
        self.levels = len(channels)
        inputs = self.unshuffle ** 2
        for level, outputs in enumerate(channels):
            self.add_module(f"enc{level}", Block(inputs, outputs, kernel_size))
            inputs = outputs
        for level in reversed(range(self.levels - 1)):
            skip = channels[level]
            upsampled = inputs
            if self.learned_upsampling:
                self.add_module(f"up{level}", nn.ConvTranspose2d(inputs, skip, 2, stride=2))
                upsampled = skip
            self.add_module(f"dec{level}", Block(upsampled + skip, skip, kernel_size))
            inputs = skip
        self.out = nn.Conv2d(inputs, self.unshuffle ** 2, 1)

    def apply_block(self, name, x):
        block = getattr(self, name)
        x = functional.leaky_relu(block.conv0(x), self.slope)
        return functional.leaky_relu(block.conv1(x), self.slope)

    def upsample(self, level, x):
        if self.learned_upsampling:
            return getattr(self, f"up{level}")(x)
        return functional.interpolate(x, scale_factor=2, mode="nearest")

    def forward(self, image):
        x = functional.pixel_unshuffle(image, self.unshuffle)
        skips = []
        for level in range(self.levels):
            x = self.apply_block(f"enc{level}", x)
            if level < self.levels - 1:
                skips.append(x)
                x = functional.max_pool2d(x, 2)
        for level in reversed(range(self.levels - 1)):
            x = torch.cat([self.upsample(level, x), skips[level]], 1)
            x = self.apply_block(f"dec{level}", x)
        return functional.pixel_shuffle(self.out(x), self.unshuffle)
