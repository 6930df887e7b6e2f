"""The course of a training: schedule, averaged weights, what is kept after each epoch, how it goes on and ends."""

import copy
import csv
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from ignite.engine import Engine, Events
from monai.engines import SupervisedTrainer
from monai.inferers import SimpleInferer
from torch import Tensor, nn

from cxr_classifier_code.figures import auc_error, mean_auc
from cxr_classifier_code.films import Films
from cxr_classifier_code.network import Classifier
from cxr_classifier_code.picture import prepared
from cxr_classifier_code.table import write_table
from cxr_classifier_code.weights import replace_whole, save_weights


class LowPrecisionInferer(SimpleInferer):
    """Runs the network in bfloat16 where the processor has it: about twice as fast."""

    def __call__(self, inputs: Tensor, network: nn.Module, *args: object, **kwargs: object) -> Tensor:
        fast = inputs.device.type != "cpu" or torch.ops.mkldnn._is_mkldnn_bf16_supported()
        with torch.autocast(inputs.device.type, torch.bfloat16, enabled=fast):
            logits: Tensor = network(inputs, *args, **kwargs)
        return logits.float()


class Validation:
    """Films that are not trained on: the logits (N, K) of a network, its loss with classes weighing alike, its AUC."""

    def __init__(self, films: Films, size: int) -> None:
        if not len(films):
            raise ValueError("no film in the part val: what is kept, calibration and abstention are judged there")
        self.pictures = prepared([picture.float().numpy() for picture in films.pictures[:, 0]], size)
        self.labels = films.labels

    def logits(self, network: nn.Module) -> Tensor:
        network.eval()
        device = next(network.parameters()).device
        with torch.inference_mode():
            parts = [(network(p) + network(p.flip(3))).float().cpu() / 2 for p in self.pictures.to(device).split(64)]
        return torch.cat(parts)

    def figures(self, network: nn.Module) -> tuple[float, float]:
        """(loss, AUC)."""
        logits = self.logits(network)
        count = torch.bincount(self.labels, minlength=logits.shape[1]).clamp(min=1)
        loss = float(nn.functional.cross_entropy(logits, self.labels, weight=1 / count.float()))
        return loss, mean_auc(logits.numpy(), self.labels.numpy())

    def noise(self, area: float) -> float:
        """How far an AUC measured here may be off: its standard error, by the rarest class."""
        rare = int(torch.bincount(self.labels).min())
        return auc_error(area, rare, len(self.labels) - rare)


class Course:
    """Attached to the trainer it leads: learning rate, averaged weights, and after each epoch checkpoint and model.

    ``epochs`` or ``seconds`` (0: no limit) end it, whichever comes first; the rate follows whichever is nearer. What
    is kept as ``model.pt`` is the average of the weights, of the latest epoch whose AUC on the validation part is
    not worse than the best by more than chance. Files are replaced only whole; the same command goes on where an
    earlier one ended. ``main`` is False in all but one of several processes, which keeps nothing.
    """

    def __init__(
        self,
        output_dir: str,
        trainer: SupervisedTrainer,
        network: Classifier,
        optimizer: torch.optim.Optimizer,
        validation: Validation,
        learning_rate: float,
        epochs: int,
        seconds: float = 0,
        decay: float = 0.998,
        schedule: str = "warm_cosine",
        main: bool = True,
    ) -> None:
        self.folder, self.trainer, self.network, self.optimizer = Path(output_dir), trainer, network, optimizer
        self.validation, self.learning_rate, self.decay, self.main = validation, learning_rate, decay, main
        self.epochs, self.seconds, self.factor = epochs, seconds, SCHEDULES[schedule]
        self.mean = copy.deepcopy(network).requires_grad_(False)
        self.steps, self.before, self.spent_before, self.best = 0, 0, 0.0, 0.0
        self.losses: list[float] = []
        self.began = time.monotonic()

    def run(self) -> None:
        """Trains, from where an earlier run ended."""
        self.resume()
        trainer = self.trainer
        trainer.state.max_epochs = max(0, self.epochs - self.before)
        trainer.add_event_handler(Events.EPOCH_STARTED, self.begin_epoch)
        trainer.add_event_handler(Events.ITERATION_STARTED, self.set_rate)
        trainer.add_event_handler(Events.ITERATION_COMPLETED, self.follow)
        trainer.add_event_handler(Events.EPOCH_COMPLETED, self.end_epoch)
        self.began = time.monotonic()
        if trainer.state.max_epochs and self.progress() < 1:
            # It belongs to the weights that are there now.
            (self.folder / "calibration.json").unlink(missing_ok=True)
            trainer.run()
            if self.losses:  # the clock ended it in the middle of an epoch
                self.end_epoch(trainer)

    def spent(self) -> float:
        return self.spent_before + time.monotonic() - self.began

    def progress(self) -> float:
        """0 to 1."""
        by_steps = self.steps / max(1, self.epochs * len(self.trainer.data_loader.dataset))
        return min(1.0, max(by_steps, self.spent() / self.seconds if self.seconds else 0.0))

    def begin_epoch(self, engine: Engine) -> None:
        engine.data_loader.dataset.epoch = self.before + engine.state.epoch
        self.losses = []

    def set_rate(self, engine: Engine) -> None:
        done = self.progress()
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate * self.factor(done)
        if done >= 1:
            engine.terminate()

    def follow(self, engine: Engine) -> None:
        self.losses.append(float(engine.state.output[0]["loss"]))
        self.steps += 1
        # The average forgets its first steps quickly: they are far from where training ends.
        share = 1 - min(self.decay, (1 + self.steps) / (10 + self.steps))
        with torch.no_grad():
            for kept, now in zip(self.mean.state_dict().values(), self.network.state_dict().values(), strict=True):
                if kept.is_floating_point():
                    kept.lerp_(now, share)
                else:
                    kept.copy_(now)

    def end_epoch(self, engine: Engine) -> None:
        if not self.main:
            return
        epoch = self.before + engine.state.epoch
        loss, area = self.validation.figures(self.mean)
        self.folder.mkdir(parents=True, exist_ok=True)
        model = self.folder / "model.pt"
        if not model.exists() or not area < self.best - self.validation.noise(self.best):
            self.best = max(self.best, area)
            save_weights(model, self.mean)
        train_loss = sum(self.losses) / max(1, len(self.losses))
        write_row(self.folder / "history.csv", epoch, self.spent(), train_loss, loss, area)
        replace_whole(self.folder / "checkpoint.pt", self.state(epoch))
        self.losses = []
        print(
            f"epoch {epoch} of {self.epochs}: loss {train_loss:.4f}, validation {loss:.4f}, AUC {area:.4f}", flush=True
        )

    def state(self, epoch: int) -> dict[str, Any]:
        return {
            "epoch": epoch,
            "steps": self.steps,
            "seconds": self.spent(),
            "best": self.best,
            "network": self.network.state_dict(),
            "mean": self.mean.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }

    def resume(self) -> None:
        path = self.folder / "checkpoint.pt"
        if not path.exists():
            return
        saved = torch.load(path, weights_only=True, map_location="cpu")
        self.before, self.steps, self.best = saved["epoch"], saved["steps"], saved["best"]
        self.spent_before = saved["seconds"]
        self.network.load_state_dict(saved["network"])
        self.mean.load_state_dict(saved["mean"])
        self.optimizer.load_state_dict(saved["optimizer"])


def warm_cosine(done: float, warm: float = 0.05) -> float:
    """Factor of the learning rate: linear from 0 over the first twentieth, then half a cosine down to 1 %."""
    if done < warm:
        return max(0.01, done / warm)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (done - warm) / (1 - warm)))


def write_row(path: Path, epoch: int, seconds: float, train_loss: float, val_loss: float, val_auc: float) -> None:
    """Adds an epoch to ``history.csv``, in place of what an interrupted run wrote of it and later ones."""
    rows: list[list[str]] = []
    if path.exists():
        with path.open(newline="") as file:
            rows = [row for row in list(csv.reader(file))[1:] if int(row[0]) < epoch]
    rows.append([str(epoch), f"{seconds:.1f}", f"{train_loss:.5f}", f"{val_loss:.5f}", f"{val_auc:.5f}"])
    write_table(path, [["epoch", "seconds", "train_loss", "val_loss", "val_auc"], *rows])


SCHEDULES: dict[str, Callable[[float], float]] = {
    "warm_cosine": warm_cosine,
    "cosine": lambda done: warm_cosine(done, warm=1e-9),
    "constant": lambda done: 1.0,
}
