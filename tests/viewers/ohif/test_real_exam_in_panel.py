"""A real exam from a scanner, with all that is unusual in it, from an Orthanc to the panel and back."""

import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from dicomweb_client.web import DICOMwebClient
from other_programs import orthanc_in, send

from radloop.dicom import read_study
from radloop.dicom.sr import read_sr


@pytest.fixture(scope="module")
def exam(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    unpacked = tmp_path_factory.mktemp("exam")
    with tarfile.open(real_data / "dicom" / "sunnybrook" / "SCD0000301" / "dicom.tar.bz2") as packed:
        packed.extractall(unpacked, filter="data")
    return unpacked


def test_a_real_exam_in_the_panel_and_back_to_orthanc(
    exam: Path, serve: Callable[..., Any], visit: Callable[..., Any], pictures: Path, tmp_path: Path
) -> None:
    [cine] = read_study(exam)
    with orthanc_in(tmp_path) as orthanc:
        send(orthanc, sorted(file for file in exam.rglob("*") if file.is_file()))
        server = serve(orthanc)
        where = {"image": cine.id, "output": "json"}
        said = httpx.post(f"{server.url}/infer/cine_heart", params=where, timeout=300).raise_for_status().json()
        seen = visit(server, pictures, {"real-exam": cine.study_uid}, save=["real-exam"])["real-exam"]
        assert seen["ef"] == pytest.approx(said["lv_ef"], abs=0.01)
        assert seen["state"] == "analysed"
        series = DICOMwebClient(orthanc).search_for_series(cine.study_uid)
        by_modality = {row["00080060"]["Value"][0]: row["0020000E"]["Value"][0] for row in series}
        [sr] = DICOMwebClient(orthanc).retrieve_series(cine.study_uid, by_modality["SR"])
        sr.save_as(tmp_path / "sr.dcm")
        assert read_sr(tmp_path / "sr.dcm")["lv_ef"] == pytest.approx(said["lv_ef"], abs=0.01)
        [seg] = DICOMwebClient(orthanc).retrieve_series(cine.study_uid, by_modality["SEG"])
        assert len(seg.PerFrameFunctionalGroupsSequence) == 3 * cine.n_slices * cine.n_frames
