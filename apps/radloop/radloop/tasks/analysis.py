"""A cine and a model in; label map and measurements out."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from radloop.answers import Measurements
from radloop.heart import DiagnosisModel, measure
from radloop.images import Cine
from radloop.models import Bundle, Prediction


def analyse_cine(
    bundle: Bundle, cine: Cine, *, image: str, progress: Callable[[float], None] | None = None
) -> tuple[Prediction, Measurements]:
    """Label every frame and measure the heart; ``image`` is the id that the answer carries.

    ``progress`` is told the fraction done, 0 to 1. Raises ``Refusal`` where the picture cannot be used.
    """
    prediction = bundle.predict(cine, progress)
    measurements = measure(
        prediction.label,
        cine,
        image=image,
        model=prediction.model,
        model_version=prediction.model_version,
        diagnosis_model=diagnosis_model(bundle),
    )
    return prediction, measurements


def diagnosis_model(bundle: Bundle) -> DiagnosisModel | None:
    """A bundle may come without one: hearts are then measured and not sorted into groups."""
    return _read(bundle.about.folder / "models" / "diagnosis.json")


@cache
def _read(file: Path) -> DiagnosisModel | None:
    return DiagnosisModel.load(file) if file.exists() else None
