"""The folder behind our own DICOMweb server: what comes in, what is kept out, what a request may not do."""

import io
import json
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.encaps import generate_frames
from pydicom.uid import JPEGLSLossless, RLELossless

from radloop.dicom import read_cine_dicom
from radloop.dicom.make import make_study
from radloop.dicom.seg import write_seg
from radloop.dicom.web import Archive, Offer
from radloop.dicom.web import archive as archive_module
from radloop.dicom.web.multipart import compose, split
from radloop.images import Cine
from radloop.refusal import Refusal

Served = Callable[[Offer], AbstractContextManager[str]]


@pytest.fixture
def folder(heart: Cine, tmp_path: Path) -> Path:
    make_study(heart, tmp_path / "archive" / "one", seed="archive")
    return tmp_path / "archive"


def first(folder: Path) -> pydicom.dataset.FileDataset:
    return pydicom.dcmread(min(folder.rglob("sax-*.dcm")))


def files(folder: Path) -> set[Path]:
    return {p for p in folder.rglob("*") if p.is_file()}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=5))
def test_parts_come_out_as_they_went_in(parts: list[bytes]) -> None:
    body, kind = compose(parts, "application/dicom")
    assert [content for _, content in split(b"".join(body), kind)] == parts


@settings(max_examples=30, deadline=None)
@given(st.integers(min_value=1, max_value=400))
def test_a_body_that_is_cut_is_refused(cut: int) -> None:
    body, kind = compose([b"x" * 200, b"y" * 100], "application/dicom")
    whole = b"".join(body)
    with pytest.raises(Refusal):
        split(whole[: max(len(whole) - cut - 4, 0)], kind)


def test_a_new_file_in_the_folder_is_found(folder: Path, heart: Cine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "LOOK_AGAIN_S", 0.0)
    archive = Archive(folder)
    assert len(archive.cines()) == 1
    make_study(heart, folder / "two", seed="second")
    assert len(archive.cines()) == 2
    (min((folder / "two").glob("sax-*"))).unlink()  # now a phase is missing there
    assert len(archive.cines()) == 1


def test_what_is_stored_is_whole_and_once(folder: Path, served: Served) -> None:
    here = files(folder)
    ds = first(folder)
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    buffer = io.BytesIO()
    ds.save_as(buffer)
    body, kind = compose([buffer.getvalue()], "application/dicom")
    whole = b"".join(body)
    with served(Archive(folder)) as address:
        for _ in range(2):  # the same object again is no fault
            answer = httpx.post(f"{address}/studies", content=whole, headers={"Content-Type": kind})
            assert answer.status_code == 200
            url = answer.json()["00081199"]["Value"][0]["00081190"]["Value"][0]
        assert httpx.get(url, headers={"Accept": "application/dicom"}).content == buffer.getvalue()
        ds.PatientComments = "another"
        ds.save_as(other := io.BytesIO())
        body, kind = compose([other.getvalue()], "application/dicom")
        answer = httpx.post(f"{address}/studies", content=b"".join(body), headers={"Content-Type": kind})
        assert answer.status_code == 409
        assert answer.json()["00081198"]["Value"][0]["00081155"]["Value"] == ["1.2.3.4"]
    [new] = files(folder) - here
    assert new == folder / ds.StudyInstanceUID / ds.SeriesInstanceUID / "1.2.3.4.dcm"
    assert new.read_bytes() == buffer.getvalue()


def _escaping(ds: pydicom.Dataset) -> None:
    ds.SOPInstanceUID = "../../../../escaped"


def _without_series(ds: pydicom.Dataset) -> None:
    del ds.SeriesInstanceUID


def _short(ds: pydicom.Dataset) -> None:
    ds.PixelData = ds.PixelData[:-100]


@pytest.mark.parametrize("spoil", [_escaping, _without_series, _short])
def test_one_bad_object_keeps_all_out(folder: Path, served: Served, spoil: Callable[[pydicom.Dataset], None]) -> None:
    here = files(folder)
    good, bad = first(folder), first(folder)
    good.SOPInstanceUID = good.file_meta.MediaStorageSOPInstanceUID = "1.2.3.5"
    bad.SOPInstanceUID = bad.file_meta.MediaStorageSOPInstanceUID = "1.2.3.6"
    spoil(bad)
    contents = []
    for ds in (good, bad):
        ds.save_as(buffer := io.BytesIO())
        contents.append(buffer.getvalue())
    with served(Archive(folder)) as address:
        body, kind = compose(contents, "application/dicom")
        answer = httpx.post(f"{address}/studies", content=b"".join(body), headers={"Content-Type": kind})
    assert answer.status_code == 409
    assert len(answer.json()["00081198"]["Value"]) == 1
    assert files(folder.parent) == here


@pytest.mark.parametrize("content", [b"", b"no DICOM", b"\0" * 128 + b"DICM" + b"\xff" * 50])
def test_what_is_no_object_is_not_stored(folder: Path, content: bytes) -> None:
    here = files(folder)
    stored = Archive(folder).store([content])
    assert stored.refused
    assert files(folder) == here


def test_an_object_of_another_study_is_not_stored_there(folder: Path) -> None:
    content = min(folder.rglob("sax-*.dcm")).read_bytes()
    assert Archive(folder).store([content], "1.2.3").refused


@pytest.mark.parametrize("uid", ["..", "%2e%2e", "..%2f..%2fetc", "1.2.", "a", "1" * 65, "1.2.3%00", ".1.2"])
def test_what_is_no_uid_is_refused(folder: Path, served: Served, uid: str) -> None:
    (folder.parent / "secret.dcm").write_bytes(min(folder.rglob("sax-*.dcm")).read_bytes())
    with served(Archive(folder)) as address:
        for path in (f"studies/{uid}/metadata", f"studies/1.2/series/{uid}", f"studies/1.2/series/1.2/instances/{uid}"):
            assert httpx.get(f"{address}/{path}").status_code in (400, 404), path


@pytest.mark.parametrize(
    ("query", "status"),
    [("limit=x", 400), ("limit=-1", 400), ("NoSuchAttribute=1", 400), ("fuzzymatching=false&limit=101&offset=0"
      "&includefield=00081030,00080060,00080090,00100030", 200), ("PatientName=%5B%28", 200)],
)  # fmt: skip
def test_queries_are_answered_or_refused(folder: Path, served: Served, query: str, status: int) -> None:
    with served(Archive(folder)) as address:
        answer = httpx.get(f"{address}/studies?{query}")
    assert answer.status_code == status
    if status == 200:
        assert answer.headers["content-type"].startswith("application/dicom+json")


def test_pages_of_results_make_the_whole(folder: Path) -> None:
    archive = Archive(folder)
    whole = archive.search("instances", [])
    pages = [archive.search("instances", [("limit", "10"), ("offset", str(n))]) for n in range(0, len(whole) + 10, 10)]
    assert [row for page in pages for row in page] == whole


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless])
def test_frames_are_sent_as_they_are_stored(folder: Path, served: Served, syntax: str) -> None:
    ds = first(folder)
    ds.compress(syntax)
    ds.save_as(min(folder.rglob("sax-*.dcm")))
    [expected] = generate_frames(ds.PixelData, number_of_frames=1)
    place = f"studies/{ds.StudyInstanceUID}/series/{ds.SeriesInstanceUID}/instances/{ds.SOPInstanceUID}"
    with served(Archive(folder)) as address:
        answer = httpx.get(f"{address}/{place}/frames/1")
        [(kind, content)] = split(answer.content, answer.headers["content-type"])
        assert kind == f"application/octet-stream; transfer-syntax={syntax}"
        assert content == expected
        for missing in ("0", "2", "1,2"):
            assert httpx.get(f"{address}/{place}/frames/{missing}").status_code == 404
        assert httpx.get(f"{address}/{place}/frames/x").status_code == 400


def test_frames_of_one_bit_a_pixel_begin_where_they_begin(phantom: Callable[..., Cine], tmp_path: Path) -> None:
    make_study(phantom((9, 7, 4, 2)), tmp_path, beside=False)
    cine, source = read_cine_dicom(tmp_path)
    label = (cine.voxels % 4).astype(np.uint8)
    [path] = write_seg(tmp_path / "seg.dcm", label, source, algorithm="test", version="1")
    seg = pydicom.dcmread(path)
    archive = Archive(tmp_path)
    for number, expected in ((1, label[:, :, 0, 0] == 1), (7, label[:, :, 2, 0] == 2), (24, label[:, :, 3, 1] == 3)):
        [frame] = archive.frames(seg.StudyInstanceUID, seg.SeriesInstanceUID, seg.SOPInstanceUID, [number]).frames
        bits = np.unpackbits(np.frombuffer(frame, np.uint8), bitorder="little")[:63]
        np.testing.assert_array_equal(bits.reshape(7, 9).T, expected)


def test_bare_data_sets_are_sent_as_files(folder: Path) -> None:
    path = min(folder.rglob("sax-*.dcm"))
    ds = first(folder)
    ds.file_meta, ds.preamble = pydicom.dataset.FileMetaDataset(), None  # type: ignore[assignment]
    pydicom.dcmwrite(path, ds, implicit_vr=True, little_endian=True)
    archive = Archive(folder)
    uids = ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SOPInstanceUID
    [sent] = archive.objects(*uids)
    assert pydicom.dcmread(io.BytesIO(sent)).PixelData == ds.PixelData
    assert archive.frames(*uids, [1]).frames == [ds.PixelData]
    assert len(archive.cines()) == 1


def test_headers_hold_no_pixels_and_are_json(folder: Path) -> None:
    archive = Archive(folder)
    ds = first(folder)
    for header in archive.metadata(ds.StudyInstanceUID):
        assert "7FE00010" not in header
        json.dumps(header, allow_nan=False)


def test_a_cine_answers_to_every_series_it_was_joined_from(heart: Cine, tmp_path: Path) -> None:
    make_study(heart, tmp_path, form="series-per-slice")
    archive = Archive(tmp_path)
    [found] = archive.cines()
    assert len(found.series_uids) == 5
    for uid in found.series_uids:
        cine, source = archive.cine(uid)
        assert source.cine.id == found.id
        np.testing.assert_array_equal(cine.voxels, heart.voxels)


def test_a_study_copied_under_other_uids_may_keep_those_of_its_objects(heart: Cine, tmp_path: Path) -> None:
    brighter = Cine(heart.voxels + np.int16(1), heart.affine, heart.times_ms)
    for name, cine in (("one", heart), ("two", brighter)):
        make_study(cine, tmp_path / name, seed="same", beside=False)
    for path in (tmp_path / "two").iterdir():
        ds = pydicom.dcmread(path)
        ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.3", "1.2.3.4"
        ds.save_as(path)
    archive = Archive(tmp_path)
    assert len(archive.cines()) == 2
    np.testing.assert_array_equal(archive.cine("1.2.3.4")[0].voxels, brighter.voxels)
    uid = str(ds.SOPInstanceUID)
    [header] = archive.metadata("1.2.3", "1.2.3.4", uid)
    assert header["0020000D"]["Value"] == ["1.2.3"]


def test_a_series_that_is_no_cine_says_why(folder: Path) -> None:
    archive = Archive(folder)
    scout = pydicom.dcmread(min(folder.rglob("scout-1-*.dcm")))
    with pytest.raises(Refusal, match="a single picture, not a cine"):
        archive.cine(str(scout.SeriesInstanceUID))
    with pytest.raises(Refusal) as unknown:
        archive.cine("1.2.3")
    assert unknown.value.http_status == 404
    with pytest.raises(Refusal, match="not a UID"):
        archive.cine("../etc")


def test_what_lies_beside_a_cine_and_is_none_of_it_is_named(heart: Cine, tmp_path: Path) -> None:
    make_study(heart, tmp_path / "study", beside=False)
    sax = sorted((tmp_path / "study").glob("sax-*.dcm"))
    (tmp_path / "study" / "notes.txt").write_text("no DICOM")
    (tmp_path / "study" / "other.nii.gz").write_bytes(b"a case of its own")
    [cine] = Archive(tmp_path).cines()
    assert {r.code: r.text for r in cine.remarks} == {"SKIPPED_FILES": "Skipped 1 file that is no DICOM: notes.txt."}
    sax[9].write_bytes(sax[9].read_bytes()[:400])
    archive = Archive(tmp_path)
    assert archive.cines() == []
    with pytest.raises(Refusal, match=rf"slice 2 of 5 has 6 phases.* Damaged: {sax[9].name}\.$"):
        archive.find_cine(cine.id)


def test_many_ask_at_once(folder: Path) -> None:
    archive = Archive(folder)
    ds = first(folder)
    uids = ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SOPInstanceUID
    answers: list[bytes] = []
    threads = [threading.Thread(target=lambda: answers.append(archive.frames(*uids, [1]).frames[0])) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [ds.PixelData] * 16


def test_a_folder_that_cannot_be_written_says_so(folder: Path) -> None:
    (folder / "1.2.3").write_text("a file stands where the study would go")
    ds = first(folder)
    ds.StudyInstanceUID, ds.SOPInstanceUID = "1.2.3", "1.2.3.4"
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.save_as(buffer := io.BytesIO())
    with pytest.raises(Refusal, match="cannot be written"):
        Archive(folder).store([buffer.getvalue()])
    assert [p.name for p in folder.glob("1.2.3*")] == ["1.2.3"]
