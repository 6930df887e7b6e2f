"""Handlers and schedule of the training loop that MONAI's trainer does not bring."""

import math
import os
from pathlib import Path
from typing import Any

import torch
from ignite.engine import Engine, Events
from monai.engines import SupervisedTrainer
from monai.inferers import SimpleInferer
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


class LowPrecisionInferer(SimpleInferer):
    """Runs the network in bfloat16 where the processor has it: nearly twice as fast."""

    def __call__(self, inputs: Tensor, network: nn.Module, *args: object, **kwargs: object) -> Tensor:
        # A processor without instructions for it takes six times as long with it.
        fast = inputs.device.type != "cpu" or torch.ops.mkldnn._is_mkldnn_bf16_supported()
        with torch.autocast(inputs.device.type, torch.bfloat16, enabled=fast):
            logits: Tensor = network(inputs, *args, **kwargs)
        return logits.float()


class Average:
    """Exponential moving average of the weights over about the last ``1 / (1 - decay)`` steps.

    It is what is saved as the bundle's model: steadier and a little better than the last step.
    """

    def __init__(self, network: nn.Module, decay: float = 0.998) -> None:
        self.model = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay))
        self.network = network

    def attach(self, engine: Engine) -> None:
        engine.add_event_handler(Events.ITERATION_COMPLETED, self.update)

    def update(self, engine: Engine) -> None:
        self.model.update_parameters(self.network)

    def state_dict(self) -> dict[str, object]:
        return self.model.state_dict()

    def load_state_dict(self, state: dict[str, object]) -> None:
        self.model.load_state_dict(state)


class Checkpoint:
    """Keeps training resumable, and the averaged model beside it; both files are replaced only whole.

    ``resume`` loads what an earlier run left and shortens this one by the epochs already done.
    """

    def __init__(
        self, path: str, model_path: str, trainer: SupervisedTrainer, average: Average, parts: dict[str, Any]
    ) -> None:
        self.path, self.model_path = Path(path), Path(model_path)
        self.trainer, self.average, self.parts = trainer, average, parts
        self.epochs_before = 0

    def resume(self, saves: bool = True) -> None:
        if self.path.exists():
            saved = torch.load(self.path, weights_only=True)
            self.epochs_before = saved.pop("epochs")
            for name, part in self.parts.items():
                part.load_state_dict(saved[name])
        epochs = self.trainer.state.max_epochs or 0
        self.trainer.state.max_epochs = max(0, epochs - self.epochs_before)
        # Another part of the random sequence than the one already seen.
        dataset = self.trainer.data_loader.dataset
        dataset.random.bit_generator.advance(self.epochs_before << 64)
        if saves:
            self.trainer.add_event_handler(Events.EPOCH_COMPLETED, self.save)

    def save(self, engine: Engine) -> None:
        epochs = self.epochs_before + engine.state.epoch
        replace_whole(self.path, {"epochs": epochs} | {name: p.state_dict() for name, p in self.parts.items()})
        weights = self.average.model.module.state_dict()
        # Half precision on disk: half the size, and the network's answers stay the same to three digits.
        replace_whole(self.model_path, {"model": {name: w.half() for name, w in weights.items()}})
        print(f"epoch {epochs} saved", flush=True)


# What the layers of a block were called up to version 0.3.0.
FORMER_NAMES = {"layers.0": "conv1", "layers.1": "norm1", "layers.3": "conv2", "layers.4": "norm2"}


def start_from(network: nn.Module, path: str) -> None:
    """Loads the weights of an earlier version."""
    weights = torch.load(path, weights_only=True)["model"]
    for former, name in FORMER_NAMES.items():
        weights = {key.replace(f".{former}.", f".{name}."): weight for key, weight in weights.items()}
    network.load_state_dict(weights)


def replace_whole(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".new")
    with temporary.open("wb") as file:
        torch.save(content, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def warm_cosine(step: int, steps: int, warm: int = 200) -> float:
    """Factor of the learning rate: linear from 0 over ``warm`` steps, then half a cosine down to 1 %."""
    if step < warm:
        return (step + 1) / warm
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warm) / max(1, steps - warm))))
