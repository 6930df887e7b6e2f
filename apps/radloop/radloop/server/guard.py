"""What is asked of every request before any route sees it, and said in every answer."""

from collections.abc import Iterable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from anyio import move_on_after
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from radloop.server.headers import ANSWER_HEADERS, HSTS
from radloop.server.plainly import answer

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
RETRY_AFTER_S = 5
"""What is said to clients that find something out of order for a while."""
HEARD_OUT, HEARD_OUT_S = 1 << 20, 2.0
"""Bytes, and seconds, for which the body of a refused request is still read."""


class TooLarge(Exception):
    """Raised to whoever reads a body that goes on past the limit."""


class Body:
    """What a request brings, counted on its way to whoever reads it."""

    def __init__(self, receive: Receive, headers: Headers, limit: int) -> None:
        self._receive, self._limit = receive, limit
        self._received = 0
        self._ended = headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers

    async def receive(self) -> MutableMapping[str, Any]:
        message = await self._next()
        if self._received > self._limit:
            raise TooLarge
        return message

    async def hear_out(self) -> None:
        """Read what is left of a small body: whoever still sends would see a broken connection and not the refusal."""
        with move_on_after(HEARD_OUT_S):
            while not self._ended and self._received <= min(HEARD_OUT, self._limit):
                await self._next()

    async def _next(self) -> MutableMapping[str, Any]:
        message = await self._receive()
        self._received += len(message.get("body", b""))
        self._ended = not message.get("more_body", False)
        return message


class Guard:
    """Refuses other host names (DNS rebinding), pages of other origins, and bodies over ``body_limit`` bytes.

    ``hosts`` are names of this server beside those of loopback, ``origins`` those of pages elsewhere that may use it.
    ``tls``: browsers reach the server by https only.
    """

    def __init__(
        self,
        app: ASGIApp,
        body_limit: int,
        *,
        hosts: Iterable[str] = (),
        origins: Iterable[str] = (),
        tls: bool = False,
    ) -> None:
        self.app = app
        self.body_limit = body_limit
        self.hosts = LOOPBACK_NAMES | {host.lower() for host in hosts}
        self.origins = frozenset(origins)
        self.said = {**ANSWER_HEADERS, "Strict-Transport-Security": HSTS} if tls else ANSWER_HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            return await send({"type": "websocket.close", "code": 1008})
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        answered = False
        body = Body(receive, headers, self.body_limit)

        async def sending(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                if message["status"] >= 400:
                    await body.hear_out()
                given = MutableHeaders(scope=message)
                for name, value in self.said.items():
                    given.setdefault(name, value)
                if message["status"] == 503:
                    given.setdefault("Retry-After", str(RETRY_AFTER_S))
            await send(message)

        problem = self._problem(headers)
        if problem is None:
            try:
                return await self.app(scope, body.receive, sending)
            except TooLarge:
                if answered:
                    raise
                problem = self._too_large()
        await answer(sending, *problem)

    def _problem(self, headers: Headers) -> tuple[int, str] | None:
        host = _name(headers.get("host", ""))
        if host not in self.hosts:
            return 400, "This host name is not served here; whoever runs the server can add it to the setting hosts."
        origin = headers.get("origin")
        if origin is not None and origin not in self.origins and _origin_host(origin) != headers["host"]:
            return 403, "Pages of other origins may not use this server."
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > self.body_limit:
            return self._too_large()
        return None

    def _too_large(self) -> tuple[int, str]:
        return 413, f"The request is larger than {self.body_limit >> 20} MB."


def _origin_host(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
