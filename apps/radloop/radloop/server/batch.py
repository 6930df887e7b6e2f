"""Batch inference and scoring as jobs. An image that cannot be used is named in the result; the others are done."""

import json
import threading
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

from radloop.answers import ClassLabel
from radloop.answers.jobs import BatchParams, ScoreParams
from radloop.refusal import Refusal
from radloop.server.pictures import Pictures, called
from radloop.server.versions import named
from radloop.store.jobs import JobRow
from radloop.store.versions import served
from radloop.workers import Apart, GivenUp, Told

INFER, SCORE = "radloop.tasks.service:open", "radloop.tasks.scoring:open"


FIGURES = ("model_version", "lv_ef", "rv_ef", "lv_edv_ml", "lv_esv_ml", "label", "prediction", "abstained", "reason")
"""What a batch remembers of each answer."""


class Images(StrEnum):
    all = "all"
    labeled = "labeled"
    unlabeled = "unlabeled"


class Batch:
    """The work of ``/batch/infer`` and ``/scoring``."""

    def __init__(self, pictures: Pictures, niceness: int) -> None:
        self._pictures = pictures
        self._niceness = niceness

    def infer(self, row: JobRow, told: Told, unwanted: threading.Event) -> dict[str, Any]:
        """Analyse images one after the other; a job that is resumed goes on with those that it had not done."""
        store = self._pictures.store
        assert row.model is not None
        params = BatchParams.model_validate(row.request)
        images = self._images(Images(row.request["images"]), params.max_batch_size)
        done = _Done(row.folder / "done.jsonl")
        versions = named(served(store, row.model))  # the whole batch is one version's
        options = {"models": [row.model]}
        with Apart(INFER, options, niceness=self._niceness, log=row.log, unwanted=unwanted) as apart:
            for number, image in enumerate(images):
                told(number / len(images), f"{number} of {len(images)} images")
                if image in done.images:
                    continue
                if unwanted.is_set():
                    raise GivenUp
                asked = {"model": row.model, "versions": versions, "params": {}, "folder": str(row.folder)}
                try:
                    done.add(image, self._one(apart, image, asked, params))
                except Refusal as refusal:
                    if refusal.http_status >= 500:  # no fault of the image
                        raise
                    done.add(image, {"refused": refusal.sentence})
        failed = {image: one["refused"] for image, one in done.images.items() if "refused" in one}
        ok = {image: one for image, one in done.images.items() if "refused" not in one}
        return {"images": ok, "refused": failed}

    def _one(self, apart: Apart, image: str, asked: dict[str, Any], params: BatchParams) -> dict[str, Any]:
        picture = self._pictures.picture(image)
        arguments = asked | {"file": str(picture.file), "image": picture.id, "said": picture.said}
        with called(picture):
            result = apart.ask("infer", arguments, lambda fraction, line: None)
        file, answer = Path(result["file"]), json.loads(result["answer"])
        said = {name: answer[name] for name in FIGURES if name in answer}
        if answer.get("abstained"):
            file.unlink()
            return said
        if "label" in answer:  # a class: what is kept of it is its name, as people submit it
            file = _class_file(file, answer["label"])
        if params.save_label:
            info = {"from_version": answer["model_version"], "reviewed": {}}
            kept = self._pictures.store.add_label(picture.id, file, tag=params.label_tag, author=None, info=info)
            said["label_id" if kept.names_a_class else "label"] = kept.id
        file.unlink()
        return said

    def _images(self, which: Images, most: int) -> list[str]:
        labelled = {image.id for image, _ in self._pictures.store.labelled()}
        wanted: dict[Images, Callable[[str], bool]] = {
            Images.all: lambda image: True,
            Images.labeled: lambda image: image in labelled,
            Images.unlabeled: lambda image: image not in labelled,
        }
        chosen = [image.id for image in self._pictures.store.images() if wanted[which](image.id)]
        return chosen[:most] if most else chosen

    def score(self, row: JobRow, told: Told, unwanted: threading.Event) -> dict[str, Any]:
        """Dice of the labels of two tags, of every image that has both; kept in the images' info as ``dice``."""
        store = self._pictures.store
        params = ScoreParams.model_validate(row.request)
        predicted = {label.image: label for _, label in store.labelled(params.y_pred)}
        pairs = [(label, predicted[image.id]) for image, label in store.labelled(params.y) if image.id in predicted]
        pairs = [(one, other) for one, other in pairs if not (one.names_a_class or other.names_a_class)]
        cases = [(one.image, str(one.path), str(other.path)) for one, other in pairs]
        with Apart(SCORE, {}, niceness=self._niceness, log=row.log, unwanted=unwanted) as apart:
            result = apart.ask("score", {"cases": cases}, told)
        for image, figures in result["images"].items():
            store.set_image_info(image, {"dice": figures["dice"]})
        return result


def _class_file(heat_map: Path, name: str) -> Path:
    file = heat_map.with_name("class.json")
    heat_map.unlink()
    file.write_text(ClassLabel(label=name).model_dump_json())
    return file


class _Done:
    """What a batch has done, a line an image, so that it need not be done again."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.images: dict[str, dict[str, Any]] = {}
        if file.is_file():
            for line in file.read_text().splitlines():
                try:
                    self.images |= json.loads(line)
                except ValueError:  # torn by a crash: done once more
                    continue

    def add(self, image: str, said: dict[str, Any]) -> None:
        self.images[image] = said
        with self._file.open("a") as lines:
            lines.write(json.dumps({image: said}) + "\n")
