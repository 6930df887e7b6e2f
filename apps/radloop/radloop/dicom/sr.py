"""Measurements of a heart as a structured report (TID 1500), and read back."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset

from radloop.answers import Measurements
from radloop.dicom.codes import (
    CARDIAC_MR,
    END_DIASTOLE,
    END_SYSTOLE,
    FULL_CYCLE,
    MEASURED,
    MULTIPLE_SLICES,
    Code,
    Measured,
    Segment,
    heart_segments,
)
from radloop.dicom.elements import RESEARCH_USE, Uids
from radloop.dicom.files import write_whole
from radloop.dicom.source import Source
from radloop.dicom.subject import copy_subject, nobody

SERIES_NUMBER = 901


def write_sr(
    path: Path,
    measurements: Measurements,
    source: Source,
    seg: Sequence[Path] = (),
    *,
    algorithm: str,
    version: str,
    segments: Sequence[Segment] | None = None,
) -> Path:
    """Write volumes, ejection fractions and mass as an unverified, partial report for research.

    Figures at ED and ES stand in groups of their own that point at the segment they were taken from in
    ``seg`` (what ``write_seg`` returned); figures of the whole cycle stand beside them. Unknown figures
    are left out; warnings are comments.
    """
    import highdicom as hd

    uids = Uids()
    segmentations = [pydicom.dcmread(p, stop_before_pixels=True) for p in seg]
    who = hd.sr.AlgorithmIdentification(name=algorithm, version=version)
    groups = []
    at = {FULL_CYCLE: None, END_DIASTOLE: measurements.ed_frame, END_SYSTOLE: measurements.es_frame}
    for phase, frame in at.items():
        for segment in segments or heart_segments():
            told = [m for m in MEASURED if m.phase is phase and m.segment == segment.name]
            values = [(m, v) for m in told if (v := getattr(measurements, m.field)) is not None]
            if values:
                region = _region(segmentations, source, segment, frame) if frame else None
                groups.append(_group(values, segment, phase, frame, region, who, uids))
    report = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(
            observer_device_context=hd.sr.ObserverContext(
                observer_type=_concept(Code("121007", "DCM", "Device")),
                observer_identifying_attributes=hd.sr.DeviceObserverIdentifyingAttributes(
                    uid=uids("device"), name="radloop", manufacturer_name="radloop", model_name=algorithm
                ),
            )
        ),
        procedure_reported=_concept(CARDIAC_MR),
        imaging_measurements=groups or [_nothing(who, uids)],
    )
    for comment in (RESEARCH_USE, *(w.text for w in measurements.warnings)):
        report[0].ContentSequence.append(
            hd.sr.TextContentItem(
                name=_concept(Code("121106", "DCM", "Comment")),
                value=comment,
                relationship_type=hd.sr.RelationshipTypeValues.CONTAINS,
            )
        )
    study_uid = source.planes[0][0].study_uid
    evidence = [_evidence(study_uid, *e) for e in _objects(source, segmentations)]
    sr = hd.sr.Comprehensive3DSR(
        evidence=evidence,
        content=report,
        series_instance_uid=uids("series"),
        series_number=SERIES_NUMBER,
        sop_instance_uid=uids("report"),
        instance_number=1,
        manufacturer="radloop",
        is_complete=False,
        is_final=False,
        is_verified=False,
    )
    copy_subject(source.header, sr)
    sr.SeriesDescription = "Ventricular function (research)"
    sr.ManufacturerModelName, sr.SoftwareVersions = algorithm, version
    write_whole(path, sr)
    return path


def _concept(of: Code) -> Any:
    from highdicom.sr import CodedConcept

    return CodedConcept(of.value, of.scheme, of.meaning)


def _group(
    values: Sequence[tuple[Measured, float]],
    segment: Segment,
    phase: Code,
    frame: int | None,
    region: Any,
    who: Any,
    uids: Uids,
) -> Any:
    import highdicom as hd

    shared = {
        "tracking_identifier": hd.sr.TrackingIdentifier(
            uid=uids("group", segment.name, phase.value), identifier=f"{segment.name}, {phase.meaning.lower()}"
        ),
        "time_point_context": hd.sr.TimePointContext(
            time_point=f"frame {frame}" if frame else "all frames", time_point_type=_concept(phase)
        ),
        "algorithm_id": who,
        "method": _concept(MULTIPLE_SLICES),
        "finding_sites": [hd.sr.FindingSite(anatomic_location=_concept(segment.code))],
        "measurements": [
            hd.sr.Measurement(name=_concept(m.code), value=round(v, 6), unit=_concept(m.unit)) for m, v in values
        ],
    }
    if region is None:
        return hd.sr.MeasurementsAndQualitativeEvaluations(**shared)
    return hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations(referenced_segment=region, **shared)


def _nothing(who: Any, uids: Uids) -> Any:
    """A report without figures still says what looked."""
    import highdicom as hd

    return hd.sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(uid=uids("group"), identifier="No measurements"), algorithm_id=who
    )


def _region(segmentations: Sequence[Dataset], source: Source, segment: Segment, frame: int) -> Any:
    """The segment that shows one structure, and the images of the phase.

    A reference holds a segment or frames of it, never both (DICOM PS3.3, table 10-3).
    """
    import highdicom as hd

    for seg in segmentations:
        if any(g.FrameContentSequence[0].TemporalPositionIndex == frame for g in seg.PerFrameFunctionalGroupsSequence):
            return hd.sr.ReferencedSegment(
                sop_class_uid=seg.SOPClassUID,
                sop_instance_uid=seg.SOPInstanceUID,
                segment_number=segment.number,
                source_images=[
                    hd.sr.SourceImageForSegmentation(
                        p.sop_class_uid, p.sop_instance_uid, None if p.frame is None else [p.frame]
                    )
                    for p in (row[frame - 1] for row in source.planes)
                ],
            )
    return None


def _objects(source: Source, segmentations: Sequence[Dataset]) -> Iterator[tuple[str, str, str]]:
    planes = {p.sop_instance_uid: p for row in source.planes for p in row}
    for plane in planes.values():
        yield plane.series_uid, plane.sop_class_uid, plane.sop_instance_uid
    for seg in segmentations:
        yield str(seg.SeriesInstanceUID), str(seg.SOPClassUID), str(seg.SOPInstanceUID)


def _evidence(study_uid: str, series_uid: str, sop_class_uid: str, sop_instance_uid: str) -> Dataset:
    ds = nobody()
    ds.StudyInstanceUID, ds.SeriesInstanceUID = study_uid, series_uid
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class_uid, sop_instance_uid
    return ds


def read_sr(path: Path) -> dict[str, Any]:
    """The figures of a report by the names of ``Measurements``, ``ed_frame`` and ``es_frame`` among them.

    Also ``algorithm``, ``version``, ``comments``, ``completion``, ``verification``, ``preliminary``, and
    ``segments``: for each figure taken from a segmentation, (SOP Instance UID, segment).
    """
    sr = pydicom.dcmread(path)
    found: dict[str, Any] = {
        "completion": sr.CompletionFlag,
        "verification": sr.VerificationFlag,
        "preliminary": sr.get("PreliminaryFlag"),
        "comments": [i.TextValue for i in sr.ContentSequence if _name(i) == "121106"],
        "segments": {},
    }
    names = {s.code.value: s.name for s in heart_segments()}
    for group in (i for i in _walk(sr) if _name(i) == "125007"):
        by_name = {_name(i): i for i in group.ContentSequence}
        site = names.get(_meaning_value(by_name["363698007"])) if "363698007" in by_name else None
        phase = _meaning_value(by_name["126072"]) if "126072" in by_name else FULL_CYCLE.value
        found["algorithm"], found["version"] = by_name["111001"].TextValue, by_name["111003"].TextValue
        if "C2348792" in by_name and (frame := by_name["C2348792"].TextValue.removeprefix("frame ")).isdigit():
            found["ed_frame" if phase == END_DIASTOLE.value else "es_frame"] = int(frame)
        for number in (i for i in group.ContentSequence if i.ValueType == "NUM"):
            field = next(m.field for m in MEASURED if m.code.value == _name(number) and m.segment == site)
            found[field] = float(number.MeasuredValueSequence[0].NumericValue)
            if "121191" in by_name:
                reference = by_name["121191"].ReferencedSOPSequence[0]
                found["segments"][field] = (
                    str(reference.ReferencedSOPInstanceUID),
                    int(reference.ReferencedSegmentNumber),
                )
    return found


def _walk(item: Dataset) -> Iterator[Dataset]:
    for child in item.get("ContentSequence", []):
        yield child
        yield from _walk(child)


def _name(item: Dataset) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeValue) if "ConceptNameCodeSequence" in item else ""


def _meaning_value(item: Dataset) -> str:
    return str(item.ConceptCodeSequence[0].CodeValue)
