"""One HTTP exchange that reports progress, can be cancelled at any moment, and fails in plain sentences."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from .faults import NotReached, Refused, Strange
from .job import Ticket

CONNECT_S = 5.0
_CHUNK = 1 << 18


@dataclass(frozen=True)
class Reply:
    body: bytes
    content_type: str
    parameters: Mapping[str, str]

    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Strange("The server answered, but not as a MONAI Label server does; is the address right?") from error


@dataclass(frozen=True)
class Request:
    """What is asked. ``timeout_s`` is the longest silence that is borne, not the length of the whole."""

    method: str
    path: str
    query: Mapping[str, str]
    body: bytes = b""
    content_type: str = ""
    timeout_s: float = 15.0
    sending: str = ""
    waiting: str = ""
    receiving: str = ""


def exchange(url: str, request: Request, ticket: Ticket, token: str = "") -> Reply:
    """Send a request to ``url`` (scheme, host, port, root path) and give the whole answer. ``token``: who asks.

    Raises NotReached, Refused, Strange or, when the ticket was cancelled, Cancelled.
    """
    parts = urlsplit(url)
    connection = _connection(parts.scheme, parts.hostname or "", parts.port)
    try:
        return _exchange(connection, parts.path, request, ticket, token)
    except ssl.SSLCertVerificationError as error:
        ticket.check()
        reason = error.verify_message
        raise NotReached(f"The certificate of {url} cannot be trusted ({reason}); nothing was sent.") from error
    except TimeoutError as error:
        ticket.check()
        raise NotReached(f"The server at {url} did not answer in time.") from error
    except (ConnectionRefusedError, socket.gaierror) as error:
        ticket.check()
        raise NotReached(f"No server answers at {url}; is it running, and is the address right?") from error
    except http.client.BadStatusLine as error:  # also RemoteDisconnected
        ticket.check()
        raise NotReached(f"The server at {url} went away before it had answered.") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        # ValueError: a socket that was closed by `cancel` while http.client still read from it
        ticket.check()
        raise NotReached(f"The connection to {url} broke ({error}).") from error
    finally:
        connection.close()


def _connection(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=CONNECT_S, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, port, timeout=CONNECT_S)


def _exchange(connection: http.client.HTTPConnection, root: str, request: Request, ticket: Ticket, token: str) -> Reply:
    ticket.check()
    connection.connect()
    stream = connection.sock
    stream.settimeout(request.timeout_s)

    def interrupt() -> None:
        with contextlib.suppress(OSError):  # it may be closed already
            stream.shutdown(socket.SHUT_RDWR)

    ticket.on_cancel(interrupt)
    try:
        target = root + request.path + ("?" + urlencode(request.query) if request.query else "")
        headers = {"Accept": "*/*", "Connection": "close"} | ({"Authorization": f"Bearer {token}"} if token else {})
        # Where nothing is sent there must be no body, not an empty one: http.client would announce chunks, and a server
        # that does not read their end resets the connection when it closes, and the rest of its answer is lost.
        sent = None
        if request.body or request.method in ("PUT", "POST"):
            headers |= {"Content-Length": str(len(request.body)), "Content-Type": request.content_type}
            sent = _sent(request, ticket)
        connection.request(request.method, target, sent, headers)
        ticket.say(request.waiting)
        response = connection.getresponse()
        body = _received(response, request, ticket)
    finally:
        ticket.on_cancel(None)
    if response.status >= 400:
        raise Refused(_sentence(response.status, body), response.status)
    if response.status >= 300:
        raise Strange("The server sends this request elsewhere; give the address that it names, usually with https.")
    return Reply(body, response.headers.get_content_type(), dict(response.headers.get_params() or []))


def _sent(request: Request, ticket: Ticket) -> Iterator[bytes]:
    total = len(request.body)
    for start in range(0, total, _CHUNK):
        ticket.say(request.sending, start / total)
        yield request.body[start : start + _CHUNK]


def _received(response: http.client.HTTPResponse, request: Request, ticket: Ticket) -> bytes:
    total = response.length  # 0 for HEAD, None where the server does not say
    body = bytearray()
    while chunk := response.read1(_CHUNK):  # what is there, however little: for the progress
        body += chunk
        ticket.check()
        ticket.say(request.receiving, len(body) / total if total else None)
    ticket.check()
    if total is not None and len(body) < total:
        raise http.client.IncompleteRead(bytes(body), total - len(body))
    return bytes(body)


def _sentence(status: int, body: bytes) -> str:
    """The server's own words where it has some: FastAPI and MONAI Label put them under ``detail``."""
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    while isinstance(said, dict):
        said = next((said[key] for key in ("detail", "sentence", "message", "msg", "error") if said.get(key)), None)
    if isinstance(said, str) and said.strip():
        return said.strip()
    reason = http.client.responses.get(status, "an error")
    return f"The server answered with {status} ({reason})."
