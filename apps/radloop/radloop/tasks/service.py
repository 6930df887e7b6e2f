"""What a worker of ``radloop serve`` opens: models in memory, asked in plain data."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from radloop.images import Cine, Limits, limit_to
from radloop.models import Bundle, load_bundle
from radloop.refusal import Refusal
from radloop.tasks.drawn import measure_drawn
from radloop.tasks.infer import infer
from radloop.tasks.light_monai import import_light


class Service:
    """``facts`` tells of each model that is ready its version, of each that is not the reason."""

    def __init__(self, models: list[str]) -> None:
        self.bundles: dict[str, Bundle] = {}
        self.facts: dict[str, Any] = {"versions": {}, "faults": {}}
        for name in models:
            try:
                self.bundles[name] = load_bundle(name)
            except Refusal as refusal:
                self.facts["faults"][name] = refusal.sentence
            else:
                _warm(self.bundles[name])
                self.facts["versions"][name] = self.bundles[name].version

    def answer(self, what: str, arguments: dict[str, Any], progress: Callable[[float], None]) -> dict[str, Any]:
        """``infer`` with the arguments of ``tasks.infer``: ``{"file": str|None, "answer": JSON text}``;
        ``measure`` with those of ``measure_drawn``: ``{"answer": JSON text}``, also where no model could be loaded.
        """
        model = arguments["model"]
        if what == "measure":
            return {"answer": measure_drawn(self.bundles.get(model), arguments).model_dump_json()}
        if what != "infer":
            raise Refusal("NO_SUCH_REQUEST", f"{what}: workers do not know this request.", http_status=404)
        if model not in self.bundles:
            reason = self.facts["faults"].get(model, "no such model")
            raise Refusal("MODEL_UNAVAILABLE", f"{model} cannot be used: {reason}", http_status=503)
        file, answer = infer(
            self.bundles[model],
            Path(arguments["file"]),
            said=arguments.get("said"),
            image=arguments["image"],
            params=arguments["params"],
            folder=Path(arguments["folder"]) if arguments["folder"] else None,
            progress=progress,
        )
        return {"file": str(file) if file else None, "answer": answer.model_dump_json()}


def open(options: dict[str, Any]) -> Service:
    """``options["models"]``: names of the bundles to load; ``options["limits"]``: fields of ``images.Limits``."""
    limit_to(Limits(**options.get("limits", {})))
    import_light()
    return Service(options["models"])


def _warm(bundle: Bundle) -> None:
    """The first request should not pay for what torch prepares at first use."""
    noise = np.random.default_rng(0).normal(size=(32, 32, 1, 2)).astype(np.float32)
    bundle.predict(Cine(voxels=noise, affine=np.eye(4)))
