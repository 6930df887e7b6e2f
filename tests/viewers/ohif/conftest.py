"""The viewer as a user has it, and the tools that its plugin is built and driven with."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from radloop import places
from radloop.server import viewer_install

PLUGIN = places.plugins() / "ohif-radloop"

Npm = Callable[..., str]


@pytest.fixture(scope="session")
def npm() -> Npm:
    """Runs npm in the plugin's folder, with the packages that its lock file names."""

    def run(*arguments: str) -> str:
        done = subprocess.run(["npm", *arguments], cwd=PLUGIN, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert shutil.which("npm"), "Node.js with npm is needed"
    if not (PLUGIN / "node_modules" / ".package-lock.json").exists():
        run("ci", "--ignore-scripts")
    return run


@pytest.fixture(scope="session")
def viewer(npm: Npm) -> Path:
    """A data folder with the prepared viewer in it, kept from one run to the next."""
    data = PLUGIN / "node_modules" / ".cache" / "radloop"
    viewer_install.install(data)
    return data
