"""What the panel says of a film. Of an abstention it says the reason, and neither class nor probability."""

from __future__ import annotations

from .answer import Answer
from .film import Film


def answer_words(answer: Answer | None) -> str:
    """The answer in one line."""
    if answer is None:
        return ""
    if answer.abstained:
        return "The model gives no answer."
    return f"The model says: {answer.label} ({percent(answer.probabilities[answer.label or ''])})."


def calibration_words(answer: Answer | None) -> str:
    """What a probability means, and from where on the positive class is named."""
    if answer is None or answer.abstained:
        return ""
    if answer.positive is None:
        words = "Calibrated: of films that are given 30 % for a class, about 30 in 100 are of it"
        words += "." if answer.prior is None else f", where {percent(answer.prior)} of all films are."
        return words + " Where a class is rarer, its probability is lower than said here."
    if answer.prior is None:
        return "For which share of films these probabilities are calibrated is not known: read them as an order only."
    words = (
        f"Calibrated for films of which {percent(answer.prior)} are {answer.positive} (the prior): of those that are "
        f"given 30 %, about 30 in 100 are. Where {answer.positive} is rarer, the probability is lower than said here."
    )
    if answer.threshold is not None:
        words += f" “{answer.positive}” is what the model says from {percent(answer.threshold)} on."
    return words


def remark_words(answer: Answer | None) -> str:
    """Why there is no answer, the server's warnings and the model's version, a line each."""
    if answer is None:
        return ""
    lines = [answer.reason] if answer.abstained else []
    lines += [words for _, words in answer.warnings]
    if answer.model_version:
        lines.append(f"Model version {answer.model_version}.")
    return "\n".join(lines)


def submitted_words(film: Film) -> str:
    if film.submitted is None:
        return "No class was submitted for this film yet."
    author = f" by {film.submitted.author}" if film.submitted.author else ""
    return f"Submitted{author}: {film.submitted.label}."


def percent(share: float) -> str:
    """ "83 %"; never 0 or 100, which nobody knows."""
    whole = round(100 * share)
    return "< 1 %" if whole < 1 else "> 99 %" if whole > 99 else f"{whole} %"
