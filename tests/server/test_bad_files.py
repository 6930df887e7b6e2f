"""The short form of ``bad_files.py``: each kind once, its routes in turn."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bad_files


def test_every_kind_of_bad_file_is_refused_by_name(serve: Callable[..., Any], tmp_path: Path) -> None:
    kinds = bad_files.every_kind()
    assert len({bad.kind for bad in kinds}) >= 60
    studies = tmp_path / "studies"
    studies.mkdir()
    (studies / "heart.nii.gz").write_bytes(gzip.compress(bad_files.nifti()))
    with serve(studies, tmp_path) as server:
        server.wait_ready()
        with server.http() as http:
            wrong = bad_files.try_all(http, kinds, print, every_route=False)
            assert not wrong, "\n".join(wrong)
            assert http.get("/datastore/", params={"output": "all"}).json()["objects"].keys() == {"heart"}
        assert "Traceback" not in server.log
        assert not list((server.data / "scratch").iterdir())
