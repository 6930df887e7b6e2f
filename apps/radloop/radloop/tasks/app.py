"""radloop as an app of MONAI Label's own server: ``python -m monailabel.main start_server --app apps/radloop``."""

import atexit
import itertools
import shutil
import tempfile
from pathlib import Path
from typing import Any

from monailabel.interfaces.app import MONAILabelApp
from monailabel.interfaces.datastore import Datastore, DefaultLabelTag
from monailabel.interfaces.tasks.infer_v2 import InferTask, InferType
from monailabel.interfaces.tasks.scoring import ScoringMethod
from monailabel.interfaces.tasks.strategy import Strategy
from monailabel.interfaces.tasks.train import TrainTask
from monailabel.tasks.activelearning.first import First
from monailabel.tasks.activelearning.random import Random

from radloop import __version__, places
from radloop.answers.jobs import LabelledCase, TrainParams
from radloop.images import case_name
from radloop.models import Bundle, cards
from radloop.store import Store
from radloop.store.names import patient_of
from radloop.tasks import scoring
from radloop.tasks.infer import infer, model_info
from radloop.tasks.served import candidates, served_bundle
from radloop.tasks.train import DESCRIPTION as TRAINER
from radloop.tasks.train import train

DESCRIPTION = "Cine MR of the heart and chest X-rays: what is seen, and what follows from it. Research use only."


class BundleTask(InferTask):
    """A model as an infer task; writes its files into ``folder``, from where MONAI Label's server removes them.

    That folder is not the system's temporary one: a client on the same machine saves under the same name there.
    """

    def __init__(self, bundle: Bundle, folder: Path) -> None:
        self.bundle = bundle
        self.folder = folder
        self.numbers = itertools.count(1)
        about = model_info(bundle)
        super().__init__(
            type=InferType.CLASSIFICATION if bundle.about.classifies else InferType.SEGMENTATION,
            labels=about.labels,
            dimension=about.dimension,
            description=about.description,
        )

    def info(self) -> dict[str, Any]:
        return model_info(self.bundle).model_dump(mode="json")

    def is_valid(self) -> bool:
        return True

    def __call__(self, request: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
        file = Path(request["image"])
        folder = self.folder / str(next(self.numbers))
        folder.mkdir()
        written, answer = infer(self.bundle, file, image=case_name(file), params=request, folder=folder)
        return str(written), answer.model_dump(mode="json")


class CineTrainer(TrainTask):
    """Trains on final labels; the version that comes of it is kept in radloop's own data folder, unpublished."""

    def __init__(self, model: str) -> None:
        super().__init__(TRAINER)
        self.model = model

    def config(self) -> dict[str, Any]:
        return TrainParams().model_dump(exclude_none=True)

    def __call__(self, request: dict[str, Any], datastore: Datastore) -> dict[str, Any]:
        with Store(places.data()) as store, tempfile.TemporaryDirectory(prefix="radloop-") as folder:
            return train(
                store,
                self.model,
                _final_labels(datastore),
                candidates(store, self.model),
                TrainParams.model_validate(request),
                Path(folder),
                lambda fraction, line="": print(f"{100 * fraction:3.0f} % {line}"),
            )


def _final_labels(datastore: Datastore) -> list[LabelledCase]:
    cases = []
    for image in datastore.get_labeled_images():
        label = datastore.get_label_by_image_id(image, DefaultLabelTag.FINAL)
        info = datastore.get_label_info(label, DefaultLabelTag.FINAL)
        files = str(datastore.get_image_uri(image)), label, str(datastore.get_label_uri(label, DefaultLabelTag.FINAL))
        cases.append(LabelledCase.of(image, patient_of(image, datastore.get_image_info(image)), *files, info))
    return cases


class DiceScoring(ScoringMethod):
    """Dice of each image that has both labels, kept in the image's info as MONAI Label's own does."""

    def __init__(self) -> None:
        super().__init__(scoring.DICE)

    def __call__(self, request: dict[str, Any], datastore: Datastore) -> dict[str, float]:
        found = {}
        tags = request.get("y", DefaultLabelTag.FINAL), request.get("y_pred", DefaultLabelTag.ORIGINAL)
        for image in datastore.list_images():
            submitted, predicted = (datastore.get_label_by_image_id(image, tag) for tag in tags)
            if submitted and predicted:
                files = (
                    datastore.get_label_uri(label, tag) for label, tag in zip((submitted, predicted), tags, strict=True)
                )
                found[image] = scoring.dice_of(*map(Path, files))["dice"]
                datastore.update_image_info(image, {"dice": found[image]})
        return found


class RadloopApp(MONAILabelApp):
    """The app; MONAI Label finds it by the name of its base class."""

    def __init__(self, app_dir: str, studies: str, conf: dict[str, str]) -> None:
        super().__init__(app_dir, studies, conf, name="radloop", description=DESCRIPTION, version=__version__)

    def init_infers(self) -> dict[str, InferTask]:
        folder = Path(tempfile.mkdtemp(prefix="radloop-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        # A bundle under development may not have been trained yet.
        names = [name for name, about in cards().items() if about.weights.is_file()]
        return {name: BundleTask(served_bundle(name)[0], folder) for name in names}

    def init_trainers(self) -> dict[str, TrainTask]:
        return {"cine_heart": CineTrainer("cine_heart")}

    def init_scoring_methods(self) -> dict[str, ScoringMethod]:
        return {"dice": DiceScoring()}

    def init_strategies(self) -> dict[str, Strategy]:
        return {"first": First(), "random": Random()}
