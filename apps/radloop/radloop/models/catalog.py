"""Which bundles there are, read from their metadata; nothing heavy is imported."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from radloop import places
from radloop.refusal import Refusal


@dataclass(frozen=True)
class BundleCard:
    """A bundle's description; ``metadata`` is its ``configs/metadata.json``."""

    name: str
    folder: Path
    metadata: dict[str, Any]

    @property
    def version(self) -> str:
        return str(self.metadata["version"])

    @property
    def classifies(self) -> bool:
        """Whether it sorts radiographs into classes; otherwise it labels the voxels of cines."""
        return "classification" in self.metadata

    @property
    def variants(self) -> list[str]:
        """Names of the sets of weights of a bundle that has several, the usual one first."""
        return [path.stem for path in places.weights(self.folder)] if self.metadata.get("classification") else []

    @property
    def weights(self) -> Path:
        """The usual weights."""
        return places.weights(self.folder)[0]

    def settings_of(self, variant: str | None) -> dict[str, Any]:
        """What loads a variant, for ``load_bundle``; nothing for None. Raises Refusal("NO_SUCH_VARIANT")."""
        if variant is None:
            return {}
        if variant not in self.variants:
            known = ", ".join(self.variants) or "none"
            raise Refusal("NO_SUCH_VARIANT", f"{self.name} has no variant {variant!r}; there are: {known}.")
        weights = places.weights(self.folder)[self.variants.index(variant)]
        return {"weights": weights, "settings": {"variant": variant}}

    @property
    def split(self) -> dict[str, list[str]]:
        """The patients of each part ("train", "val", "test") that the weights were made with."""
        parts: dict[str, list[str]] = json.loads((self.folder / "configs" / "split.json").read_text())
        return parts

    @property
    def labels(self) -> dict[str, int]:
        """Name to value, without background."""
        return {entry["name"]: int(entry["value"]) for entry in self.metadata["labels"]}


@cache
def cards() -> dict[str, BundleCard]:
    """All shipped bundles by name."""
    found = sorted(places.bundles().glob("*/configs/metadata.json"))
    return {p.parents[1].name: BundleCard(p.parents[1].name, p.parents[1], json.loads(p.read_text())) for p in found}


def card(name: str) -> BundleCard:
    if name not in cards():
        known = ", ".join(cards()) or "none"
        raise Refusal("NO_SUCH_MODEL", f"{name}: no such model; there are: {known}", http_status=404)
    return cards()[name]
