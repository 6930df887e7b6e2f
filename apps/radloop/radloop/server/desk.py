"""What the panel works with: cines of the archive, analysed by the workers, labelled in the store."""

import json
import tempfile
import threading
import zlib
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from radloop.answers import Measurements
from radloop.answers.panel import Case, Cases, EveryCase, Exported, NoCine, Plane, State, Submission, SubmittedLabel
from radloop.images import LabelMap, read_label, read_label_of, write_label
from radloop.refusal import Refusal
from radloop.server.cases import every_case, note_analysed, was_analysed
from radloop.server.context import Context
from radloop.server.deeds import author, current
from radloop.server.leaving import awaited
from radloop.server.no_cine import each_series
from radloop.server.panel import Figures, Grid
from radloop.server.pictures import called, said_of, without_pixels
from radloop.server.segments import segments_of
from radloop.store import LabelRow

if TYPE_CHECKING:
    from radloop.dicom import DicomCine

MODEL = "cine_heart"
REMEMBERED = 8
"""Analyses that are at hand when a person comes back to a case."""

Answered = tuple[LabelMap, Measurements]


class HeartDesk:
    """The panel's desk over an archive of DICOM objects. An image is a cine, its id that of its series."""

    def __init__(self, here: Context) -> None:
        self._here = here
        self._lock = threading.Lock()
        self._answered: OrderedDict[tuple[str, ...], Answered] = OrderedDict()

    def cases(self, study: str) -> Cases:
        found = self._here.pictures.archive.cines(study)
        others: list[NoCine] = []
        for one in () if found else each_series(self._here.pictures.archive, study):
            if isinstance(one, NoCine):
                others.append(one)
            else:
                found.append(one)
        for cine in found:
            self._here.pictures.know(cine)
        segments = self._here.catalogue.model(MODEL).label_details
        return Cases(cases=[self._case(cine) for cine in found], others=others, segments=segments)

    def every_case(self) -> EveryCase:
        return every_case(self._here)

    def grid(self, image: str) -> Grid:
        return _grid(self._cine(image))

    def analyse(self, image: str) -> Answered:
        cine = self._cine(image)
        key = (str(self._version()), *(plane.sop_instance_uid for row in cine.grid for plane in row))
        with self._lock:
            if known := self._answered.get(key):
                self._answered.move_to_end(key)
                return known
        answered = self._analyse(image)
        with self._lock:
            self._answered[key] = answered
            while len(self._answered) > REMEMBERED:
                self._answered.popitem(last=False)
        return answered

    def measure(self, image: str, figures: Figures) -> Measurements:
        cine = self._cine(image)
        told = {
            **said_of(cine),
            "model": MODEL,
            "model_version": figures.from_version,
            "image": cine.id,
            "labels": zlib.compress(np.ascontiguousarray(figures.labels).tobytes(), level=1),
            "shape": figures.labels.shape,
            "ed_frame": figures.ed_frame,
            "es_frame": figures.es_frame,
        }
        return Measurements.model_validate_json(self._asked("measure", told)["answer"])

    def labels(self, image: str) -> list[SubmittedLabel]:
        try:
            rows = self._here.store.labels(self._here.pictures.id_of(image))
        except Refusal as refusal:
            if refusal.http_status != 404:
                raise
            return []  # an image that nobody has labelled need not be in the store yet
        return [_told(row) for row in rows if row.tag == "final"]

    def label(self, image: str, label: str) -> tuple[SubmittedLabel, LabelMap]:
        row = self._here.store.label_by_id(label)
        if row.image != self._here.pictures.id_of(image):
            raise Refusal("NO_SUCH_LABEL", f"There is no label {label} of this image.", http_status=404)
        cine = without_pixels(self._cine(image))
        voxels = read_label_of(row.path, cine)
        if voxels.shape != cine.voxels.shape:
            raise Refusal("ONE_FRAME", "This label is of one frame only, and cannot be opened here.")
        return _told(row), voxels

    def submit(self, image: str, labels: LabelMap, submission: Submission) -> SubmittedLabel:
        cine = self._cine(image)
        self._here.pictures.picture(cine.id)  # models learn from a label and its image: the store has both
        review = submission.model_dump(mode="json", include={"author", "from_version", "reviewed"})
        with tempfile.TemporaryDirectory(dir=self._here.scratch) as folder:
            file = Path(folder) / "label.nii.gz"
            write_label(file, labels, without_pixels(cine))
            info = {**review, "assumed_reviewed": False}
            current().model_version = submission.from_version or ""
            return _told(self._here.store.add_label(cine.id, file, author=author(), info=info))

    def export(self, image: str, figures: Figures, measurements: Measurements) -> Exported:
        import pydicom

        from radloop.dicom.seg import write_seg
        from radloop.dicom.sr import write_sr

        _, source = self._here.pictures.archive.cine(image)
        segments = segments_of(self._here, MODEL)
        version = figures.from_version or "none"
        with tempfile.TemporaryDirectory(dir=self._here.scratch) as folder:
            seg = write_seg(
                Path(folder) / "seg.dcm",
                figures.labels,
                source,
                algorithm=MODEL,
                version=version,
                segments=segments,
                manual=figures.edited,
            )
            sr_file = Path(folder) / "sr.dcm"
            sr = write_sr(sr_file, measurements, source, seg, algorithm=MODEL, version=version, segments=segments)
            written = [*seg, sr]
            stored = self._here.pictures.archive.store([file.read_bytes() for file in written], source.cine.study_uid)
            if stored.refused:
                raise Refusal("NOT_STORED", " ".join(stored.sentences) or "The archive did not take SEG and SR.")
            headers = [pydicom.dcmread(file, stop_before_pixels=True) for file in written]
        numbers = [int(header.SeriesNumber) for header in headers]
        return Exported(
            seg_series=str(headers[0].SeriesInstanceUID),
            sr_series=str(headers[-1].SeriesInstanceUID),
            sentence=f"SEG (series {numbers[0]}) and SR (series {numbers[-1]}) are in the archive.",
        )

    def _analyse(self, image: str) -> Answered:
        picture = self._here.pictures.picture(image)
        with tempfile.TemporaryDirectory(dir=self._here.scratch) as folder:
            asked = {"model": MODEL, "file": str(picture.file), "image": picture.id, "said": picture.said}
            with called(picture):
                result = self._asked("infer", {**asked, "params": {}, "folder": folder})
            labels = read_label(Path(result["file"]))
        # The answer for MONAI Label's clients says more than was measured.
        answer = json.loads(result["answer"])
        measurements = Measurements.model_validate({name: answer[name] for name in Measurements.model_fields})
        note_analysed(self._here, picture.id, measurements.model_version)
        return labels, measurements

    def _asked(self, what: str, arguments: dict[str, Any]) -> dict[str, Any]:
        return awaited(self._here.serving.submit(what, arguments, time_limit_s=self._here.settings.time_limit_s))

    def _version(self) -> str | None:
        row = self._here.serving.served(MODEL)
        return row.name if row else None

    def _cine(self, image: str) -> "DicomCine":
        return self._here.pictures.cine(image)

    def _case(self, cine: "DicomCine") -> Case:
        picture = without_pixels(cine)
        labels = self.labels(cine.id)
        state: State = "submitted" if labels else "analysed" if was_analysed(self._here, cine.id) else "new"
        planes = [row[t] for t in range(cine.n_frames) for row in cine.grid]
        return Case(
            image=cine.id,
            description=cine.description or "Short-axis cine",
            state=state,
            frames=cine.n_frames,
            slices=cine.n_slices,
            rows=planes[0].rows,
            columns=planes[0].columns,
            voxel_ml=picture.voxel_ml,
            times_ms=None if picture.times_ms is None else picture.times_ms.tolist(),
            planes=[Plane(series=p.series_uid, instance=p.sop_instance_uid, frame=p.frame or 1) for p in planes],
            labels=labels,
            draft=False,
        )


def _grid(cine: "DicomCine") -> Grid:
    first = cine.grid[0][0]
    return first.columns, first.rows, cine.n_slices, cine.n_frames


def _told(row: LabelRow) -> SubmittedLabel:
    """A label of the store in the panel's words."""
    info = row.info
    return SubmittedLabel(
        id=row.id,
        author=row.author or info.get("author") or "",
        submitted=row.created,
        from_version=info.get("from_version"),
        reviewed=info.get("reviewed") or {},
        assumed_reviewed=info["assumed_reviewed"],
    )
