"""Who asks, and whether they may: by a token in the request's header, or in the cookie of the login page."""

import time
from collections import OrderedDict
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote

from anyio import CapacityLimiter, to_thread
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from radloop.server.deeds import HERE, Person, current
from radloop.server.disk import FULL, Disk
from radloop.server.plainly import answer
from radloop.server.rules import Found, methods_of
from radloop.store.tokens import Tokens

COOKIE = "radloop_token"
BELIEVED_S = 2.0
"""A token is looked up anew after so long: a revoked one is refused from then on."""
_REMEMBERED = 256


class Doorkeeper:
    """Turns a secret into a person; asks the store off the event loop."""

    def __init__(self, tokens: Tokens | None) -> None:
        """``tokens`` is None where nobody is asked for one."""
        self.tokens = tokens
        self._known: OrderedDict[str, tuple[float, Person | None]] = OrderedDict()
        # Of its own: requests that work for seconds must not keep others waiting at the door.
        self._threads = CapacityLimiter(4)

    async def person(self, secret: str | None) -> Person | None:
        if self.tokens is None:
            return Person(HERE, "admin")
        if not secret or len(secret) > 200:
            return None
        now = time.monotonic()
        known = self._known.get(secret)
        if known is not None and now - known[0] < BELIEVED_S:
            return known[1]
        token = await to_thread.run_sync(self.tokens.of, secret, limiter=self._threads)
        person = Person(token.name, token.role, token) if token else None
        self._known[secret] = now, person
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return person


class Access:
    """Lets a request through to its route, or answers 401, 403, 404 or 405; 507 where there is no room for what it
    would keep. Stands behind ``Recorder``."""

    def __init__(self, app: ASGIApp, door: Doorkeeper, disk: Disk) -> None:
        self.app = app
        self.door = door
        self.disk = disk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        person = await self.door.person(secret_of(headers))
        scope["state"]["person"] = person
        if person is not None:
            deed = current()
            deed.who, deed.known = person.name, person.token is not None
        found: Found | None = scope["state"]["found"]
        if not (self.door.tokens is None or (found is not None and found.rule.role is None)):
            if person is None:
                return await _ask_to_log_in(scope, headers, send)
            if found is None:
                return await _nothing_there(scope, send)
            if found.rule.role is not None and not person.may(found.rule.role):
                sentence = f"This needs the role {found.rule.role}; the token's is {person.role}."
                return await answer(send, 403, sentence)
        if found is not None and found.rule.keeps and self.disk.is_full():
            return await answer(send, 507, FULL)
        await self.app(scope, receive, send)


async def _ask_to_log_in(scope: Scope, headers: Headers, send: Send) -> None:
    """A browser that wants a page is sent to the login page; everything else is told."""
    if scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
        query = scope["query_string"].decode("latin-1")
        wanted = quote(scope["path"] + (f"?{query}" if query else ""), safe="/")
        return await answer(send, 303, "Log in first.", {"location": f"/login?next={wanted}"})
    said = {"www-authenticate": "Bearer"}
    await answer(send, 401, "A token is needed: it is missing, has expired or was revoked.", said)


async def _nothing_there(scope: Scope, send: Send) -> None:
    if methods := methods_of(scope["path"]):
        return await answer(send, 405, "Method Not Allowed", {"allow": ", ".join(methods)})
    await answer(send, 404, "Not Found")


def secret_of(headers: Headers) -> str | None:
    """The token that a request carries: a header goes before a cookie, which browsers send unasked."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return given.strip()
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return cookie.value if cookie else None
