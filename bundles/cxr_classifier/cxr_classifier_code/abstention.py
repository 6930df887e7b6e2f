"""Teaches a network's gate what films look like, and sets the limits beyond which it abstains."""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from cxr_classifier_code import gate as gates
from cxr_classifier_code.augment import augmented
from cxr_classifier_code.kinds import SIDE, other_kinds

# Of real films in mildly changed forms, this share lies below each limit, to which room is added for films of
# machines that were not there: what is no film lies far beyond (benchmarks/cxr_abstention.py).
KEPT = 0.997
ROOM = 1.1
# Forms of every film that the gate is shown.
FORMS = 6
OTHERS_EACH = 400


def teach_gate(gate: gates.Gate, films: Tensor, seed: int = 0, steps: int = 600) -> None:
    """``films`` are those of the training part, (N, 1, S, S) uint8."""
    pictures = at_side(films)
    rounds = max(1, min(FORMS, 20_000 // len(films)))
    shown = [gate.small(pictures)]
    shown += [gate.small(changed(pictures, seed * 1000 + i, 0.7)) for i in range(rounds)]
    made = other_kinds([p.numpy() for p in pictures[:, 0]], OTHERS_EACH, seed)
    others = torch.stack([torch.from_numpy(p) for kind in made.values() for p in map(fitted, kind)])[:, None]
    strange = [gate.small(others), gate.small(changed(others, seed * 1000 + 999, 0.7))]
    gates.teach(gate, torch.cat(shown), torch.cat(strange), seed, steps)


def fitted(picture: Any) -> Any:
    """Pictures made of tiles may be a little smaller."""
    if picture.shape == (SIDE, SIDE):
        return picture
    return interpolate(torch.from_numpy(picture)[None, None], (SIDE, SIDE), mode="bilinear")[0, 0].numpy()


def changed(pictures: Tensor, seed: int, strength: float) -> Tensor:
    return augmented(pictures, SIDE, seed, strength, hide=False)


def at_side(pictures: Tensor) -> Tensor:
    """uint8 (N, 1, S, S) to (N, 1, 64, 64) of 0 to 1."""
    return interpolate(pictures.float() / 255, (SIDE, SIDE), mode="bilinear", antialias=True, align_corners=False)


def limits(gate: gates.Gate, films: Tensor, seen: Tensor, seed: int = 0) -> dict[str, Any]:
    """What ``metadata.json`` says of abstention: limits from films of the validation part, and what share they refuse.

    ``films`` (N, 1, S, S) uint8 are given mildly changed as well; ``seen`` are the same ones as the network sees them.
    """
    pictures = at_side(films)
    forms = [gate.small(seen)] + [gate.small(changed(pictures, seed + i, 0.4)) for i in range(1, 5)]
    with torch.inference_mode():
        scores = gate(torch.cat(forms))
        plain = gate(forms[0])
    highest = {name: float(torch.quantile(getattr(scores, name), KEPT)) for name in gates.SCORES}
    found = {name: round(ROOM * value, 4) for name, value in highest.items()}
    # Half way to even odds of a film and something else.
    found["strange"] = round(max(highest["strange"], highest["strange"] / 2), 4)
    return {
        "limits": found,
        "films": len(films),
        "refused": round(float(plain.over(found).float().mean()), 4),
    }
