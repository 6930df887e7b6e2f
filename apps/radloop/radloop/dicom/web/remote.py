"""Another DICOMweb server (Orthanc, dcm4chee) in the place of a folder."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pydicom
from pydicom.dataset import Dataset

from radloop.dicom.files import UNREADABLE
from radloop.dicom.find import DicomCine
from radloop.dicom.plane import Plane, planes_of, text
from radloop.dicom.source import Source
from radloop.dicom.study import load, short_axis
from radloop.dicom.web.archive import Archive
from radloop.dicom.web.multipart import compose, parameters, split
from radloop.dicom.web.offer import Frames, Json, Offer, Query, Stored, checked, not_found
from radloop.images import Cine
from radloop.refusal import Refusal

_JSON, _DICOM, _BYTES = "application/dicom+json", "application/dicom", "application/octet-stream"
_SERIES, _STUDY, _COUNT = "0020000E", "0020000D", "00201209"
_PAGE = 100


def open_archive(where: str | Path) -> Offer:
    """The archive in a folder, or at an address (http, https)."""
    if str(where).startswith(("http://", "https://")):
        return RemoteArchive(str(where))
    return Archive(Path(where))


class RemoteArchive:
    """The calls of ``Archive`` answered by the DICOMweb server at ``url``.

    Name and password may stand in the address. A server that is away, or that answers nonsense, is
    refused in one sentence (status 502). What headers tell of a series is remembered until its number
    of objects changes.
    """

    def __init__(self, url: str, *, timeout_s: float = 60.0) -> None:
        self.url = url.rstrip("/")
        self._shown = str(httpx.URL(self.url).copy_with(userinfo=b""))
        self._http = httpx.Client(base_url=self.url + "/", timeout=httpx.Timeout(timeout_s, connect=5.0))
        self._planes: dict[str, tuple[int, tuple[Plane, ...]]] = {}

    def search(self, level: str, query: Query, study: str | None = None, series: str | None = None) -> list[Json]:
        checked(study, series)
        answer = self._get(_below(study, series, level), _JSON, query)
        return _json_list(answer, self._shown) if answer.content else []

    def metadata(self, study: str, series: str | None = None, instance: str | None = None) -> Iterator[Json]:
        checked(study, series, instance)
        return iter(_json_list(self._get(f"{_below(study, series, instance=instance)}/metadata", _JSON), self._shown))

    def objects(self, study: str, series: str | None = None, instance: str | None = None) -> Iterator[bytes]:
        checked(study, series, instance)
        accept = f'multipart/related; type="{_DICOM}"; transfer-syntax=*'
        answer = self._get(_below(study, series, instance=instance), accept)
        return (content for _, content in split(answer.content, answer.headers.get("content-type", "")))

    def frames(self, study: str, series: str, instance: str, numbers: Sequence[int]) -> Frames:
        checked(study, series, instance)
        place = f"{_below(study, series, instance=instance)}/frames/{','.join(map(str, numbers))}"
        answer = self._get(place, f'multipart/related; type="{_BYTES}"; transfer-syntax=*')
        parts = split(answer.content, answer.headers.get("content-type", ""))
        syntaxes = [parameters(kind)[1].get("transfer-syntax", "") for kind, _ in parts[:1]]
        return Frames((syntaxes or [""])[0] or "1.2.840.10008.1.2.1", [content for _, content in parts])

    def store(self, objects: Sequence[bytes], study: str | None = None) -> Stored:
        checked(study)
        body, kind = compose(objects, _DICOM)
        answer = self._send(
            "POST",
            _below(study) if study else "studies",
            content=b"".join(body),
            headers={"Content-Type": kind, "Accept": _JSON},
        )
        if answer.status_code not in (200, 202, 409):
            raise self._unexpected(answer)
        return _stored(answer, self._shown)

    def cines(self, study: str | None = None) -> list[DicomCine]:
        checked(study)
        found = []
        for uid in [study] if study else self._studies():
            try:
                found.append(short_axis(self._planes_of(uid)))
            except Refusal as refusal:
                if refusal.http_status >= 500:
                    raise
        return found

    def cine(self, id: str) -> tuple[Cine, Source]:
        cine = self.find_cine(id)
        objects = [o for uid in cine.series_uids for o in self.objects(cine.study_uid, uid)]
        by_uid = {}
        for content in objects:
            dataset = _dataset(content)
            by_uid[text(dataset, "SOPInstanceUID")] = dataset
        return load(cine, lambda plane: by_uid[plane.sop_instance_uid])

    def find_cine(self, id: str) -> DicomCine:
        checked(id)
        rows = self.search("series", [("SeriesInstanceUID", id), ("includefield", _STUDY)])
        if not rows:
            raise not_found(id)
        study = str(rows[0][_STUDY]["Value"][0])
        planes = self._planes_of(study)
        of_series = [p for p in planes if p.series_uid == id]
        if not of_series:
            modality = rows[0].get("00080060", {}).get("Value", ["of no modality"])[0]
            raise Refusal("NOT_MR", f"The series {id} is {modality}: a short-axis cine is MR.")
        try:
            cine = short_axis(planes)
            if id in cine.series_uids:
                return cine
        except Refusal:
            pass  # what the series alone makes, or why it makes nothing, is said below
        return short_axis(of_series)

    def _studies(self) -> Iterator[str]:
        start = 0
        while rows := self.search(
            "studies", [("ModalitiesInStudy", "MR"), ("limit", str(_PAGE)), ("offset", str(start))]
        ):
            yield from (str(row[_STUDY]["Value"][0]) for row in rows)
            start += len(rows)

    def _planes_of(self, study: str) -> list[Plane]:
        planes: list[Plane] = []
        for row in self.search("series", [("Modality", "MR"), ("includefield", _COUNT)], study):
            uid, count = str(row[_SERIES]["Value"][0]), int(row.get(_COUNT, {}).get("Value", [0])[0])
            known = self._planes.get(uid)
            if known is None or known[0] != count:
                headers = [Dataset.from_json(h, _left_out) for h in self.metadata(study, uid)]
                known = count, tuple(p for h in headers for p in planes_of(h, text(h, "SOPInstanceUID")))
                self._planes[uid] = known
            planes += known[1]
        return planes

    def _get(self, place: str, accept: str, query: Query = ()) -> httpx.Response:
        # Orthanc's plug-in takes the escapes of signs that may stand as they are for the signs themselves.
        asked = f"{place}?{urlencode(list(query), safe='*,^')}" if query else place
        answer = self._send("GET", asked, headers={"Accept": accept})
        if answer.status_code == 404:
            raise Refusal("NOT_FOUND", f"The server at {self._shown} has no {place}.", http_status=404)
        if answer.status_code == 400:
            raise Refusal("BAD_QUERY", f"The server at {self._shown} does not take this request.", http_status=400)
        if not answer.is_success:
            raise self._unexpected(answer)
        return answer

    def _send(self, method: str, place: str, **request: Any) -> httpx.Response:
        try:
            return self._http.request(method, place, **request)
        except httpx.HTTPError as fault:
            raise Refusal(
                "ARCHIVE_AWAY", f"The DICOM server at {self._shown} does not answer.", http_status=502
            ) from fault

    def _unexpected(self, answer: httpx.Response) -> Refusal:
        return Refusal(
            "ARCHIVE_FAULT",
            f"The DICOM server at {self._shown} answers with status {answer.status_code}.",
            http_status=502,
        )


def _below(
    study: str | None, series: str | None = None, level: str | None = None, *, instance: str | None = None
) -> str:
    parts = [f"studies/{study}"] * bool(study) + [f"series/{series}"] * bool(series)
    return "/".join([*parts, *[f"instances/{instance}"] * bool(instance), *[level or ""] * bool(level)])


def _json_list(answer: httpx.Response, who: str) -> list[Json]:
    try:
        found = answer.json()
    except ValueError as fault:
        raise Refusal(
            "ARCHIVE_FAULT", f"The DICOM server at {who} does not answer in JSON.", http_status=502
        ) from fault
    return list(found) if isinstance(found, list) else [found]


def _stored(answer: httpx.Response, who: str) -> Stored:
    stored = Stored()
    [said] = _json_list(answer, who) if answer.content else [{}]

    def value(item: Json, tag: str) -> Any:
        return (item.get(tag, {}).get("Value") or [""])[0]

    for item in said.get("00081199", {}).get("Value", []):
        stored.kept.append((value(item, "00081150"), value(item, "00081155"), value(item, "00081190")))
    for item in said.get("00081198", {}).get("Value", []):
        stored.refused.append((value(item, "00081150"), value(item, "00081155"), int(value(item, "00081197") or 0)))
    if stored.refused or answer.status_code == 409:
        stored.sentences.append(f"The DICOM server at {who} did not take every object.")
    return stored


def _left_out(*where: str) -> None:
    """Pixels and other large values stay where they are."""


def _dataset(content: bytes) -> Dataset:
    try:
        return pydicom.dcmread(io.BytesIO(content))
    except UNREADABLE as fault:
        raise Refusal("DAMAGED", "An object that the DICOM server sent is damaged.") from fault
