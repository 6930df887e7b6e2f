"""Whether there is room on the disk for what would be kept."""

import errno
import os
import secrets
import shutil
from pathlib import Path

from radloop.store.files import disk_full

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
FULL = disk_full().sentence
BALLAST = 4 << 20
"""Bytes: some hundreds of rows of the audit table."""
_PROBE = b"\0" * 65536


class Disk:
    """The disk of the data folder. With less than ``reserve`` bytes free nothing is begun that would be kept.

    Another program may fill the disk all the same. So that what was kept just before can still be recorded, a file
    without meaning lies in the data folder, is given up then, and has to be made anew before anything else is kept.
    """

    def __init__(self, data: Path, reserve: int) -> None:
        self.data = data
        self.reserve = reserve
        self._ballast = data / "ballast"

    @property
    def free(self) -> int:
        """In bytes."""
        return shutil.disk_usage(self.data).free

    def is_full(self) -> bool:
        return self.free < self.reserve or not self._has_ballast()

    def give_up_ballast(self) -> None:
        self._ballast.unlink(missing_ok=True)

    def fault(self) -> str | None:
        """Why nothing can be kept at present, found out by writing a little; None where it can."""
        if self.free < self.reserve:
            return f"The disk is full: {self.free >> 20} MB are free, {self.reserve >> 20} MB are held in reserve."
        probe = self.data / f".room-{os.getpid()}-{secrets.token_hex(6)}"
        try:
            probe.write_bytes(_PROBE)
        except OSError as fault:
            return FULL if fault.errno in NO_ROOM else f"The disk cannot be written to ({fault.strerror})."
        finally:
            probe.unlink(missing_ok=True)
        return None if self._has_ballast() else FULL

    def _has_ballast(self) -> bool:
        if self._ballast.exists():
            return True
        try:
            with self._ballast.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, BALLAST)
        except OSError:
            self.give_up_ballast()
            return False
        return True


def is_no_room(fault: BaseException | None) -> bool:
    """Whether a full disk is at the bottom of it."""
    while fault is not None:
        if isinstance(fault, OSError) and fault.errno in NO_ROOM:
            return True
        fault = fault.__cause__ or fault.__context__
    return False
