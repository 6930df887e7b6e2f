"""Which cines and films an archive holds, found beside the answering of requests and told to the store.

And which studies hold neither, with the sentence that says why.
"""

import logging
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from radloop.answers.panel import NoCine
from radloop.refusal import Refusal
from radloop.server.no_cine import each_series
from radloop.server.pictures import Pictures, name_of, name_of_film

if TYPE_CHECKING:
    from radloop.dicom import DicomCine

log = logging.getLogger(__name__)

HEAD_START_S = 0.1
"""The first round imports what reads DICOM; the first answer goes before, if it is asked for by then."""

WAIT_S = 0.5
"""How long a list waits for a round under way; what is found later is in a later list."""

MOST_STUDIES = 500
"""Of an archive that holds more, the others are images as soon as they are asked for by their UID."""

_PAGE = 100
_STUDY, _SERIES, _OBJECT, _INSTANCES = "0020000D", "0020000E", "00080018", "00201208"

Found = tuple[list["DicomCine"], NoCine | None]
"""The cines of a study; where there are none, the series that was meant and why it is none."""

FILM_MODALITIES = ("CR", "DX")
"""Objects of these are listed as films; any other that holds one picture is one as soon as it is asked for."""


class Watch:
    """Rounds through the archive: one at the start, then one before a list that is older than ``every_s``.

    A study is looked into again when its number of objects has changed. ``refused``: of each study that the last
    round found neither cine nor film in, its largest series.
    """

    def __init__(self, pictures: Pictures, *, every_s: float) -> None:
        self._pictures = pictures
        self._every_s = every_s
        self._turn = threading.Condition()
        self._wanted, self._stopped = True, False
        self._began: float | None = None
        self._ended = float("-inf")
        self.refused: list[NoCine] = []
        self._studies: dict[str, tuple[int, Found]] = {}
        self._films_of: dict[tuple[str, str], tuple[int, list[str]]] = {}
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._turn:
            self._stopped = True
            self._turn.notify_all()
        self._thread.join(2)

    def look(self, *, wait: bool = True) -> None:
        """Called before images are listed: see what there is now, unless that takes long or nobody waits for it."""
        with self._turn:
            now = time.monotonic()
            if self._began is None and now - self._ended >= self._every_s:
                self._wanted = True
                self._turn.notify_all()
            if wait and not self._is_idle():
                self._turn.wait_for(self._is_idle, (self._began or now) + WAIT_S - now)

    def _is_idle(self) -> bool:
        return not self._wanted and self._began is None

    def _run(self) -> None:
        with self._turn:
            self._turn.wait_for(lambda: self._stopped, HEAD_START_S)
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._wanted or self._stopped)
                if self._stopped:
                    return
                self._wanted, self._began = False, time.monotonic()
            try:
                self._round()
            except Refusal as refusal:
                log.warning("the archive cannot be looked through: %s", refusal.sentence)
            except OSError as fault:
                log.warning("the archive cannot be looked through: %s", fault.strerror)
            with self._turn:
                self._began, self._ended = None, time.monotonic()
                self._turn.notify_all()

    def _round(self) -> None:
        store, archive = self._pictures.store, self._pictures.archive
        listed = store.archived()
        found: dict[str, str] = {}
        refused: dict[str, NoCine | None] = {}
        for modality in FILM_MODALITIES:
            for study, count in self._counted(modality):
                if self._stopped:
                    return
                if films := self._films(study, modality, count):
                    refused[study] = None
                    found |= {uid: name_of_film(uid) for uid in films}
        if fresh := {uid: name for uid, name in found.items() if uid not in listed}:
            store.note_archived(fresh)
        for study, count in self._counted("MR"):
            if self._stopped:
                return
            cines, refused[study] = self._looked_into(study, count, is_mr=True)
            for cine in cines:
                self._pictures.know(cine)
                found[cine.id] = name_of(cine)
                if cine.id not in listed:
                    store.note_archived({cine.id: found[cine.id]})
        for image in listed - found.keys():  # a series by itself, or beyond the studies that were looked into
            try:
                cine = archive.find_cine(image)
            except Refusal as refusal:
                if refusal.http_status >= 500:
                    raise
                continue
            if cine.id == image:
                found[image] = name_of(cine)
        for study, count in self._counted():
            if self._stopped:
                return
            if study not in refused:
                _, refused[study] = self._looked_into(study, count, is_mr=False)
        if not self._stopped:
            store.note_archived(found, complete=True)
            self.refused = [none for none in refused.values() if none]

    def _counted(self, modality: str = "") -> Iterator[tuple[str, int | None]]:
        """Studies with images of a modality, or all, and the number of objects in each where the archive tells."""
        seen: set[str] = set()
        while len(seen) < MOST_STUDIES:
            query = [("includefield", _INSTANCES), ("limit", str(_PAGE)), ("offset", str(len(seen)))]
            query += [("ModalitiesInStudy", modality)] if modality else []
            rows = self._pictures.archive.search("studies", query)
            fresh = [row for row in rows if str(row[_STUDY]["Value"][0]) not in seen]
            if not fresh:
                return
            for row in fresh:
                study = str(row[_STUDY]["Value"][0])
                seen.add(study)
                yield study, next(iter(row.get(_INSTANCES, {}).get("Value", [])), None)
        if modality:
            log.warning(
                "the archive holds more than %d studies; the others are listed once they are used", MOST_STUDIES
            )

    def _films(self, study: str, modality: str, count: int | None) -> list[str]:
        """The UIDs of the objects of a study that are of a modality."""
        known = self._films_of.get((study, modality))
        if known is not None and count == known[0]:
            return known[1]
        search = self._pictures.archive.search
        films = [
            str(row[_OBJECT]["Value"][0])
            for series in search("series", [("Modality", modality)], study)
            for row in search("instances", [], study, str(series[_SERIES]["Value"][0]))
        ]
        if count is not None:
            self._films_of[study, modality] = count, films
        return films

    def _looked_into(self, study: str, count: int | None, *, is_mr: bool) -> "Found":
        known = self._studies.get(study)
        if known is not None and count == known[0]:
            return known[1]
        archive = self._pictures.archive
        cines = archive.cines(study) if is_mr else []
        none: NoCine | None = None
        if not cines:
            for one in each_series(archive, study):
                if not isinstance(one, NoCine):
                    cines.append(one)
                    continue
                none = none or one
                if not is_mr:  # nor is any other series of it a cine
                    break
        found = cines, None if cines else none
        if count is not None:
            self._studies[study] = count, found
        return found
