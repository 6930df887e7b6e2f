"""A bundle in memory: its network with its weights, and its own way of inferring."""

import pickle
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from radloop.images import Cine, Radiograph
from radloop.models.catalog import BundleCard, card
from radloop.models.light_monai import import_light
from radloop.models.prediction import Prediction, Reading
from radloop.refusal import Refusal


class Bundle:
    """A bundle that is ready to infer. Made once a process: its network stays in memory.

    ``inferer`` and ``network_def`` are those of the bundle's ``configs/inference.json``, so that an answer
    here is the answer of ``python -m monai.bundle run``. ``version`` names the weights: the bundle's own, or a
    version that was made from them. ``settings`` are laid over the keys of that file: a variant, or what a version
    with classes of its own was trained with.
    """

    def __init__(
        self,
        about: BundleCard,
        weights: Path | None = None,
        version: str | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        # torch and monai take seconds to import, and whoever only lists bundles needs neither.
        import_light()
        import torch
        from monai.bundle.config_parser import ConfigParser

        if str(about.folder) not in sys.path:
            sys.path.append(str(about.folder))
        self.about = about
        self.version = version or about.version
        parser = ConfigParser()
        parser.read_config(about.folder / "configs" / "inference.json")
        parser["bundle_root"] = str(about.folder)
        if about.variants:  # weights and calibration are of one variant
            parser["variant"] = about.variants[0]
        for key, value in (settings or {}).items():
            parser[key] = value
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network: Any = parser.get_parsed_content("network_def").to(self.device).eval()
        self.inferer: Any = parser.get_parsed_content("inferer")
        self.classification: dict[str, Any] = _classification(about, settings or {})
        _load_weights(self.network, weights or about.weights)

    def predict(self, cine: Cine, progress: Callable[[float], None] | None = None) -> Prediction:
        """Label every frame; ``progress`` is called with 0..1."""
        import torch
        from monai.data.meta_tensor import MetaTensor

        voxels = torch.from_numpy(np.ascontiguousarray(cine.voxels, dtype=np.float32))
        meta = {"spacing_known": cine.spacing_known}
        image = MetaTensor(voxels[None, None], affine=torch.from_numpy(cine.affine), meta=meta)
        label = self.inferer(image, self.network, progress=progress)
        return Prediction(label[0, 0].numpy(), self.about.name, self.version)

    def classify(self, films: Sequence[Radiograph], *, heat_map: bool = False) -> list[Reading]:
        """Sort films into classes, all at once; the answer for one is the same in any company.

        The network is not asked about a film whose own header says that it is no chest film.
        """
        asked = [film for film in films if not film.no_chest_film]
        pictures = [np.ascontiguousarray(film.pixels.T) for film in asked]
        said = iter(self.inferer(pictures, self.network, heat_map=heat_map) if pictures else ())
        return [
            Reading({}, None, True, film.no_chest_film) if film.no_chest_film else _read(next(said)) for film in films
        ]

    @contextmanager
    def memory_off(self) -> Iterator[None]:
        """Within this block every frame is segmented as if it were alone."""
        recurrent = [m for m in self.network.modules() if hasattr(m, "keep_state")]
        for module in recurrent:
            module.keep_state = False
        try:
            yield
        finally:
            for module in recurrent:
                module.keep_state = True


def load_bundle(
    name: str, weights: Path | None = None, version: str | None = None, settings: Mapping[str, Any] | None = None
) -> Bundle:
    """Load a shipped bundle, or another set of weights for it. Raises Refusal if it cannot be loaded whole."""
    return Bundle(card(name), weights, version, settings)


def _read(said: Any) -> Reading:
    """A bundle's reading, whose heat map has (rows, columns), in our words."""
    seen = None if said.heat_map is None else np.ascontiguousarray(said.heat_map.T, np.float32)
    return Reading(dict(said.probabilities), said.label, said.abstained, said.reason, seen)


def _classification(about: BundleCard, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Classes, threshold and prior of what answers, as in ``metadata.json``; empty where nothing is classified."""
    if not about.classifies:
        return {}
    own: dict[str, Any] | None = settings.get("calibration")
    return own or dict(about.metadata["classification"][settings.get("variant", about.variants[0])])


def _load_weights(network: Any, path: Path) -> None:
    """Random weights are never used: a file that is missing, damaged or of another network is refused."""
    import torch

    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)["model"]
        if not all(bool(torch.isfinite(value).all()) for value in weights.values()):
            raise Refusal("BAD_WEIGHTS", f"{path}: holds values that are no numbers", http_status=503)
        network.load_state_dict(weights)
    except FileNotFoundError:
        raise Refusal("NO_WEIGHTS", f"{path}: the model's weights are missing", http_status=503) from None
    except (RuntimeError, KeyError, EOFError, TypeError, AttributeError, pickle.UnpicklingError) as fault:
        reason = str(fault).splitlines()[0][:200]
        raise Refusal("BAD_WEIGHTS", f"{path}: not the weights of this model ({reason})", http_status=503) from fault
