"""A real server on a small disk that fills up: 507, nothing half written, and all well once there is room."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pydicom
import pytest

from radloop.dicom.make import make_study
from radloop.server.planes import pack
from radloop.store import Store
from radloop.store.audit import Audit
from radloop.synthesis import make_phantom
from radloop.synthesis.phantom import Phantom

SIZE = "40m"


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of ``SIZE`` in memory."""
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "radloop-test", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@dataclass
class Crowded:
    """A server whose data and studies lie on one small disk."""

    server: Any
    disk: Path
    heart: Phantom
    series: str
    study: str

    @property
    def filler(self) -> Path:
        return self.disk / "filler"

    def fill(self, leave: int) -> None:
        """Leave so many bytes."""
        with self.filler.open("wb", buffering=0) as file:
            free = shutil.disk_usage(self.disk).free
            os.posix_fallocate(file.fileno(), 0, max(free - leave, 1))

    def empty(self) -> None:
        self.filler.unlink(missing_ok=True)

    def files(self) -> dict[str, int]:
        """What is kept, by name, with sizes; the database's own files come and go as it likes."""
        # A journal line without its row was never acknowledged: checking finds it. Cines are made anew when wanted.
        ours = ("store.sqlite", "ballast", ".jsonl", "/cines/", "server.log")
        kept = (file for file in self.disk.rglob("*") if file.is_file() and not any(o in str(file) for o in ours))
        return {str(file.relative_to(self.disk)): file.stat().st_size for file in kept if file != self.filler}


@pytest.fixture(scope="module")
def heart() -> Phantom:
    return make_phantom(3, ef=55, frames=4, matrix=(48, 40), spacing_mm=(4.5, 16))


@pytest.fixture(scope="module")
def crowded(
    serve: Callable[..., Any],
    heart: Phantom,
    cine_file: Callable[..., Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Crowded]:
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk; CI does")
    folder = tmp_path_factory.mktemp("crowded")
    with small_disk(folder / "disk") as disk:
        studies = disk / "studies"
        written = make_study(heart.cine, studies / "study", seed="crowded", beside=False)
        cine_file(studies / "cine.nii.gz")
        header = pydicom.dcmread(written[0], stop_before_pixels=True)
        (folder / "data").symlink_to(disk / "data")
        (disk / "data").mkdir()
        with serve(studies, folder, disk_reserve_mb="0") as server:
            server.wait_ready()
            yield Crowded(server, disk, heart, header.SeriesInstanceUID, header.StudyInstanceUID)


def write_paths(crowded: Crowded, http: httpx.Client, cine: bytes, stow: bytes) -> dict[str, Callable[[], Any]]:
    """Every way in which a request leaves something on the disk."""
    planes = pack(crowded.heart.label)
    image = {"image": crowded.series}
    submission = {"planes": planes, "author": "Dr A", "from_version": "0.1.0", "reviewed": {"1": "all"}}
    contours = {"planes": planes, "from_version": "0.1.0", "edited": True}
    label = crowded.disk / "label.nii.gz"
    parts = b"--b\r\nContent-Type: application/dicom\r\n\r\n%s\r\n--b--\r\n" % stow
    stow_type = {"content-type": 'multipart/related; type="application/dicom"; boundary=b'}
    file = ("new.nii.gz", cine)
    return {
        "image": partial(http.put, "/datastore/image", params={"image": "new"}, files={"file": file}),
        "image info": partial(http.put, "/datastore/image/info", params={"image": "cine"}, data={"info": '{"a": 1}'}),
        "label": partial(
            http.put, "/datastore/label", params={"image": "cine"}, files={"label": ("l.nii.gz", label.read_bytes())}
        ),
        "label info": partial(http.put, "/datastore/label/info", params={"label": "cine"}, data={"info": '{"a": 1}'}),
        "label removed": partial(http.delete, "/datastore/label", params={"id": "cine"}),
        "session": partial(http.put, "/session/", files={"files": file}),
        "infer, a file along": partial(http.post, "/infer/cine_heart", files={"file": file}),
        "infer": partial(http.post, "/infer/cine_heart", params={"image": "cine"}),
        "infer, a SEG": partial(http.post, "/infer/cine_heart", params=image | {"output": "dicom_seg"}),
        "panel, draft": partial(http.put, "/radloop/draft", params=image, json={"number": 0, "planes": planes}),
        "panel, label": partial(http.put, "/radloop/labels", params=image, json=submission),
        "panel, export": partial(http.post, "/radloop/export", params=image, json=contours),
        "objects": partial(http.post, "/dicom-web/studies", content=parts, headers=stow_type),
        "data set": partial(http.get, "/datastore/dataset"),
    }


def test_every_write_path_on_a_full_disk(crowded: Crowded, tmp_path: Path, heart: Phantom) -> None:
    server = crowded.server
    cine = (server.studies / "cine.nii.gz").read_bytes()
    label = crowded.disk / "label.nii.gz"
    other = make_study(heart.cine, tmp_path / "other", seed="other", beside=False)
    stow = other[0].read_bytes()
    with server.http() as http:
        drawn = http.post("/infer/cine_heart", params={"image": "cine", "output": "image"}).raise_for_status()
        label.write_bytes(drawn.content)
        kept = {"label": ("l.nii.gz", drawn.content)}
        http.put("/datastore/label", params={"image": "cine"}, files=kept).raise_for_status()
        ways = write_paths(crowded, http, cine, stow)
        assert http.get("/readyz").status_code == 200
        before = crowded.files()
        for leave in (0, 8 << 10, 64 << 10):
            for name, ask in ways.items():
                crowded.fill(leave)
                answer = ask()
                context = f"{name}, {leave} bytes left: {answer.status_code} {answer.text[:200]}\n{server.log[-3000:]}"
                if leave == 0:
                    assert answer.status_code == 507, context
                    assert answer.json()["detail"] == "The disk is full: nothing was kept.", context
                assert answer.status_code != 500, context
                assert answer.status_code != 503 or "retry-after" in answer.headers, context
                crowded.empty()
                assert http.get("/readyz").status_code == 200, context  # makes the ballast anew
                after = crowded.files()
                assert answer.status_code != 507 or after == before, context
                before = after

        crowded.fill(0)
        unready = http.get("/readyz")
        assert unready.status_code == 503
        assert "disk is full" in unready.json()["reason"]
        assert http.get("/healthz").status_code == 200
        assert http.get("/info/").status_code == 200
        assert http.get("/datastore/image", params={"image": "cine"}).content == cine
        assert http.get("/datastore/label", params={"label": "cine"}).status_code == 200
        crowded.empty()
        assert http.get("/readyz").status_code == 200
        http.put("/datastore/label", params={"image": "cine"}, files=kept).raise_for_status()
    with Store(server.data) as store:
        found = {(one.fault, one.what) for one in store.check(repair=True) if not one.repaired}
        assert not found
        assert not list(store.check())
        assert Audit(store.database).verify().fault is None
    assert not list((server.data / "scratch").iterdir())


def test_with_less_than_the_reserve_nothing_is_begun(serve: Callable[..., Any], studies: Path, tmp_path: Path) -> None:
    free_mb = shutil.disk_usage(tmp_path).free >> 20
    with serve(studies, tmp_path, disk_reserve_mb=str(2 * free_mb + 1000)) as server, server.http() as http:
        cine = (studies / "cine.nii.gz").read_bytes()
        for answer in (
            http.put("/datastore/image", params={"image": "new"}, files={"file": ("n.nii.gz", cine)}),
            http.put("/session/", files={"files": ("n.nii.gz", cine)}),
            http.post("/infer/cine_heart", params={"image": "cine"}),
        ):
            assert answer.status_code == 507
        assert "held in reserve" in http.get("/readyz").json()["reason"]
        assert http.get("/datastore/image", params={"image": "cine"}).content == cine
        assert "radloop_disk_full 1.0" in http.get("/metrics").text
        with Store(server.data) as store:
            rows = list(Audit(store.database).rows())
    assert ("this-machine", "image added", "", 507) in [(row.who, row.did, row.id, row.status) for row in rows]
