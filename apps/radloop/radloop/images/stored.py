"""The bytes of a file's voxels: read without trusting the header's promises."""

import gzip
import zlib
from pathlib import Path
from typing import BinaryIO, cast

from radloop.refusal import Refusal

# Deflate never packs more than this many bytes into one (zlib's technical details).
_MOST_PER_PACKED_BYTE = 1032


def unpacked(file: BinaryIO) -> BinaryIO:
    """The stream behind ``file`` from where it stands, through gzip if that is what is there."""
    start = file.tell()
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(start)
    return cast(BinaryIO, gzip.GzipFile(fileobj=file)) if packed else file


def read_start(stream: BinaryIO, n_bytes: int, name: str) -> bytes:
    """The first ``n_bytes`` of a stream, or as many as there are. Raises Refusal("DAMAGED")."""
    try:
        return stream.read(n_bytes)
    except EOFError as error:
        raise _truncated(name) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise Refusal("DAMAGED", f"{name}: its compressed data are damaged.") from error


def read_block(stream: BinaryIO, path: Path, *, offset: int, n_bytes: int) -> bytearray:
    """``n_bytes`` at ``offset`` of a stream made by ``unpacked``; of gzip the checksum is verified too.

    Nothing is allocated for a file that is too short to hold so much.

    Raises Refusal with TRUNCATED or DAMAGED.
    """
    name = path.name
    packed = isinstance(stream, gzip.GzipFile)
    if offset + n_bytes > path.stat().st_size * (_MOST_PER_PACKED_BYTE if packed else 1):
        raise _truncated(name)
    block = bytearray(n_bytes)
    try:
        stream.seek(offset)
        filled = cast("int", stream.readinto(block))  # type: ignore[attr-defined]
        if filled == n_bytes and packed:
            stream.read(1)  # at the end of the stream gzip compares length and checksum
    except EOFError as error:
        raise _truncated(name) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise Refusal("DAMAGED", f"{name}: its compressed data are damaged.") from error
    if filled != n_bytes:
        raise _truncated(name)
    return block


def _truncated(name: str) -> Refusal:
    return Refusal("TRUNCATED", f"{name}: is truncated: it holds fewer voxels than its header promises.")
