"""Searching, fetching and storing: the same over our own archive and over Orthanc, asked by the public client."""

import io
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import numpy as np
import pydicom
import pytest
from dicomweb_client.web import DICOMwebClient
from other_programs import send
from pydicom.dataset import Dataset

from radloop.dicom.make import make_study
from radloop.dicom.seg import write_seg
from radloop.dicom.web import Archive, Offer, RemoteArchive
from radloop.images import Cine
from radloop.refusal import Refusal

Served = Callable[[Offer], AbstractContextManager[str]]
SAX = "SAX cine"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, phantom: Callable[..., Cine]) -> list[Path]:
    return make_study(phantom(), tmp_path_factory.mktemp("study"), seed="dicomweb")


@pytest.fixture(scope="module", params=["ours", "orthanc", "ours in front of orthanc"])
def address(
    request: pytest.FixtureRequest, study: list[Path], served: Served, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A DICOMweb server that holds the study, brought there by the public client."""
    if request.param == "ours":
        with served(Archive(tmp_path_factory.mktemp("archive"))) as ours:
            send(ours, study)
            yield ours
        return
    theirs = request.getfixturevalue("orthanc")
    send(theirs, study)
    if request.param == "orthanc":
        yield theirs
    else:
        with served(RemoteArchive(theirs)) as ours:
            yield ours


@pytest.fixture
def client(address: str) -> DICOMwebClient:
    return DICOMwebClient(address)


def values(rows: list[dict[str, dict[str, object]]], tag: str) -> list[object]:
    return [row[tag]["Value"][0] for row in rows]  # type: ignore[index]


def the_study(study: list[Path]) -> Dataset:
    return pydicom.dcmread(study[0])


def test_finds_the_study_by_what_it_is(client: DICOMwebClient, address: str, study: list[Path]) -> None:
    expected = str(the_study(study).StudyInstanceUID)
    assert expected in values(client.search_for_studies(search_filters={"PatientID": "Sample"}), "0020000D")
    assert client.search_for_studies(search_filters={"PatientID": "Nobody"}) == []
    archive = RemoteArchive(address)
    for attribute, value in (
        ("PatientName", "*amp*"), ("PatientName", "sample*"),
        ("00100020", "*Sam*"), ("ModalitiesInStudy", "CR,MR"), ("StudyDescription", "*MR"),
        ("StudyDate", "20251231-20260101"), ("StudyInstanceUID", expected),
    ):  # fmt: skip
        assert expected in values(archive.search("studies", [(attribute, value)]), "0020000D"), attribute
    for attribute, value in (("PatientName", "*x"), ("StudyDate", "20260102-20260103"), ("ModalitiesInStudy", "CT")):
        assert archive.search("studies", [(attribute, value)]) == [], attribute


def test_lists_series_and_objects_with_their_counts(client: DICOMwebClient, study: list[Path], heart: Cine) -> None:
    uid = the_study(study).StudyInstanceUID
    series = client.search_for_series(uid, fields=["SeriesDescription", "NumberOfSeriesRelatedInstances"])
    counts = {row["0008103E"]["Value"][0]: row["00201209"]["Value"][0] for row in series}
    n_slices, n_frames = heart.voxels.shape[2:]
    counts = {name: n for name, n in counts.items() if not name.startswith("Segmentation")}
    assert counts == {SAX: n_slices * n_frames, "LAX cine": n_frames, "Scout 1": 1, "Scout 2": 1, "Scout 3": 1}
    sax = next(row["0020000E"]["Value"][0] for row in series if row["0008103E"]["Value"] == [SAX])
    assert len(client.search_for_instances(uid, sax)) == n_slices * n_frames
    assert len(client.search_for_instances(uid, sax, limit=4)) == 4
    assert client.search_for_series(uid, search_filters={"Modality": "CT"}) == []


def test_headers_are_those_of_the_files(client: DICOMwebClient, study: list[Path]) -> None:
    first = the_study(study)
    rows = client.retrieve_series_metadata(first.StudyInstanceUID, first.SeriesInstanceUID)
    told = {h.SOPInstanceUID: h for h in (Dataset.from_json(row, lambda *_: None) for row in rows)}
    for path in study:
        file = pydicom.dcmread(path)
        if file.SeriesInstanceUID == first.SeriesInstanceUID:
            header = told.pop(file.SOPInstanceUID)
            assert "PixelData" not in {e.keyword for e in header if e.value}
            for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "TriggerTime", "Rows"):
                np.testing.assert_allclose(
                    np.float64(header[keyword].value), np.float64(file[keyword].value), rtol=1e-9
                )
    assert not told


def test_frames_and_objects_are_those_of_the_files(client: DICOMwebClient, study: list[Path]) -> None:
    file = the_study(study)
    uids = file.StudyInstanceUID, file.SeriesInstanceUID, file.SOPInstanceUID
    [frame] = client.retrieve_instance_frames(*uids, [1], [("application/octet-stream", "1.2.840.10008.1.2.1")])
    assert frame == file.PixelData
    assert client.retrieve_instance(*uids).PixelData == file.PixelData
    objects = client.retrieve_series(*uids[:2])
    assert {o.SOPInstanceUID for o in objects} == {
        h.SOPInstanceUID for p in study if (h := pydicom.dcmread(p)).SeriesInstanceUID == file.SeriesInstanceUID
    }


def test_frames_as_the_viewer_asks_for_them(address: str, study: list[Path]) -> None:
    file = the_study(study)
    answer = httpx.get(
        f"{address}/studies/{file.StudyInstanceUID}/series/{file.SeriesInstanceUID}"
        f"/instances/{file.SOPInstanceUID}/frames/1",
        headers={"Accept": "multipart/related; type=application/octet-stream; transfer-syntax=*"},
    )
    assert answer.status_code == 200
    head, _, rest = answer.content.partition(b"\r\n\r\n")
    assert answer.headers["content-type"].startswith("multipart/related")
    assert b"application/octet-stream" in head
    assert rest.startswith(file.PixelData)


def test_the_cine_there_is_the_cine_that_was_put_there(address: str, study: list[Path], heart: Cine) -> None:
    archive = RemoteArchive(address)
    file = the_study(study)
    [found] = [c for c in archive.cines() if c.study_uid == file.StudyInstanceUID]
    assert (found.id, found.n_slices, found.n_frames) == (file.SeriesInstanceUID, *heart.voxels.shape[2:])
    cine, source = archive.cine(found.id)
    np.testing.assert_array_equal(cine.voxels, heart.voxels)
    np.testing.assert_allclose(cine.affine, heart.affine, atol=1e-6)
    assert cine.times_ms is not None
    np.testing.assert_allclose(cine.times_ms, heart.times_ms)
    assert source.planes[2][3].sop_instance_uid in {str(pydicom.dcmread(p).SOPInstanceUID) for p in study}


def test_a_segmentation_goes_there_and_comes_back(address: str, study: list[Path], tmp_path: Path) -> None:
    archive = RemoteArchive(address)
    file = the_study(study)
    cine, source = archive.cine(file.SeriesInstanceUID)
    label = (cine.voxels % 4).astype(np.uint8)
    [path] = write_seg(tmp_path / "seg.dcm", label, source, algorithm="test", version="1")
    stored = archive.store([path.read_bytes()])
    assert len(stored.kept) == 1
    assert not stored.refused
    seg = pydicom.dcmread(path)
    [there] = archive.objects(seg.StudyInstanceUID, seg.SeriesInstanceUID, seg.SOPInstanceUID)
    assert pydicom.dcmread(io.BytesIO(there)).PixelData == seg.PixelData
    with pytest.raises(Refusal, match="SEG"):
        archive.cine(str(seg.SeriesInstanceUID))


def test_what_is_not_there_is_said_so(address: str) -> None:
    archive = RemoteArchive(address)
    with pytest.raises(Refusal) as refused:
        archive.cine("1.2.3.4.5.6")
    assert refused.value.http_status == 404
    assert httpx.get(f"{address}/studies/1.2.3/metadata").status_code == 404
    assert httpx.get(f"{address}/studies", params={"StudyInstanceUID": "1.2.3"}).status_code in (200, 204)


def test_a_server_that_is_away_is_named() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        address = f"http://someone:secret@127.0.0.1:{listener.getsockname()[1]}/dicom-web"
    with pytest.raises(Refusal, match="does not answer") as refused:
        RemoteArchive(address).cines()
    assert refused.value.http_status == 502
    assert "secret" not in refused.value.sentence
