"""A small heart whose every direction differs, the programs that judge what is written, and servers."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import pytest
import uvicorn
from fastapi import FastAPI
from other_programs import free_port, needed, orthanc_in

from radloop.dicom.web import Offer
from radloop.images import Cine
from radloop.server.dicomweb import router
from radloop.server.problems import answer_problems


def _phantom(
    shape: tuple[int, int, int, int] = (36, 31, 5, 7), turn: tuple[int, int, int] = (1, 1, 1), oblique: bool = True
) -> Cine:
    """A cine (x, y, z, t) without any symmetry; ``turn`` flips its axes in the patient."""
    voxels = np.random.default_rng(7).integers(0, 1500, shape).astype(np.int16)
    voxels[3:9, 20:28, 1:3] += (200 * np.arange(shape[3])).astype(np.int16)
    skew = np.array([[-1.1, 0.7, 3.0], [0.8, 1.2, -5.0], [0.3, -0.1, 5.0]]) if oblique else np.eye(3)
    directions, _ = np.linalg.qr(skew)
    directions = directions * turn
    if np.linalg.det(directions) < 0:
        directions[:, 2] *= -1  # slices ascend along rows x columns, as they are read
    affine = np.eye(4)
    affine[:3, :3] = directions * [1.3, 1.5, 8.0]
    affine[:3, 3] = [20.0, -11.0, 5.0]
    return Cine(voxels, affine, np.arange(shape[3]) * 43.5)


@pytest.fixture(scope="session")
def phantom() -> Callable[..., Cine]:
    """Makes phantoms: ``phantom(shape=, turn=, oblique=)``."""
    return _phantom


@pytest.fixture
def heart() -> Cine:
    return _phantom()


@pytest.fixture(scope="session")
def faults() -> Callable[[Path], set[str]]:
    """What ``dciodvfy`` calls an error in an object: ``faults(path)``."""
    return _faults


def _faults(path: Path) -> set[str]:
    done = subprocess.run(
        [needed("dciodvfy", "dicom3tools"), str(path)], capture_output=True, text=True, check=False, timeout=60
    )
    return {line for line in done.stderr.splitlines() if line.startswith("Error")}


@contextmanager
def _served(app: FastAPI) -> Iterator[str]:
    """The address of an application while it runs."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="session")
def served() -> Callable[[Offer], AbstractContextManager[str]]:
    """Serves an archive as the server does: ``with served(archive) as address``."""

    @contextmanager
    def offer(archive: Offer) -> Iterator[str]:
        app = FastAPI()
        answer_problems(app)
        app.include_router(router(lambda: archive))
        with _served(app) as address:
            yield f"{address}/dicom-web"

    return offer


@pytest.fixture(scope="session")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The DICOMweb address of an Orthanc of our own, on loopback."""
    with orthanc_in(tmp_path_factory.mktemp("orthanc")) as address:
        yield address
