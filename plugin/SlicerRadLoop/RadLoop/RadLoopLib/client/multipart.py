"""``multipart/form-data``, both ways. The standard library has had neither since ``cgi`` left it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from .faults import Strange


@dataclass(frozen=True)
class Part:
    """One field of a form: its bytes, and a file name where it is a file."""

    data: bytes
    filename: str | None = None


def encode(fields: Mapping[str, Part]) -> tuple[bytes, str]:
    """The body and its content type (RFC 7578)."""
    boundary = uuid.uuid4().hex
    body = bytearray()
    for name, part in fields.items():
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'.encode()
        if part.filename is not None:
            quoted = part.filename.replace('"', "%22").replace("\r", "").replace("\n", "")
            body += f'; filename="{quoted}"\r\nContent-Type: application/octet-stream'.encode()
        body += b"\r\n\r\n" + part.data + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    return bytes(body), f"multipart/form-data; boundary={boundary}"


def decode(body: bytes, boundary: str) -> dict[str, Part]:
    """The fields of an answer by name. Raises Strange when it is cut or garbled."""
    delimiter = b"--" + boundary.encode()
    body = b"\r\n" + body
    fields: dict[str, Part] = {}
    at = body.find(b"\r\n" + delimiter)
    while at >= 0:
        start = at + 2 + len(delimiter)
        if body[start : start + 2] == b"--":
            return fields
        at = body.find(b"\r\n" + delimiter, start)
        head_end = body.find(b"\r\n\r\n", start)
        if at < 0 or not start <= head_end < at:
            break
        parameters = _disposition(body[start:head_end].decode("utf-8", "replace"))
        if "name" not in parameters:
            break
        fields[parameters["name"]] = Part(body[head_end + 4 : at], parameters.get("filename"))
    raise Strange("The answer of the server is cut short or garbled.")


def _disposition(head: str) -> dict[str, str]:
    from email.message import Message  # knows the quoting rules of header parameters

    for line in head.split("\r\n"):
        key, _, value = line.partition(":")
        if key.strip().lower() == "content-disposition":
            message = Message()
            message["Content-Disposition"] = value.strip()
            return {k: v for k, v in message.get_params([], header="Content-Disposition") if k and v}
    return {}
