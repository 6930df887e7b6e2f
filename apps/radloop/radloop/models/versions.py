"""Which version of a model answers: the first of a list that is whole and loads, never anything else."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from radloop.models.bundle import Bundle, load_bundle
from radloop.refusal import Refusal

KEPT = 2
"""So many sets of weights of a model stay in memory: the present ones and those of requests that began before."""


@dataclass(frozen=True)
class Weights:
    """A version as it is named in a request: its file, the SHA-256 that the file was kept with, and the settings
    that it was trained with where they differ from the bundle's own."""

    version: str
    file: Path
    sha256: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def named(cls, told: Mapping[str, Any]) -> "Weights":
        """From plain data, as requests to workers carry it."""
        return cls(told["version"], Path(told["file"]), told["sha256"], told.get("settings") or {})


@dataclass
class Versions:
    """The versions of one model that are in memory, by the hash of their weights."""

    model: str
    loaded: dict[str, Bundle] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    """By hash: why whole weights do not load. They are not tried again."""

    def keep(self, bundle: Bundle, sha256: str) -> None:
        self.loaded.pop(sha256, None)
        self.loaded[sha256] = bundle
        while len(self.loaded) > KEPT:
            del self.loaded[next(iter(self.loaded))]

    def first_good(self, wanted: Iterable[Weights]) -> tuple[Bundle, dict[str, str]]:
        """The first version that can be used, and why those before it cannot, by name.

        Raises ``Refusal("NO_VERSION")`` where none can.
        """
        passed_over: dict[str, str] = {}
        for weights in wanted:
            try:
                return self._load(weights), passed_over
            except Refusal as refusal:
                passed_over[weights.version] = refusal.sentence
        reasons = " ".join(passed_over.values())
        raise Refusal("NO_VERSION", f"{self.model} has no version that can be used. {reasons}".strip(), http_status=503)

    def _load(self, weights: Weights) -> Bundle:
        key = weights.sha256
        bundle = self.loaded.get(key)
        if bundle is None:
            check_hash(self.model, weights)
            if key in self.faults:
                raise Refusal("BAD_VERSION", self.faults[key])
            try:
                bundle = load_bundle(self.model, weights.file, settings=weights.settings)
            except Refusal as refusal:
                name = f"{self.model} {weights.version}"
                # Clients are not told the server's paths.
                self.faults[key] = refusal.sentence.replace(str(weights.file), name)
                raise Refusal("BAD_VERSION", self.faults[key]) from None
        self.keep(bundle, key)
        bundle.version = weights.version
        return bundle


def check_hash(model: str, weights: Weights) -> None:
    """Raises ``Refusal("BAD_VERSION")`` where the file is missing or is not the one that was kept."""
    try:
        same = sha256_of(weights.file) == weights.sha256
    except OSError:
        same = False
    if not same:
        raise Refusal("BAD_VERSION", f"{model} {weights.version}: its weights are missing or damaged.")


def sha256_of(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
