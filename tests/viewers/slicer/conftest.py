"""Tests of the Slicer module against Slicer's real core, in the environment of ``requirements-slicer.lock``.

They run by ``make test-slicer``. In the environment of the server, which has no ``slicer``, nothing here is collected.
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
