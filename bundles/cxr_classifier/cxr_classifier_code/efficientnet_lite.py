"""A trunk made of EfficientNet-Lite0, which has learned from photographs (see ``photographs.py``), tuned to films.

Tan and Le 2019 (arXiv:1905.11946) without squeeze-and-excitation and with clipped rectifiers, as the Lite form has it.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad

# Of each stage: blocks, side of the kernel, stride of the first block, widening within a block, channels.
STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192))
STEM = 32
# Layers, the stem being the first, whose features are read as they are: the ends of the last three stages.
READ = {8: 80, 11: 112, 15: 192}
# The last layer that is tuned to films: it sees every sixteenth pixel.
TUNED_TO = 11


class KeptNorm(nn.BatchNorm2d):
    """Batch norm whose mean and spread stay those that it came with: small batches of films know no better ones."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=1e-3)

    def train(self, mode: bool = True) -> "KeptNorm":
        super().train(False)
        return self


class PadSame(nn.Module):
    """Zeros around (B, C, H, W) so that a convolution gives H / stride, rounded up; the odd one after the picture."""

    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x: Tensor) -> Tensor:
        missing = [max((-(-n // self.stride) - 1) * self.stride + self.kernel - n, 0) for n in (x.shape[3], x.shape[2])]
        return pad(x, [part for m in missing for part in (m // 2, m - m // 2)])


def layer(c_in: int, c_out: int, kernel: int, stride: int = 1, groups: int = 1, clipped: bool = True) -> nn.Sequential:
    layers: list[nn.Module] = [PadSame(kernel, stride)] if kernel > 1 else []
    layers += [nn.Conv2d(c_in, c_out, kernel, stride, groups=groups, bias=False), KeptNorm(c_out)]
    return nn.Sequential(*layers, *([nn.ReLU6()] if clipped else []))


class Block(nn.Module):
    """Widen, filter each channel, narrow; a shortcut where the shapes allow it."""

    def __init__(self, c_in: int, c_out: int, kernel: int, stride: int, widening: int) -> None:
        super().__init__()
        wide = c_in * widening
        widen = [layer(c_in, wide, 1)] if widening > 1 else []
        narrow = layer(wide, c_out, 1, clipped=False)
        self.layers = nn.Sequential(*widen, layer(wide, wide, kernel, stride, groups=wide), narrow)
        self.short = c_in == c_out and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        changed: Tensor = self.layers(x)
        return x + changed if self.short else changed


def all_layers() -> list[nn.Module]:
    """The stem and every block."""
    layers: list[nn.Module] = [layer(1, STEM, 3, stride=2)]
    width = STEM
    for count, kernel, stride, widening, channels in STAGES:
        for n in range(count):
            layers.append(Block(width, channels, kernel, stride if n == 0 else 1, widening))
            width = channels
    return layers


class Trunk(nn.Module):
    """(B, 1, H, W) in standard units to maps (B, 112 + 384, H / 16, W / 16).

    The first 112 come from layers that training tunes, all after the first ``kept``. The others are the features of
    the layers as photographs taught them, less ``usual``: in training they are zeros, which saves their time, as
    nothing of them is trained; ``linear_reading.py`` reads them once training has ended.
    """

    usual: Tensor

    def __init__(self, kept: int) -> None:
        super().__init__()
        self.kept = kept
        self.layers = nn.Sequential(*all_layers()).requires_grad_(False)
        self.tuned = nn.ModuleDict({str(i): one for i, one in enumerate(all_layers()) if kept <= i <= TUNED_TO})
        self.tuned_width, self.width = READ[TUNED_TO], READ[TUNED_TO] + sum(READ.values())
        self.register_buffer("usual", torch.zeros(sum(READ.values())))

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            x = self.layers[: self.kept](x)
        tuned = x
        for one in self.tuned.values():
            tuned = one(tuned)
        if self.training:
            untouched = tuned.new_zeros(len(tuned), len(self.usual), *tuned.shape[2:])
        else:
            untouched = self.untouched(x, (tuned.shape[2], tuned.shape[3]))
        return torch.cat((tuned, untouched), dim=1)

    @torch.no_grad()
    def untouched(self, x: Tensor, places: tuple[int, int]) -> Tensor:
        read = []
        for i in range(self.kept, len(self.layers)):
            x = self.layers[i](x)
            if i in READ:
                read.append(interpolate(x, places))
        return torch.cat(read, dim=1) - self.usual[:, None, None]
