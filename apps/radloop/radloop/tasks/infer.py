"""The infer task: MONAI Label's contract around one bundle, from request to file and JSON."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from radloop.answers import Classification
from radloop.answers.service import InferAnswer, InferParams, ModelInfo, class_numbers
from radloop.chest import read_film
from radloop.images import read_cine
from radloop.models import Bundle
from radloop.refusal import Refusal
from radloop.tasks.analysis import analyse_cine
from radloop.tasks.film import answer_film
from radloop.tasks.grid import grid
from radloop.tasks.results import check_frame, wanted


def model_info(bundle: Bundle) -> ModelInfo:
    """What ``/info/`` says about a bundle that is loaded."""
    about = ModelInfo.from_metadata(bundle.about.metadata)
    said: dict[str, Any] = {"state": "ready", "version": bundle.version}
    if bundle.about.classifies:
        said["labels"] = class_numbers(bundle.classification["classes"])
    return about.model_copy(update=said)


def infer(
    bundle: Bundle,
    file: Path,
    *,
    image: str,
    params: Mapping[str, Any],
    folder: Path | None,
    said: Mapping[str, Any] | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[Path | None, InferAnswer | Classification]:
    """Answer one request: read ``file``, label and measure it, write the wanted part of the label into ``folder``;
    or classify it, and write the heat map.

    ``said`` is what is known of the picture's grid better than the file tells, see ``tasks.grid``. Without
    ``folder`` nothing is written. Raises ``Refusal`` for a picture or parameters that cannot be used.
    """
    asked = parse(params)
    if bundle.about.classifies:
        return answer_film(bundle, read_film(file), image=image, asked=asked, folder=folder)
    cine = read_cine(file)
    if said is not None:
        cine = replace(cine, **grid(said))
    check_frame(asked, cine, image)
    prediction, measurements = analyse_cine(bundle, cine, image=image, progress=progress)
    label_names = ModelInfo.from_metadata(bundle.about.metadata).labels
    answer = InferAnswer(**measurements.model_dump(), label_names=label_names)
    if folder is None:
        return None, answer
    part = wanted(asked, cine, measurements)
    return part.write(folder, prediction.label, cine, image=image, model=bundle.about.name), answer


def parse(params: Mapping[str, Any]) -> InferParams:
    """Raises ``Refusal`` naming the first parameter that is wrong."""
    try:
        return InferParams.model_validate(dict(params))
    except ValidationError as wrong:
        first = wrong.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise Refusal("BAD_PARAMS", f"params: {field}: {first['msg']}", http_status=400) from None
