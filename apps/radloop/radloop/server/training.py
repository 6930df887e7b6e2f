"""Training as a job: the labels that were submitted, in a process of its own, to a version that is not published."""

import threading
from pathlib import Path
from typing import Any

from radloop.answers.jobs import LabelledCase, TrainParams, review_in
from radloop.refusal import Refusal
from radloop.server.catalogue import Catalogue
from radloop.server.pictures import Pictures
from radloop.server.versions import named
from radloop.store import ImageRow, LabelRow
from radloop.store.jobs import JobRow
from radloop.store.versions import served
from radloop.workers import Apart, Told

OPENER = "radloop.tasks.train:open"

RECIPE = Path("configs") / "fine_tune.json"
"""A bundle that has this can be trained."""


class Training:
    """The trainers there are, and the work of one."""

    def __init__(self, pictures: Pictures, catalogue: Catalogue, bundles: Path, niceness: int) -> None:
        self.models = [name for name in catalogue.names if (bundles / name / RECIPE).is_file()]
        self._pictures = pictures
        self._niceness = niceness

    def check(self, model: str) -> None:
        """Refuse at once what could only fail: a model without a trainer, or nothing to learn from."""
        if model not in self.models:
            known = ", ".join(self.models) or "none"
            raise Refusal("NO_SUCH_TRAINER", f"There is no trainer of that name; there are: {known}.", http_status=404)
        if not any(_may_teach(label) for _, label in self._pictures.store.labelled()):
            sentence = "There is no submitted label with reviewed frames to learn from yet."
            raise Refusal("NO_LABELS", sentence, http_status=409)

    def work(self, row: JobRow, told: Told, unwanted: threading.Event) -> dict[str, Any]:
        store = self._pictures.store
        assert row.model is not None
        cases = [self._case(image, label) for image, label in store.labelled() if _may_teach(label)]
        arguments = {
            "model": row.model,
            "cases": [case.model_dump(mode="json") for case in cases if case is not None],
            "versions": named(served(store, row.model)),
            "params": TrainParams.model_validate(row.request).model_dump(),
            "folder": str(row.folder),
        }
        options = {"data": str(store.data)}
        with Apart(OPENER, options, niceness=self._niceness, log=row.log, unwanted=unwanted) as apart:
            return apart.ask("train", arguments, told)

    def _case(self, image: ImageRow, label: LabelRow) -> LabelledCase | None:
        try:
            picture = self._pictures.picture(image.id)
        except Refusal:  # gone from the archive since
            return None
        files = str(picture.file), label.id, str(label.path)
        return LabelledCase.of(image.id, image.patient, *files, label.info, said=picture.said)


def _may_teach(label: LabelRow) -> bool:
    return not label.names_a_class and review_in(label.info).reviewed != {}
