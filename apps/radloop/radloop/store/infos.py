"""What is known of an image or a label, as it may be kept: a JSON object, and for labels a review."""

import json
from typing import Any

from pydantic import ValidationError

from radloop.answers.review import Review
from radloop.refusal import Refusal


def checked_info(info: dict[str, Any]) -> dict[str, Any]:
    """``info`` as what JSON can hold, which every database and every reader can take."""
    try:
        text = json.dumps(info, allow_nan=False)
        checked = json.loads(text)
        text.encode()
    except (ValueError, TypeError, RecursionError) as fault:
        raise Refusal("BAD_INFO", f"The info cannot be kept: {fault}.", http_status=400) from fault
    if not isinstance(checked, dict):
        raise Refusal("BAD_INFO", "The info is to be a JSON object.", http_status=400)
    return checked


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
