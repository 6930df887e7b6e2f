"""What the panel says of an exam. Frames and slices count from 1 here, as everywhere on screens."""

from __future__ import annotations

from collections.abc import Iterable

from .exam import Exam


def frame_words(exam: Exam, frame_index: int, slice_index: int | None) -> str:
    """Where a person is, and what is reviewed and changed there."""
    review = exam.review
    words = f"Frame {frame_index + 1} of {review.n_frames}"
    marks = [name for name, t in zip(("ED", "ES"), exam.key_frames(), strict=True) if t == frame_index]
    if marks:
        words += f" ({', '.join(marks)})"
    if slice_index is not None:
        words += f", slice {slice_index + 1} of {review.n_slices}"
    reviewed, edited = review.reviewed(frame_index), review.edited(frame_index)
    if len(reviewed) == review.n_slices:
        words += "; reviewed"
    elif reviewed:
        words += f"; reviewed: {_slices(reviewed)}"
    else:
        words += "; not reviewed"
    return words + (f"; changed: {_slices(edited)}" if edited else "") + "."


def reviewed_words(exam: Exam) -> str:
    """What would be submitted as reviewed."""
    review = exam.review
    whole = [t for t in range(review.n_frames) if len(review.reviewed(t)) == review.n_slices]
    parts = [(t, review.reviewed(t)) for t in range(review.n_frames) if review.reviewed(t) and t not in whole]
    if not whole and not parts:
        return "Nothing is reviewed yet: mark what you have looked at. What you change counts by itself."
    said = [] if not whole else [f"{'frame' if len(whole) == 1 else 'frames'} {_numbers(whole)}"]
    said += [f"{_slices(slices)} of frame {t + 1}" for t, slices in parts]
    state = " Not submitted yet." if exam.unsent else " Submitted."
    return f"Reviewed: {'; '.join(said)}.{state}"


def warning_words(exam: Exam) -> str:
    """The server's warnings and the diagnosis, a line each."""
    measurements = exam.measurements
    lines = [warning["text"] for warning in measurements.get("warnings") or []]
    diagnosis = measurements.get("diagnosis")
    if diagnosis:
        probability = (diagnosis.get("probabilities") or {}).get(diagnosis["label"])
        certainty = "" if probability is None else f" ({100 * probability:.0f} %)"
        lines.insert(0, f"Most like the group {diagnosis['label']}{certainty}.")
    if exam.from_version:
        lines.append(f"Model version {exam.from_version}.")
    return "\n".join(lines)


def _slices(indices: Iterable[int]) -> str:
    indices = sorted(indices)
    return f"{'slice' if len(indices) == 1 else 'slices'} {_numbers(indices)}"


def _numbers(indices: Iterable[int]) -> str:
    """ "1 to 3, 7" for 0, 1, 2, 6."""
    runs: list[list[int]] = []
    for index in sorted(indices):
        if runs and index == runs[-1][1] + 1:
            runs[-1][1] = index
        else:
            runs.append([index, index])
    return ", ".join(str(a + 1) if a == b else f"{a + 1}{' to ' if b > a + 1 else ', '}{b + 1}" for a, b in runs)
