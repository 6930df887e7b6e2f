"""Bodies of several parts (multipart/related, RFC 2387) as DICOMweb sends them, both ways."""

import secrets
from collections.abc import Iterable, Iterator
from email.message import Message

from radloop.refusal import Refusal


def parameters(content_type: str) -> tuple[str, dict[str, str]]:
    """The type of a Content-Type header in lower case, and its parameters."""
    message = Message()
    message["content-type"] = content_type
    pairs = message.get_params(failobj=[], unquote=True)
    return message.get_content_type(), {name.lower(): str(value) for name, value in pairs[1:]}


def compose(parts: Iterable[bytes], part_type: str) -> tuple[Iterator[bytes], str]:
    """The chunks of a body and its Content-Type; ``part_type`` is that of every part."""
    boundary = secrets.token_hex(16)
    head = f"--{boundary}\r\nContent-Type: {part_type}\r\n\r\n".encode()

    def body() -> Iterator[bytes]:
        for part in parts:
            yield head
            yield part
            yield b"\r\n"
        yield f"--{boundary}--\r\n".encode()

    kind = part_type.split(";")[0]
    return body(), f'multipart/related; type="{kind}"; boundary={boundary}'


def split(body: bytes, content_type: str) -> list[tuple[str, bytes]]:
    """The parts of a body: their Content-Type and content. Refuses a body that is not whole."""
    kind, given = parameters(content_type)
    boundary = given.get("boundary", "")
    if kind != "multipart/related" or not boundary:
        raise Refusal("NOT_MULTIPART", "Objects are sent as multipart/related with a boundary.", http_status=415)
    mark = b"\r\n--" + boundary.encode("latin-1", "replace")
    pieces = (b"\r\n" + body).split(mark)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise Refusal("CUT_SHORT", "The body ends before its last boundary.", http_status=400)
    parts = []
    for piece in pieces[1:-1]:
        head, found, content = piece.partition(b"\r\n\r\n")
        if not found:
            raise Refusal("CUT_SHORT", "A part of the body has no content.", http_status=400)
        lines = [line.partition(b":") for line in head.split(b"\r\n")]
        types = [value.strip().decode("latin-1") for name, _, value in lines if name.strip().lower() == b"content-type"]
        parts.append((types[0] if types else "", content))
    return parts
