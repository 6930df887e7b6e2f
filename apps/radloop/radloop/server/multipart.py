"""An answer of two parts, in the form that MONAI Label's clients read: ``multipart/form-data``."""

import secrets


def multipart(params: bytes, file_name: str, file: bytes) -> tuple[bytes, str]:
    """Body and content type of the parts ``params`` (JSON) and ``image``.

    Made whole, as the stock client reads no body in chunks. ``file_name`` is plain ASCII: clients save under it.
    """
    boundary = secrets.token_hex(16)
    body = b"\r\n".join(
        (
            f"--{boundary}".encode(),
            b'Content-Disposition: form-data; name="params"',
            b"Content-Type: application/json",
            b"",
            params,
            f"--{boundary}".encode(),
            f'Content-Disposition: form-data; name="image"; filename="{file_name}"'.encode("ascii"),
            b"Content-Type: application/octet-stream",
            b"",
            file,
            f"--{boundary}--".encode(),
            b"",
        )
    )
    return body, f"multipart/form-data; boundary={boundary}"
