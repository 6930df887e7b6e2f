"""Tests of the Slicer module against Slicer's real core, in the environment of ``requirements-slicer.lock``.

They run by ``make slicer``. In the environment of the server, which has no ``slicer``, nothing here is collected.
"""

import importlib.util
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PLUGIN = HERE.parents[2] / "plugin" / "SlicerRadLoop"
sys.path[:0] = [str(HERE), str(PLUGIN / "RadLoop")]

collect_ignore_glob = [] if importlib.util.find_spec("slicer") else ["test_*.py"]


@pytest.fixture
def core(tmp_path):
    """An empty scene with Slicer's logics."""
    from core_scene import CoreScene

    return CoreScene(tmp_path / "cache")


@pytest.fixture(autouse=True)
def _errors_in_observers_fail(capfd):
    """VTK prints an exception of an observer and goes on, and so does Qt with one of a slot."""
    yield
    assert "Traceback" not in capfd.readouterr().err


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """Where radloop runs from."""
    from real_server import installation

    return installation(tmp_path_factory.mktemp("installation"))


@pytest.fixture(scope="session")
def studies(tmp_path_factory):
    """Two hearts that the model can find, a part of the sample, once on a left-handed grid; and the sample's film."""
    import shutil

    import nibabel
    import numpy as np
    from RadLoopLib.exam import Cine, write_cine

    from heart_phantom import SPACING_MM, oblique

    sample = nibabel.load(HERE.parents[2] / "sample-data" / "normal.nii.gz")
    voxels = np.asarray(sample.dataobj)[:, :, 3:6, :18:3].astype(np.int16).T  # (t, k, j, i)
    grow = np.diag([*(np.array(sample.header.get_zooms()[:3]) / SPACING_MM), 1.0])
    folder = tmp_path_factory.mktemp("studies")
    for name, left_handed in (("heart_01", False), ("heart_02", True)):
        affine = (oblique(left_handed) @ grow).astype(np.float32).astype(np.float64)
        cine = Cine(np.ascontiguousarray(voxels), affine, tuple(33.25 * t for t in range(len(voxels))))
        (folder / f"{name}.nii.gz").write_bytes(write_cine(cine))
    shutil.copy(HERE.parents[2] / "sample-data" / "film_clouded.png", folder)
    return folder


@pytest.fixture(scope="module")
def server(installed, studies, tmp_path_factory):
    """A real server with the two hearts and the film, and the models as they are shipped."""
    from real_server import RealServer

    running = RealServer(installed, studies, tmp_path_factory.mktemp("server"))
    yield running
    running.stop()


@pytest.fixture
def line(server):
    """The server, behind a line that can be troubled."""
    from troubled_line import TroubledLine

    line = TroubledLine(server.url)
    yield line
    line.close()


@pytest.fixture(scope="session")
def films(tmp_path_factory):
    """A folder of films whose pixels tell every direction apart; see ``film_phantom``."""
    from film_phantom import write_films

    return write_films(tmp_path_factory.mktemp("films"))


@pytest.fixture(scope="session")
def film_server(films, tmp_path_factory):
    """A real server of those films, with a classifier that tells dark from bright; its heat map is the film itself."""
    from real_server import RealServer
    from tiny_classifier import install

    running = RealServer(install(tmp_path_factory.mktemp("tiny")), films, tmp_path_factory.mktemp("film-server"))
    yield running
    running.stop()
