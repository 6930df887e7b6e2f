"""Pictures that clients leave here for a while, without adding them to the images."""

import json
import re
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from radloop.refusal import Refusal

_ID = re.compile(r"[A-Za-z0-9_-]{32}")
_NOTE = "session.json"


@dataclass(frozen=True)
class Session:
    """``file`` is its picture, or the folder of several files; times in seconds since 1970."""

    id: str
    file: Path
    created: int
    used: int
    expiry_s: int

    @property
    def image_id(self) -> str:
        """What answers call the picture."""
        from radloop.images import case_name  # numpy waits for the first picture

        return case_name(self.file)

    @property
    def expired(self) -> bool:
        return time.time() > self.used + self.expiry_s


class Sessions:
    """Sessions are folders below ``folder``, each with its picture and a note of its times; there is no other state."""

    def __init__(self, folder: Path, longest_s: int) -> None:
        self.folder = folder
        self.longest_s = longest_s
        folder.mkdir(parents=True, exist_ok=True)
        self.remove_expired()

    def add(self, fill: Callable[[Path], Path], expiry_s: int = 0) -> Session:
        """``fill`` puts the picture into the folder it is given and returns its path."""
        self.remove_expired()
        now = int(time.time())
        name = secrets.token_urlsafe(24)  # 32 characters that nobody can guess
        place = self.folder / name
        place.mkdir(mode=0o700)
        try:
            file = fill(place)
            expiry = min(expiry_s, self.longest_s) if expiry_s > 0 else self.longest_s
            session = Session(name, file, now, now, expiry)
            self._note(session)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
        return session

    def get(self, name: str, *, touch: bool = True) -> Session:
        """Raises ``Refusal`` 404 for one that is not there, or not any more."""
        session = self._read(name) if _ID.fullmatch(name) else None
        if session is None or session.expired:
            raise Refusal("NO_SUCH_SESSION", "There is no such session, or it has expired.", http_status=404)
        if touch:
            session = Session(session.id, session.file, session.created, int(time.time()), session.expiry_s)
            self._note(session)
        return session

    def remove(self, name: str) -> Session:
        session = self.get(name, touch=False)
        shutil.rmtree(self.folder / name, ignore_errors=True)
        return session

    def remove_expired(self) -> None:
        """Also what is no session; whatever lies here was put here by us."""
        for place in self.folder.iterdir():
            session = self._read(place.name)
            try:
                recent = place.lstat().st_mtime > time.time() - self.longest_s
            except FileNotFoundError:  # another request was faster
                continue
            if (session is None and not recent) or (session is not None and session.expired):
                shutil.rmtree(place, ignore_errors=True)

    def _read(self, name: str) -> Session | None:
        try:
            note = json.loads((self.folder / name / _NOTE).read_text())
            return Session(**{**note, "file": self.folder / name / note["file"]})
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _note(self, session: Session) -> None:
        place = self.folder / session.id
        fresh = place / f"{_NOTE}.{secrets.token_hex(4)}"
        fresh.write_text(json.dumps({**asdict(session), "file": str(session.file.relative_to(place))}))
        fresh.replace(place / _NOTE)
