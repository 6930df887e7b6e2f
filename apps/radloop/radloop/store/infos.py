"""What is known of an image or a label, as it may be kept: a JSON object, and for labels a review."""

import json
from typing import Any

from pydantic import ValidationError

from radloop.answers.review import Review
from radloop.refusal import Refusal

DEEPEST = 32
"""Levels of lists and objects in one another. Python's own limit is met sooner by those who write than by who reads."""


def checked_info(info: dict[str, Any]) -> dict[str, Any]:
    """``info`` as what JSON can hold, which every database and every reader can take."""
    _refuse_deep(info)
    try:
        text = json.dumps(info, allow_nan=False, ensure_ascii=False)
        text.encode()  # half of a surrogate pair is in no text that could be sent
        checked = json.loads(text)
    except UnicodeEncodeError as fault:
        raise Refusal("BAD_INFO", "The info cannot be kept: it has half a character.", http_status=400) from fault
    except (ValueError, TypeError) as fault:
        raise Refusal("BAD_INFO", f"The info cannot be kept: {fault}.", http_status=400) from fault
    if not isinstance(checked, dict):
        raise Refusal("BAD_INFO", "The info is to be a JSON object.", http_status=400)
    return checked


def _refuse_deep(info: Any) -> None:
    level = [info]
    for _ in range(DEEPEST):
        nested = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        level = [inner for one in nested for inner in one]
    if level:
        sentence = f"The info cannot be kept: more than {DEEPEST} levels of lists and objects lie in one another."
        raise Refusal("BAD_INFO", sentence, http_status=400)


def reviewed_info(info: dict[str, Any], author: str | None) -> dict[str, Any]:
    claim = info.get("author")
    if author is not None and claim != author:
        info = {**info, "author": author} | ({"claimed_author": claim} if claim is not None else {})
    try:
        review = Review.model_validate({key: info[key] for key in Review.model_fields if key in info})
    except ValidationError as fault:
        first = fault.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Refusal(
            "BAD_REVIEW", f"The label's info is wrong at {where!r}: {first['msg']}.", http_status=400
        ) from fault
    return {**info, **review.model_dump(mode="json")}
