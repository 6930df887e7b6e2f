"""Folders with small files in them; the store never opens an image, so their contents need not be images."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from radloop.store import Store


def write(path: Path, content: bytes = b"voxels") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.fixture
def studies(tmp_path: Path) -> Path:
    """Two flat images, one patient's folder laid out as in ACDC, and files that are no images."""
    folder = tmp_path / "studies"
    write(folder / "heart.nii.gz", b"heart")
    write(folder / "chest.nrrd", b"chest")
    write(folder / "patient001" / "ed.nii.gz", b"ed")
    write(folder / "patient001" / "ed_gt.nii.gz", b"ed label")
    write(folder / "labels" / "final" / "heart.nii.gz", b"label")
    write(folder / ".hidden.nii.gz")
    write(folder / "notes.txt")
    return folder


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Store]]:
    """Open the store in ``tmp_path/data``, as often as wanted; all are closed at the end."""
    stores: list[Store] = []

    def open_store(studies: Path | None = None, data: str = "data") -> Store:
        stores.append(Store(tmp_path / data, studies))
        return stores[-1]

    yield open_store
    for store in stores:
        store.close()


@pytest.fixture
def label_file(tmp_path: Path) -> Callable[[bytes], Path]:
    def make(content: bytes = b"label") -> Path:
        return write(tmp_path / "incoming" / "upload.nii.gz", content)

    return make


@pytest.fixture
def wait_for() -> Callable[[Callable[[], bool]], None]:
    """Ask until it is so; the watched folder may take a second or two to be noticed."""

    def wait(is_so: Callable[[], bool]) -> None:
        end = time.monotonic() + 20
        while not is_so():
            assert time.monotonic() < end, "it did not become so within 20 s"
            time.sleep(0.1)

    return wait
