"""What a worker of ``radloop serve`` opens: models in memory, asked in plain data."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from radloop.images import Cine, Limits, Radiograph, limit_to
from radloop.models import Bundle, load_bundle
from radloop.models.versions import Versions, Weights, sha256_of
from radloop.refusal import Refusal
from radloop.tasks.drawn import measure_drawn
from radloop.tasks.infer import infer


class Service:
    """``facts`` tells of each model that is ready its version, of each that is not the reason.

    Opened with the weights that are shipped; each request names the versions that may answer it, the one that is
    to answer first. So a version is published by being named, and a request ends with the one that it began with.
    """

    def __init__(self, models: list[str]) -> None:
        self.versions = {name: Versions(name) for name in models}
        self.facts: dict[str, Any] = {"versions": {}, "faults": {}}
        for name in models:
            try:
                bundle = load_bundle(name)
            except Refusal as refusal:
                self.facts["faults"][name] = refusal.sentence
            else:
                _warm(bundle)
                self.versions[name].keep(bundle, sha256_of(bundle.about.weights))
                self.facts["versions"][name] = bundle.version

    def answer(self, what: str, arguments: dict[str, Any], progress: Callable[[float], None]) -> dict[str, Any]:
        """``infer`` with the arguments of ``tasks.infer``: ``{"file": str|None, "answer": JSON text}``;
        ``measure`` with those of ``measure_drawn``: ``{"answer": JSON text}``, also where no model could be loaded;
        ``use`` loads a version: ``{"version": name}``. What is answered by a version has ``passed_over`` as well:
        the versions before it in turn that cannot be used, and why.
        """
        model = arguments["model"]
        if what == "measure":
            newest = next(reversed(self.versions[model].loaded.values()), None) if model in self.versions else None
            return {"answer": measure_drawn(newest, arguments).model_dump_json()}
        bundle, passed_over = self._chosen(model, arguments.get("versions"))
        if what == "use":
            return {"version": bundle.version, "passed_over": passed_over}
        if what != "infer":
            raise Refusal("NO_SUCH_REQUEST", f"{what}: workers do not know this request.", http_status=404)
        file, answer = infer(
            bundle,
            Path(arguments["file"]),
            said=arguments.get("said"),
            image=arguments["image"],
            params=arguments["params"],
            folder=Path(arguments["folder"]) if arguments["folder"] else None,
            progress=progress,
        )
        return {
            "file": str(file) if file else None,
            "answer": answer.model_dump_json(),
            "version": bundle.version,
            "passed_over": passed_over,
        }

    def _chosen(self, model: str, named: list[dict[str, Any]] | None) -> tuple[Bundle, dict[str, str]]:
        known = self.versions.get(model)
        if known is not None and named:
            return known.first_good(map(Weights.named, named))
        if known is None or not known.loaded:
            reason = self.facts["faults"].get(model, "no such model")
            raise Refusal("MODEL_UNAVAILABLE", f"{model} cannot be used: {reason}", http_status=503)
        return next(iter(known.loaded.values())), {}


def open(options: dict[str, Any]) -> Service:
    """``options["models"]``: names of the bundles to load; ``options["limits"]``: fields of ``images.Limits``."""
    limit_to(Limits(**options.get("limits", {})))
    return Service(options["models"])


def _warm(bundle: Bundle) -> None:
    """The first request should not pay for what torch prepares at first use."""
    noise = np.random.default_rng(0).normal(size=(32, 32, 1, 2)).astype(np.float32)
    if bundle.about.classifies:
        bundle.classify([Radiograph(noise[:, :, 0, 0], None, np.eye(4))])
    else:
        bundle.predict(Cine(voxels=noise, affine=np.eye(4)))
