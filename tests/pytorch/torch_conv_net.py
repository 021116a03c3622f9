"""Networks laid out as those of Topaz-Denoise, so that their state_dicts have its names and shapes."""
import torch
from torch import nn


def block(channels, kernel, ends_plain=False, pools=False):
    """Convolutions with LeakyReLU(0.1): channels[0] -> channels[1] -> ..."""
    layers = []
    for inputs, outputs in zip(channels, channels[1:]):
        layers += [nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2), nn.LeakyReLU(0.1)]
    if ends_plain:
        layers.pop()
    if pools:
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)


class UNet(nn.Module):
    """One convolution a level on the way down; on the way up each level is joined with what the level read on the way
    down, the last with the image."""

    def __init__(self, levels, first_kernel, last_kernel, width=48):
        super().__init__()
        self.levels = levels
        for level in range(1, levels + 1):
            setattr(self, f"enc{level}", block([1 if level == 1 else width, width], first_kernel if level == 1 else 3,
                                               pools=level < levels))
        for level in range(levels - 1, 1, -1):
            inputs = width + (width if level == levels - 1 else 2 * width)
            setattr(self, f"dec{level}", block([inputs, 2 * width, 2 * width], 3))
        self.dec1 = block([2 * width + 1, 64, 32, 1], last_kernel, ends_plain=True)

    def forward(self, image):
        read, features = [], image
        for level in range(1, self.levels + 1):
            read.append(features)
            features = getattr(self, f"enc{level}")(features)
        for level in range(self.levels - 1, 0, -1):
            beside = read[level - 1]
            features = nn.functional.interpolate(features, size=beside.shape[2:], mode="nearest")
            features = getattr(self, f"dec{level}")(torch.cat([features, beside], 1))
        return features


class Chain(nn.Module):
    def __init__(self, width, kernel):
        super().__init__()
        self.net = block([1, width, width, 1], kernel, ends_plain=True)

    def forward(self, image):
        return self.net(image)


class Filter(nn.Module):
    def __init__(self, kernel):
        super().__init__()
        self.filter = nn.Conv2d(1, 1, kernel, padding=kernel // 2)

    def forward(self, image):
        return self.filter(image)


NETWORKS = {"unet": lambda: UNet(6, 11, 5), "unet-v0.2.1": lambda: UNet(6, 7, 3), "unet-small": lambda: UNet(4, 11, 5),
            "fcnn": lambda: Chain(64, 11), "affine": lambda: Filter(31)}


def with_random_weights(network, seed):
    """Weights that keep the size of values from layer to layer, and biases that matter."""
    torch.manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, std=(2 / module.weight[0].numel()) ** 0.5)
            nn.init.normal_(module.bias, std=0.1)
    return network.eval()
