"""The networks that can be chosen by name, all of one form: a map of features, a vector of it, a linear head.

Pictures are (B, 1, H, W), maps (B, C, h, w), vectors (B, D), answers (B, classes), logits.
"""

from collections.abc import Callable
from typing import Any

import torch
from monai.networks.nets import DenseNet121, EfficientNetBNFeatures, ResNetFeatures
from torch import Tensor, nn
from torch.nn.functional import interpolate

from cxr_classifier_code.efficientnet_lite import Trunk
from cxr_classifier_code.gate import Gate


class Classifier(nn.Module):
    """``trunk`` gives the map on which heat maps are drawn, ``neck`` the vector, ``head`` the logits.

    ``gate`` judges whether there is a chest film at all. It is no part of ``forward``: it travels with the weights.
    """

    def __init__(self, trunk: nn.Module, neck: nn.Module, width: int, classes: int, dropout: float = 0.2) -> None:
        super().__init__()
        self.trunk, self.neck = trunk, neck
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(width, classes))
        self.gate = Gate().requires_grad_(False)

    def forward(self, pictures: Tensor) -> Tensor:
        logits: Tensor = self.head(self.neck(self.trunk(pictures)))
        return logits

    def learned(self) -> list[nn.Parameter]:
        """The weights that training changes."""
        parts = (self.trunk, self.neck, self.head)
        return [p for part in parts for p in part.parameters() if p.requires_grad]


def average_over_places() -> nn.Module:
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())


NORMS: dict[str, Callable[[int], nn.Module]] = {
    "batch": nn.BatchNorm2d,
    "batch_only": nn.BatchNorm2d,
    "instance": lambda c: nn.InstanceNorm2d(c, affine=True),
    "none": lambda c: nn.Identity(),
}


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut; (B, c_in, H, W) to (B, c_out, H, W) (He et al. 2016, arXiv:1512.03385)."""

    def __init__(self, c_in: int, c_out: int, norm: str) -> None:
        super().__init__()
        free = norm == "none"
        self.layers = nn.Sequential(
            nn.Conv2d(c_in, c_out, 3, padding=1, bias=free),
            NORMS[norm](c_out),
            nn.ReLU(inplace=True),
            nn.Conv2d(c_out, c_out, 3, padding=1, bias=free),
            NORMS[norm](c_out),
        )
        self.shortcut = nn.Identity() if c_in == c_out else nn.Conv2d(c_in, c_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.layers(x) + self.shortcut(x))


def residual(
    classes: int,
    channels: tuple[int, ...] = (24, 48, 96, 192),
    blocks: tuple[int, ...] = (1, 1, 2, 2),
    halve_first: bool = True,
    norm: str = "batch",
    dropout: float = 0.2,
) -> Classifier:
    """The bundle's own network: residual stages between which pictures are averaged down, never skipped over.

    Averaging before each halving keeps the answer steady when a film is shifted by a pixel (Zhang 2019,
    arXiv:1904.11486). The first stage is normalised by picture, so that contrast and brightness of whole films leave
    no trace in its features; the others by batch (Pan et al. 2018, arXiv:1807.09441). ``halve_first`` averages down
    before the first stage as well.
    """
    first = "instance" if norm == "batch" else norm
    layers: list[nn.Module] = [
        nn.Conv2d(1, channels[0], 3, padding=1),
        NORMS[first](channels[0]),
        nn.ReLU(inplace=True),
    ]
    if halve_first:
        layers.append(nn.AvgPool2d(2))
    c_in = channels[0]
    for stage, (c_out, count) in enumerate(zip(channels, blocks, strict=True)):
        if stage:
            layers.append(nn.AvgPool2d(2))
        for _ in range(count):
            layers.append(ResidualBlock(c_in, c_out, first if stage == 0 else norm))
            c_in = c_out
    return Classifier(nn.Sequential(*layers), average_over_places(), c_in, classes, dropout)


def classic(classes: int, size: int = 64) -> Classifier:
    """The small baseline of many courses: 32 filters 3x3, pooling, a dense layer of 128; pictures of one size only."""
    trunk = nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2))
    inner = (size - 2) // 2
    neck = nn.Sequential(nn.Flatten(), nn.Linear(32 * inner * inner, 128), nn.ReLU())
    return Classifier(trunk, neck, 128, classes, dropout=0.0)


class AtLeast(nn.Module):
    """Enlarges small pictures: networks made for 224 pixels halve them five times."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side

    def forward(self, pictures: Tensor) -> Tensor:
        if pictures.shape[-1] >= self.side:
            return pictures
        return interpolate(pictures, (self.side, self.side), mode="bilinear", align_corners=False)


class Last(nn.Module):
    """The last of the maps of a network that gives several."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor) -> Tensor:
        last: Tensor = self.network(pictures)[-1]
        return last


def resnet18(classes: int) -> Classifier:
    trunk = ResNetFeatures("resnet18", pretrained=False, spatial_dims=2, in_channels=1)
    return Classifier(nn.Sequential(AtLeast(64), Last(trunk)), average_over_places(), 512, classes)


def densenet121(classes: int) -> Classifier:
    network = DenseNet121(spatial_dims=2, in_channels=1, out_channels=classes)
    trunk = nn.Sequential(AtLeast(64), network.features, nn.ReLU())
    return Classifier(trunk, average_over_places(), 1024, classes)


def efficientnet_b0(classes: int) -> Classifier:
    trunk = EfficientNetBNFeatures("efficientnet-b0", pretrained=False, spatial_dims=2, in_channels=1)
    return Classifier(nn.Sequential(AtLeast(64), Last(trunk)), average_over_places(), 320, classes)


def efficientnet_lite0(classes: int, kept: int = 6, dropout: float = 0.3) -> Classifier:
    """EfficientNet-Lite0 as photographs taught it, and a copy of its middle layers, after ``kept``, tuned to films."""
    trunk = Trunk(kept)
    network = Classifier(trunk, average_over_places(), trunk.width, classes, dropout)
    head = network.head[1]
    assert isinstance(head, nn.Linear)
    nn.init.zeros_(head.weight[:, trunk.tuned_width :])
    # This layout makes convolutions of single channels several times faster.
    laid_out: Classifier = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return laid_out


class ChannelsFirstNorm(nn.Module):
    """Layer norm over the channels of each place; (B, C, H, W)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        normed: Tensor = self.norm(x.permute(0, 2, 3, 1))
        return normed.permute(0, 3, 1, 2)


class ConvNeXtBlock(nn.Module):
    """Depthwise 7x7, layer norm, a wide pointwise layer, a shortcut (Liu et al. 2022, arXiv:2201.03545)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, channels, 7, padding=3, groups=channels),
            ChannelsFirstNorm(channels),
            nn.Conv2d(channels, 4 * channels, 1),
            nn.GELU(),
            nn.Conv2d(4 * channels, channels, 1),
        )
        self.scale = nn.Parameter(torch.full((channels, 1, 1), 0.1))

    def forward(self, x: Tensor) -> Tensor:
        changed: Tensor = x + self.scale * self.layers(x)
        return changed


def convnext(
    classes: int, channels: tuple[int, ...] = (40, 80, 160), blocks: tuple[int, ...] = (2, 2, 4)
) -> Classifier:
    """A small ConvNeXt; the first layer halves, as pictures here are small."""
    layers: list[nn.Module] = [nn.Conv2d(1, channels[0], 2, stride=2), ChannelsFirstNorm(channels[0])]
    for stage, (c, count) in enumerate(zip(channels, blocks, strict=True)):
        if stage:
            layers += [ChannelsFirstNorm(channels[stage - 1]), nn.Conv2d(channels[stage - 1], c, 2, stride=2)]
        layers += [ConvNeXtBlock(c) for _ in range(count)]
    layers.append(ChannelsFirstNorm(channels[-1]))
    return Classifier(nn.Sequential(*layers), average_over_places(), channels[-1], classes)


NETWORKS: dict[str, Callable[..., Classifier]] = {
    "residual": residual,
    "classic": classic,
    "resnet18": resnet18,
    "densenet121": densenet121,
    "efficientnet_b0": efficientnet_b0,
    "efficientnet_lite0": efficientnet_lite0,
    "convnext": convnext,
}


def build(name: str, classes: int, **options: Any) -> Classifier:
    """A network by its name; ``options`` are those of its function. Raises ValueError for a name that is none."""
    if name not in NETWORKS:
        raise ValueError(f"{name}: no such network; there are {', '.join(NETWORKS)}")
    return NETWORKS[name](classes, **options)


def options_for(name: str, size: int) -> dict[str, Any]:
    """What ``build`` is called with for pictures of ``size``: small ones are not halved before anything is seen."""
    if name == "classic":
        return {"size": size}
    if name == "residual" and size <= 48:
        return {"channels": [40, 80, 160], "blocks": [1, 2, 2], "halve_first": False}
    return {}
