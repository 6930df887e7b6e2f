"""RecurrentUNet: a 2D encoder-decoder over all frames, with convolutional recurrence over time.

Tensors are (B, C, T, H, W): B slices, C channels, T frames, H and W in pixels.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm, instance_norm, interpolate, leaky_relu, pad


class ClipNorm(nn.Module):
    """Instance norm over all frames of a clip: (T * B, C, H, W), T running slowest, with B clips side by side.

    It makes the features independent of brightness and contrast, which differ from scanner to scanner, and of what
    else is in the batch. One mean and one scale for all frames of a slice, not one a frame: how bright blood is at end
    diastole has to tell that a ventricle whose cavity is gone at end systole shows none.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor, frames: int) -> Tensor:
        channels, height, width = x.shape[1], x.shape[2], x.shape[3]
        if torch.jit.is_scripting():  # type: ignore[attr-defined]
            # As ONNX has it: the frames of a clip as one tall picture.
            tall = x.reshape(frames, -1, channels, height, width).permute(1, 2, 0, 3, 4).flatten(2, 3)
            tall = instance_norm(tall, None, None, self.weight, self.bias, True, 0.0, 1e-5)
            normal = tall.reshape(-1, channels, frames, height, width).permute(2, 0, 1, 3, 4)
        else:
            # The same without copies: each channel of each clip as a channel of its own, in a batch of frames.
            count = x.shape[0] // frames
            weight, bias = self.weight.repeat(count), self.bias.repeat(count)
            normal = batch_norm(x.reshape(frames, -1, height, width), None, None, weight, bias, True, 0.0, 1e-5)
        return normal.reshape(-1, channels, height, width)


class ConvBlock(nn.Module):
    """Two 3x3 convolutions, each with its norm; (T * B, C_in, H, W) to (T * B, C_out, H, W)."""

    def __init__(self, c_in: int, c_out: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(c_in, c_out, 3, stride=stride, padding=1, bias=False)
        self.norm1 = ClipNorm(c_out)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, padding=1, bias=False)
        self.norm2 = ClipNorm(c_out)

    def forward(self, x: Tensor, frames: int) -> Tensor:
        x = leaky_relu(self.norm1(self.conv1(x), frames), 0.01)
        return leaky_relu(self.norm2(self.conv2(x), frames), 0.01)


class ConvGRU(nn.Module):
    """One direction of convolutional gated recurrence (Ballas et al. 2016, arXiv:1511.06432).

    The convolutions of the input run for all frames at once; only those of the state wait for each other.
    """

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.hidden = hidden
        self.from_input = nn.Conv2d(channels, 3 * hidden, 3, padding=1)
        self.gates_from_state = nn.Conv2d(hidden, 2 * hidden, 3, padding=1, bias=False)
        self.candidate_from_state = nn.Conv2d(hidden, hidden, 3, padding=1, bias=False)

    def step(self, from_input: Tensor, state: Tensor) -> Tensor:
        """One frame: (B, 3 hidden, H, W) and the state (B, hidden, H, W) to the next state."""
        gates = torch.sigmoid(from_input[:, : 2 * self.hidden] + self.gates_from_state(state))
        update, reset = gates[:, : self.hidden], gates[:, self.hidden :]
        candidate = torch.tanh(from_input[:, 2 * self.hidden :] + self.candidate_from_state(reset * state))
        return (1 - update) * state + update * candidate

    def forward(self, x: Tensor, frames: int, reverse: bool, keep_state: bool = True) -> Tensor:
        """(T * B, C, H, W) with T running slowest, to (T * B, hidden, H, W)."""
        from_input = self.from_input(x)
        h, w = from_input.shape[2], from_input.shape[3]
        from_input = from_input.reshape(frames, -1, 3 * self.hidden, h, w)
        if reverse:
            from_input = from_input.flip(0)
        start = torch.zeros_like(from_input[0, :, : self.hidden])
        state = start
        states: list[Tensor] = []
        for t in range(frames):
            state = self.step(from_input[t], state if keep_state else start)
            states.append(state)
        together = torch.stack(states)
        if reverse:
            together = together.flip(0)
        return together.reshape(-1, self.hidden, h, w)


class BidirectionalConvGRU(nn.Module):
    """Adds to each frame's features what the frames before and after it say.

    ``keep_state = False`` forgets the state before each frame, so every frame stands alone: the
    switch with which the effect of the recurrence is measured.
    """

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.past = ConvGRU(channels, hidden)
        self.future = ConvGRU(channels, hidden)
        self.merge = nn.Conv2d(2 * hidden, channels, 1)
        self.keep_state = True

    def forward(self, x: Tensor, frames: int) -> Tensor:
        past = self.past(x, frames, False, self.keep_state)
        future = self.future(x, frames, True, self.keep_state)
        heard: Tensor = self.merge(torch.cat((past, future), dim=1))
        return x + heard


class NoRecurrence(nn.Module):
    """Leaves each frame's features as they are: the levels at which frames do not hear of each other."""

    def forward(self, x: Tensor, frames: int) -> Tensor:
        return x


class RecurrentUNet(nn.Module):
    """Segments every frame of a cine, seeing all its frames.

    Input (B, 3, T, H, W), any T >= 1 and any H, W >= 16: each slice between the one below and the one above
    it, which is itself where there is none; (B, 1, T, H, W) is a slice without neighbours. Output
    (B, classes, T, H, W), logits.
    Recurrence runs at the coarsest ``recurrent_levels`` levels: there a pixel is large enough for the
    heart's motion to stay inside a 3x3 window from frame to frame, and it costs little.
    """

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 4,
        channels: tuple[int, ...] = (16, 32, 64, 96, 128),
        hidden: tuple[int, ...] = (48, 64),
    ) -> None:
        super().__init__()
        self.in_channels, self.out_channels = in_channels, out_channels
        self.multiple = 2 ** (len(channels) - 1)
        self.encoder = nn.ModuleList(
            ConvBlock(channels[i - 1] if i else in_channels, c, stride=2 if i else 1) for i, c in enumerate(channels)
        )
        first = len(channels) - len(hidden)
        self.recurrence = nn.ModuleList(
            BidirectionalConvGRU(channels[i], hidden[i - first]) if i >= first else NoRecurrence()
            for i in range(len(channels))
        )
        self.decoder = nn.ModuleList(
            ConvBlock(channels[i] + channels[i + 1], channels[i]) for i in reversed(range(len(channels) - 1))
        )
        self.head = nn.Conv2d(channels[0], out_channels, 1)

    def forward(self, image: Tensor) -> Tensor:
        frames, height, width = image.shape[2], image.shape[3], image.shape[4]
        if image.shape[1] == 1:
            image = image.expand(-1, self.in_channels, -1, -1, -1)
        x = image.permute(2, 0, 1, 3, 4).reshape(-1, self.in_channels, height, width)
        # At least two pixels a side at the coarsest level: the norm needs more than one.
        rows = max(2, (height + self.multiple - 1) // self.multiple) * self.multiple
        columns = max(2, (width + self.multiple - 1) // self.multiple) * self.multiple
        x = pad(x, [0, columns - width, 0, rows - height])
        skips: list[Tensor] = []
        for block, recurrence in zip(self.encoder, self.recurrence):  # noqa: B905  (TorchScript's zip has no "strict")
            x = recurrence(block(x, frames), frames)
            skips.append(x)
        level = len(skips) - 2
        for block in self.decoder:
            finer = skips[level]
            x = interpolate(x, size=(finer.shape[2], finer.shape[3]), mode="bilinear", align_corners=False)
            x = block(torch.cat((finer, x), dim=1), frames)
            level -= 1
        x = self.head(x)[:, :, :height, :width]
        y: Tensor = x.reshape(frames, -1, self.out_channels, height, width).permute(1, 2, 0, 3, 4)
        return y
