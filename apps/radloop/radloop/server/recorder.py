"""What is told of every request once its answer is known: a line of the log, a count, a row of the audit table."""

import logging
import time
from collections import OrderedDict
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import parse_qs

from anyio import CapacityLimiter, to_thread
from starlette.types import ASGIApp, Receive, Scope, Send

from radloop.refusal import Refusal
from radloop.server.deeds import Deed, begin
from radloop.server.disk import Disk
from radloop.server.metrics import Metrics
from radloop.server.plainly import answer
from radloop.server.rules import Found, find
from radloop.store.audit import Audit, plain_id

log = logging.getLogger("radloop.requests")

VIEW_S = 3600.0
"""A person who reads an image reads it in a hundred requests: the audit table says so once in this time."""
_REMEMBERED = 10_000
ASKED_ALL_DAY = ("/healthz", "/readyz", "/metrics")


class Recorder:
    """Stands between the guard and everything that answers. What has to be in the audit table is there before the
    answer is: where it cannot be written, the client is told 507 or 503 instead."""

    def __init__(self, app: ASGIApp, audit: Audit, metrics: Metrics, disk: Disk) -> None:
        self.app = app
        self.audit = audit
        self.metrics = metrics
        self.disk = disk
        self._seen: OrderedDict[tuple[str, str, str], float] = OrderedDict()
        self._threads = CapacityLimiter(4)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        began = time.monotonic()
        method, deed, found = scope["method"], begin(), find(scope["method"], scope["path"])
        scope.setdefault("state", {})["found"] = found
        instead = False

        async def sending(message: MutableMapping[str, Any]) -> None:
            nonlocal instead
            if message["type"] != "http.response.start":
                if not instead:
                    await send(message)
                return
            status = message["status"]
            refusal = await self._tell(scope, deed, found, status)
            status = refusal.http_status if refusal else status
            asked, route = (method, found.route) if found else ("(other)", "(other)")
            self.metrics.answered(asked, route, status, began)
            took_ms = (time.monotonic() - began) * 1000
            who = deed.who or "-"
            level = logging.DEBUG if route in ASKED_ALL_DAY else logging.INFO
            id = _id(scope, deed, found, status) or "-"
            log.log(level, "%s %s %d %s %s %.0f ms", asked, route, status, who, id, took_ms)
            if refusal:
                instead = True
                return await answer(send, status, refusal.sentence)
            await send(message)

        await self.app(scope, receive, sending)

    async def _tell(self, scope: Scope, deed: Deed, found: Found | None, status: int) -> Refusal | None:
        if found is None or not found.rule.did or not deed.who or (found.rule.view and status >= 400):
            return None  # whoever is nobody cannot fill the table
        told = deed.who, found.rule.did, _id(scope, deed, found, status)
        now = time.monotonic()
        if found.rule.view and now - self._seen.get(told, -VIEW_S) < VIEW_S:
            return None

        def write() -> None:
            try:
                self.audit.note(*told, model_version=deed.model_version, status=status)
            except Refusal:
                if found.rule.view or status >= 400:
                    raise
                self.disk.give_up_ballast()
                self.audit.note(*told, model_version=deed.model_version, status=status)

        try:
            await to_thread.run_sync(write, limiter=self._threads)
        except Refusal as refusal:
            log.error("the audit table could not be written: %s", refusal.sentence)
            # What was done may not be acknowledged unrecorded. What was refused may, and pictures go on being shown.
            return None if found.rule.view or status >= 400 else refusal
        if found.rule.view:
            self._seen[told] = now
            while len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
        return None


def _id(scope: Scope, deed: Deed, found: Found | None, status: int) -> str:
    """What the request is about: an id in plain characters, or nothing.

    Nothing of a request that failed, unless its route said so: what a client took for an id may be anybody's name.
    """
    if deed.id is not None or found is None or status >= 400:
        return plain_id(deed.id or "")
    query = parse_qs(scope["query_string"].decode("latin-1")) if found.rule.id else {}
    for name in found.rule.id:
        if value := found.values.get(name) or query.get(name, [""])[0]:
            return plain_id(value)
    return ""
