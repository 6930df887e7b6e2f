"""Answers that are given before a route is reached."""

import json
from collections.abc import Mapping

from starlette.types import Send


async def answer(send: Send, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
    """Answer in one sentence, and end the connection."""
    body = json.dumps({"detail": detail}).encode()
    # The rest of a body that nobody will read would be taken for the next request.
    said = {"content-type": "application/json", "content-length": str(len(body)), "connection": "close"}
    told = [(name.encode(), value.encode("latin-1")) for name, value in {**said, **(headers or {})}.items()]
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": body})
