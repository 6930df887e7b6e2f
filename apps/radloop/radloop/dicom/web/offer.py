"""What can be asked of any place that keeps DICOM objects."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from radloop.dicom.find import DicomCine
from radloop.dicom.source import Source
from radloop.images import Cine
from radloop.refusal import Refusal

Json = dict[str, Any]
"""An object in the DICOM JSON model (PS3.18, annex F)."""

Query = Sequence[tuple[str, str]]
"""The pairs of a URL's query."""

_UID = re.compile(r"[0-9]+(\.[0-9]+)*")


@dataclass(frozen=True)
class Frames:
    """Frames of an object as stored, and the transfer syntax that they are in."""

    transfer_syntax: str
    frames: Sequence[bytes]


@dataclass(frozen=True)
class Stored:
    """What became of objects that were sent.

    ``kept``: SOP class, SOP instance and URL of each; ``refused``: SOP class, SOP instance and reason of
    each; ``sentences`` say the reasons to people.
    """

    kept: list[tuple[str, str, str]] = field(default_factory=list)
    refused: list[tuple[str, str, int]] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)

    def as_json(self) -> Json:
        """The answer to a store request (PS3.18, table 10.5.3-1)."""

        def item(sop_class: str, sop_instance: str) -> Json:
            return {
                "00081150": {"vr": "UI", "Value": [sop_class]},
                "00081155": {"vr": "UI", "Value": [sop_instance]},
            }

        answer: Json = {}
        if self.kept:
            answer["00081199"] = {
                "vr": "SQ",
                "Value": [item(c, i) | {"00081190": {"vr": "UR", "Value": [url]}} for c, i, url in self.kept],
            }
        if self.refused:
            answer["00081198"] = {
                "vr": "SQ",
                "Value": [item(c, i) | {"00081197": {"vr": "US", "Value": [why]}} for c, i, why in self.refused],
            }
        if self.sentences:
            answer["00081196"] = {"vr": "LO", "Value": [" ".join(self.sentences)[:1024]]}
        return answer


class Offer(Protocol):
    """A place that keeps DICOM objects. Calls raise ``Refusal`` with status 404 where there is no such object."""

    def search(self, level: str, query: Query, study: str | None = None, series: str | None = None) -> list[Json]:
        """Find "studies", "series" or "instances" (QIDO-RS), within a study or a series where given."""

    def metadata(self, study: str, series: str | None = None, instance: str | None = None) -> Iterator[Json]:
        """Full headers, without pixels and other large values (WADO-RS)."""

    def objects(self, study: str, series: str | None = None, instance: str | None = None) -> Iterator[bytes]:
        """Whole objects in the form of files (PS3.10)."""

    def frames(self, study: str, series: str, instance: str, numbers: Sequence[int]) -> Frames:
        """Frames of one object, counted from 1, as they are stored."""

    def store(self, objects: Sequence[bytes], study: str | None = None) -> Stored:
        """Keep objects (STOW-RS): all of them, or none and the reasons."""

    def cines(self, study: str | None = None) -> list[DicomCine]:
        """The short-axis cine of each study that has one."""

    def find_cine(self, id: str) -> DicomCine:
        """The cine that a series belongs to, or that it makes alone; refuses in one sentence where that is none."""

    def cine(self, id: str) -> tuple[Cine, Source]:
        """Read a cine by the UID of any of its series; refuses in one sentence where that is none."""


def checked(*uids: str | None) -> None:
    """Refuse what is no UID: UIDs come from addresses, and become names of files."""
    for uid in uids:
        if uid is not None and not is_uid(uid):
            raise Refusal("NOT_A_UID", f"{uid[:80]!r} is not a UID.", http_status=400)


def is_uid(text: str) -> bool:
    """Digits in components (leading zeros are forbidden, and found in every archive)."""
    return len(text) <= 64 and _UID.fullmatch(text) is not None


def not_found(study: str, series: str | None = None, instance: str | None = None) -> Refusal:
    return Refusal("NOT_FOUND", f"There is no object {instance or series or study} here.", http_status=404)
