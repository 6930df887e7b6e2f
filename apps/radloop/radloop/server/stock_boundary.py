"""MONAI Label's own client, once it has a token, sends forms under the content type of an earlier request.

It keeps one set of headers for all its requests, and leaves in it what each request adds: so a label may come as
``multipart/form-data`` with the boundary of the inference before it, or as ``application/json``. The body tells.
"""

import re
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send

_FORM = re.compile(rb"--([!-~]{1,70})\r\nContent-Disposition: form-data;", re.IGNORECASE)


class StockBoundary:
    """Sets the content type right where a form came under another one, on the routes that take forms."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("PUT", "POST"):
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        if "authorization" not in headers:
            return await self.app(scope, receive, send)
        first: MutableMapping[str, Any] | None = await receive()
        form = _FORM.match(first.get("body", b"")) if first else None
        if form is not None and form[1] != _boundary(headers.get("content-type", "")):
            MutableHeaders(scope=scope)["content-type"] = f"multipart/form-data; boundary={form[1].decode()}"

        async def again() -> MutableMapping[str, Any]:
            nonlocal first
            message, first = first, None
            return message if message is not None else await receive()

        await self.app(scope, again, send)


def _boundary(content_type: str) -> bytes | None:
    found = re.search(r'boundary="?([^";,]+)', content_type)
    return found[1].encode("latin-1") if found else None
