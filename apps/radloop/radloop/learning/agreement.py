"""Agreement of a label map with a reference, and of a share with its uncertainty."""

import math

from radloop.images import LabelMap

STRUCTURES = {"lv": 3, "myo": 2, "rv": 1}


def dice(label: LabelMap, reference: LabelMap, value: int) -> float:
    """Dice coefficient of one structure, 0..1; 1 where neither has it.

    >>> dice(np.array([1, 1, 0], np.uint8), np.array([1, 0, 0], np.uint8), 1)
    0.6666666666666666
    """
    a, b = label == value, reference == value
    both = int(a.sum()) + int(b.sum())
    return 2 * int((a & b).sum()) / both if both else 1.0


def dice_of_structures(label: LabelMap, reference: LabelMap) -> dict[str, float]:
    return {name: dice(label, reference, value) for name, value in STRUCTURES.items()}


def cyclic_distance(frame: int, other: int, n_frames: int) -> int:
    """Frames between two positions in a heart cycle, the shorter way round.

    >>> cyclic_distance(1, 30, 30)
    1
    """
    apart = abs(frame - other) % n_frames
    return min(apart, n_frames - apart)


def wilson(hits: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927).

    >>> [round(v, 3) for v in wilson(8, 10)]
    [0.49, 0.943]
    """
    if of == 0:
        return 0.0, 1.0
    p = hits / of
    middle = (p + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    return middle - half, middle + half
