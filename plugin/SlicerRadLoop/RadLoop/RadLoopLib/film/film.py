"""What is known about one film beside its pixels, as it is kept in a scene and in a saved scene."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from .answer import Answer


@dataclass(frozen=True)
class Said:
    """The class that a person submitted."""

    label: str
    author: str | None


@dataclass(frozen=True)
class Film:
    """image : id on the server; None while the film is known to the scene only. server : the address that answered."""

    image: str | None
    server: str
    answer: Answer | None = None
    submitted: Said | None = None

    def submission(self, label: str, author: str, model: str) -> dict[str, Any]:
        """The words that go with a submitted class."""
        version = self.answer.model_version if self.answer else None
        return {"author": author, "from_version": version or None, "model": model, "label": label}

    def to_text(self) -> str:
        return json.dumps({"radloop_film": 1, **asdict(self)})

    @classmethod
    def from_text(cls, text: str) -> Film:
        data = json.loads(text)
        answer, submitted = data["answer"], data["submitted"]
        if answer is not None:
            answer = Answer(
                **{
                    **answer,
                    "classes": tuple(answer["classes"]),
                    "warnings": tuple((code, words) for code, words in answer["warnings"]),
                }
            )
        return cls(data["image"], data["server"], answer, Said(**submitted) if submitted else None)
