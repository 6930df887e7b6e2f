"""What tests of several rooms need."""

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from xdist.scheduler import LoadFileScheduling

_BROWSER = "tests/viewers/ohif/"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> "LoadFileScheduling":
    """A file's tests run in one process; those with a browser, which take longest, one by one in one process."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "browser" if nodeid.startswith(_BROWSER) else super()._split_scope(nodeid)

    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(_BROWSER))


def pytest_runtest_teardown() -> None:
    """A bundle's code that ran in this process may have left the processor without its smallest numbers."""
    if torch := sys.modules.get("torch"):
        torch.set_flush_denormal(False)


@pytest.fixture(scope="session")
def radloop():
    """The command, as a process of its own: ``radloop("infer", …)`` gives the finished process, output as text."""

    def run(*arguments, check=True, **options):
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        command = [sys.executable, "-m", "radloop", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, **options)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    return run


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """A copy of radloop that ships a classifier by brightness and nothing else, see ``tiny_classifier``."""
    from tiny_classifier import Installation

    return Installation(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real labelled pictures, which no clone holds."""
    folder = os.environ.get("RADLOOP_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("RADLOOP_DATA names no folder of real data")
    return Path(folder).resolve()
