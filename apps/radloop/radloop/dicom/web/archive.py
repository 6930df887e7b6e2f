"""A folder of DICOM files as an archive that can be searched, read and added to."""

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from radloop.dicom.files import looks_like_dicom, read_header
from radloop.dicom.find import DicomCine
from radloop.dicom.plane import Plane
from radloop.dicom.source import Source
from radloop.dicom.study import cine_among, load, short_axis
from radloop.dicom.web.entry import Entry, entry
from radloop.dicom.web.intake import examine, write_all
from radloop.dicom.web.offer import Frames, Json, Query, Stored, checked, not_found
from radloop.dicom.web.query import search
from radloop.dicom.web.stored import file_of, frames_of, header_json
from radloop.images import Cine
from radloop.refusal import Refusal

LOOK_AGAIN_S = 2.0
"""The folder is looked at again after this time; only files that changed are read."""


Key = tuple[str, str, str]
"""UIDs of study, series and object: a study that was copied under another UID may keep those of its objects."""


@dataclass(frozen=True)
class Skipped:
    """A file that is no DICOM, or a damaged one; ``damaged`` None: an index of files, or an object without UIDs."""

    path: Path
    stamp: tuple[int, int]
    damaged: bool | None = None


class Archive:
    """Searches, fetches and keeps objects in ``folder`` and below; new ones go to STUDY/SERIES/OBJECT.dcm.

    Files that are no DICOM, or damaged, are left alone; a cine beside which they lie tells so. Where two
    files hold one object the first by name counts. Safe to use from several threads.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._files: dict[str, Entry | Skipped] = {}
        self._objects: dict[Key, Entry] = {}
        self._looked = -LOOK_AGAIN_S
        self._found: dict[str, tuple[frozenset[Path], DicomCine | Refusal]] = {}

    def refresh(self) -> None:
        """Look for new, changed and vanished files now."""
        with self._lock:
            self._look()

    def search(self, level: str, query: Query, study: str | None = None, series: str | None = None) -> list[Json]:
        checked(study, series)
        return search(level, self._chosen(study, series), query)

    def metadata(self, study: str, series: str | None = None, instance: str | None = None) -> Iterator[Json]:
        return (header_json(e.path, e.stamp) for e in self._some(study, series, instance))

    def objects(self, study: str, series: str | None = None, instance: str | None = None) -> Iterator[bytes]:
        return (file_of(e.path) for e in self._some(study, series, instance))

    def frames(self, study: str, series: str, instance: str, numbers: Sequence[int]) -> Frames:
        [only] = self._some(study, series, instance)
        return frames_of(only.path, only.stamp, list(numbers))

    def store(self, objects: Sequence[bytes], study: str | None = None) -> Stored:
        checked(study)
        entries = {e.instance: e.path for e in self._entries()}
        arrivals = [examine(content, study, entries) for content in objects]
        stored = write_all(self.folder, arrivals)
        self.refresh()
        return stored

    def cines(self, study: str | None = None) -> list[DicomCine]:
        checked(study)
        studies = [study] if study else sorted({e.study for e in self._entries()})
        return [cine for uid in studies if isinstance(cine := self._cine_of(uid), DicomCine)]

    def cine(self, id: str) -> tuple[Cine, Source]:
        cine = self.find_cine(id)
        return load(cine, self._place)

    def find_cine(self, id: str) -> DicomCine:
        """The cine that a series belongs to; else what the series alone makes, or why it makes none."""
        checked(id)
        of_series = [e for e in self._entries() if e.series == id]
        if not of_series:
            raise not_found(id)
        found = self._cine_of(of_series[0].study)
        if isinstance(found, DicomCine) and id in found.series_uids:
            return found
        if not any(e.planes for e in of_series):
            modality = of_series[0].summary.get("00080060", {}).get("Value", ["of no modality"])[0]
            raise Refusal("NOT_MR", f"{of_series[0].path.name} is {modality}: a short-axis cine is MR.")
        alone = _cine_among(of_series, self._skipped_beside(of_series))
        if not isinstance(alone, Refusal):
            return alone
        if alone.code == "NO_SHORT_AXIS":  # whatever is damaged, this series would be none
            short_axis([p for e in of_series for p in e.planes])
        raise alone

    def _cine_of(self, study: str) -> DicomCine | Refusal:
        entries = self._chosen(study)
        if not any(e.planes for e in entries):
            return Refusal("NOT_MR", f"The study {study} holds no MR image.")
        skipped = self._skipped_beside(entries)
        files = frozenset(e.path for e in entries if e.planes) | {s.path for s in skipped}
        known = self._found.get(study)
        if known is None or known[0] != files:
            known = self._found[study] = files, _cine_among(entries, skipped)
        return known[1]

    def _skipped_beside(self, entries: Sequence[Entry]) -> list[Skipped]:
        """Files that could not be used in the folders where objects with planes lie."""
        folders = {e.path.parent for e in entries if e.planes}
        with self._lock:
            return [s for s in self._files.values() if isinstance(s, Skipped) and s.path.parent in folders]

    def _place(self, plane: Plane) -> Path:
        return self._objects[plane.study_uid, plane.series_uid, plane.sop_instance_uid].path

    def _some(self, study: str, series: str | None, instance: str | None) -> list[Entry]:
        checked(study, series, instance)
        if series and instance:  # asked for hundreds of times in a row: what is known is not looked for again
            with self._lock:
                known = self._objects.get((study, series, instance))
            if known and known.path.exists():
                return [known]
        found = [e for e in self._chosen(study, series) if instance in (None, e.instance)]
        if not found:
            raise not_found(study, series, instance)
        return found

    def _chosen(self, study: str | None = None, series: str | None = None) -> list[Entry]:
        return [e for e in self._entries() if study in (None, e.study) and series in (None, e.series)]

    def _entries(self) -> list[Entry]:
        with self._lock:
            if time.monotonic() - self._looked >= LOOK_AGAIN_S:
                self._look()
            return list(self._objects.values())

    def _look(self) -> None:
        seen: dict[str, Entry | Skipped] = {}
        for path, stamp in _files_below(self.folder):
            known = self._files.get(path)
            if known is None or known.stamp != stamp:
                known = self._read(Path(path), stamp)
            seen[path] = known
        self._files = seen
        objects: dict[Key, Entry] = {}
        for found in seen.values():
            if isinstance(found, Entry):
                objects.setdefault((found.study, found.series, found.instance), found)
        self._objects = objects
        self._looked = time.monotonic()

    def _read(self, path: Path, stamp: tuple[int, int]) -> Entry | Skipped:
        if not looks_like_dicom(path):
            return Skipped(path, stamp, damaged=False)
        header = read_header(path)
        if header is None:
            return Skipped(path, stamp, damaged=True)
        name = str(path.relative_to(self.folder))
        return (entry(path, name, stamp, header) if "SOPInstanceUID" in header else None) or Skipped(path, stamp)


def _files_below(folder: Path) -> list[tuple[str, tuple[int, int]]]:
    """Files at any depth, by folder and name, with the time of their last change and their size.

    Looked through every few seconds, and there may be ten thousands: a `Path` for each would cost more than the disk.
    """
    found: list[tuple[str, tuple[int, int]]] = []
    waiting = [str(folder)]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with suppress(OSError):  # gone since it was listed, or a link to nowhere
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif entry.is_file() and not entry.name.startswith("."):
                        state = entry.stat()
                        found.append((entry.path, (state.st_mtime_ns, state.st_size)))
    return sorted(found, key=lambda one: one[0].replace(os.sep, "\0"))  # a folder before its neighbours


def _cine_among(entries: Sequence[Entry], skipped: Sequence[Skipped]) -> DicomCine | Refusal:
    others, damaged = ([s.path.name for s in skipped if s.damaged is kind] for kind in (False, True))
    return cine_among([p for e in entries for p in e.planes], others, damaged)
