"""Which models can be asked for, read from the bundles' ``metadata.json``: known before any is loaded."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radloop.answers.service import ModelInfo, class_numbers
from radloop.refusal import Refusal

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Catalogue:
    """Models by name, as they stand in their metadata."""

    models: dict[str, ModelInfo]

    @classmethod
    def of(cls, bundles: Path) -> "Catalogue":
        """Every bundle; one whose metadata cannot be used is left out, and the log says so."""
        models = {}
        for file in sorted(bundles.glob("*/configs/metadata.json")):
            try:
                metadata = json.loads(file.read_text())
                if metadata.get("labels") or metadata.get("classification"):
                    models[file.parents[1].name] = ModelInfo.from_metadata(metadata)
            except (OSError, ValueError, LookupError) as fault:
                log.warning("bundle %s is left out: %s", file.parents[1].name, fault)
        return cls(models)

    @property
    def names(self) -> list[str]:
        return list(self.models)

    def model(self, name: str) -> ModelInfo:
        if name not in self.models:
            raise Refusal(
                "NO_SUCH_MODEL", f"There is no model of that name; there are: {', '.join(self.names)}.", http_status=404
            )
        return self.models[name]

    def with_states(self, facts: dict[str, Any] | None, fault: str | None) -> dict[str, ModelInfo]:
        """The models as the workers found them: ``facts`` is what they said when they opened."""
        return {name: about.model_copy(update=_state(name, facts, fault)) for name, about in self.models.items()}


def _state(name: str, facts: dict[str, Any] | None, fault: str | None) -> dict[str, Any]:
    if fault is not None:
        return {"state": "failed", "reason": fault}
    if facts is None:
        return {"state": "loading"}
    if name in facts["faults"]:
        return {"state": "failed", "reason": facts["faults"][name]}
    said = {"state": "ready", "version": facts["versions"][name], "reason": facts.get("reasons", {}).get(name)}
    classes = facts.get("classes", {}).get(name)  # a version may have been trained with its own
    return said | {"labels": class_numbers(classes)} if classes else said
