"""Work that nobody has submitted yet, so that it outlives a closed window and a stopped server."""

import hashlib
import os
import tempfile
import threading
from pathlib import Path

from radloop.answers.panel import Draft
from radloop.refusal import Refusal


class Drafts:
    """One draft an image, each a file in ``folder``, replaced as a whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def get(self, image: str) -> Draft | None:
        try:
            text = self._file(image).read_bytes()
        except FileNotFoundError:
            return None
        return Draft.model_validate_json(text)

    def exists(self, image: str) -> bool:
        return self._file(image).exists()

    def put(self, image: str, draft: Draft) -> int:
        """Keep the draft and return its number, one above that of the draft it follows.

        Raises ``Refusal("DRAFT_CHANGED")`` (409) where another window has saved since: the later of two
        people must not wipe out the earlier unseen.
        """
        with self._lock:
            before = self.get(image)
            if draft.number != (before.number if before else 0):
                sentence = "Somebody has saved other changes of this case since: reload to see them."
                raise Refusal("DRAFT_CHANGED", sentence, http_status=409)
            number = draft.number + 1
            self._write(self._file(image), draft.model_copy(update={"number": number}).model_dump_json().encode())
            return number

    def forget(self, image: str) -> None:
        with self._lock:
            self._file(image).unlink(missing_ok=True)

    def _file(self, image: str) -> Path:
        # An id may hold anything; its digest is always the name of a file.
        return self._folder / f"{hashlib.sha256(image.encode()).hexdigest()}.json"

    def _write(self, file: Path, text: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self._folder, prefix=".")
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
            Path(temporary).replace(file)
        finally:
            Path(temporary).unlink(missing_ok=True)
