"""Requests that come while the server is still starting."""

from anyio import to_thread
from starlette.types import ASGIApp, Receive, Scope, Send

from radloop.server.pictures import Pictures

AT_ONCE = frozenset({"/info/", "/healthz", "/readyz"})
"""What is asked first, and needs no picture."""


class Patience:
    """Whatever else is asked waits until what reads DICOM is imported (see ``Pictures.open``)."""

    def __init__(self, app: ASGIApp, pictures: Pictures) -> None:
        self.app = app
        self.pictures = pictures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not (self.pictures.is_open or scope["type"] != "http" or scope["path"] in AT_ONCE):
            await to_thread.run_sync(self.pictures.open)
        await self.app(scope, receive, send)
