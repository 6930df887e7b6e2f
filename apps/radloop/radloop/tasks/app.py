"""radloop as an app of MONAI Label's own server: ``python -m monailabel.main start_server --app apps/radloop``."""

import atexit
import itertools
import shutil
import tempfile
from pathlib import Path
from typing import Any

from monailabel.interfaces.app import MONAILabelApp
from monailabel.interfaces.tasks.infer_v2 import InferTask, InferType
from monailabel.interfaces.tasks.strategy import Strategy
from monailabel.tasks.activelearning.first import First
from monailabel.tasks.activelearning.random import Random

from radloop import __version__
from radloop.images import case_name
from radloop.models import Bundle, load_bundle
from radloop.tasks.infer import infer, model_info

DESCRIPTION = "Cine MR of the heart: every frame labelled, and what follows from it. Research use only."


class CineTask(InferTask):
    """A cine model as an infer task; writes its files into ``folder``, from where MONAI Label's server removes them.

    That folder is not the system's temporary one: a client on the same machine saves under the same name there.
    """

    def __init__(self, bundle: Bundle, folder: Path) -> None:
        self.bundle = bundle
        self.folder = folder
        self.numbers = itertools.count(1)
        about = model_info(bundle)
        super().__init__(
            type=InferType.SEGMENTATION,
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


class RadloopApp(MONAILabelApp):
    """The app; MONAI Label finds it by the name of its base class."""

    def __init__(self, app_dir: str, studies: str, conf: dict[str, str]) -> None:
        super().__init__(app_dir, studies, conf, name="radloop", description=DESCRIPTION, version=__version__)

    def init_infers(self) -> dict[str, InferTask]:
        folder = Path(tempfile.mkdtemp(prefix="radloop-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return {"cine_heart": CineTask(load_bundle("cine_heart"), folder)}

    def init_strategies(self) -> dict[str, Strategy]:
        return {"first": First(), "random": Random()}
