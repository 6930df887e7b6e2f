"""What is asked of every request before any route sees it, and said in every answer."""

import json
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
ANSWER_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "SAMEORIGIN",
}


class TooLarge(Exception):
    """Raised to whoever reads a body that goes on past the limit."""


class Guard:
    """Refuses other host names (DNS rebinding), pages of other origins, and bodies over ``body_limit`` bytes."""

    def __init__(self, app: ASGIApp, body_limit: int) -> None:
        self.app = app
        self.body_limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        answered = False

        async def sending(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                given = MutableHeaders(scope=message)
                for name, value in ANSWER_HEADERS.items():
                    given.setdefault(name, value)
            await send(message)

        problem = self._problem(headers)
        if problem is None:
            try:
                return await self.app(scope, self._counting(receive), sending)
            except TooLarge:
                if answered:
                    raise
                problem = self._too_large()
        await _answer(sending, *problem)

    def _problem(self, headers: Headers) -> tuple[int, str] | None:
        host = _name(headers.get("host", ""))
        if host not in HOSTS:
            return 400, "This host name is not served here."
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != headers["host"]:
            return 403, "Pages of other origins may not use this server."
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > self.body_limit:
            return self._too_large()
        return None

    def _too_large(self) -> tuple[int, str]:
        return 413, f"The request is larger than {self.body_limit >> 20} MB."

    def _counting(self, receive: Receive) -> Receive:
        received = 0

        async def counting() -> MutableMapping[str, Any]:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.body_limit:
                raise TooLarge
            return message

        return counting


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


async def _answer(send: Send, status: int, detail: str) -> None:
    body = json.dumps({"detail": detail}).encode()
    # The rest of a body that nobody will read would be taken for the next request.
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
