"""The viewer as a user has it, and the tools that its plugin is built and driven with."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
from real_server import RealServer, installation

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


Visits = dict[str, dict[str, Any]]


@pytest.fixture(scope="session")
def visit(viewer: Path) -> Callable[..., Visits]:
    """``visit(server, pictures, {name: study}, save=…)``: what a person sees of each study in the panel.

    ``save`` names those whose SEG and SR are saved to the archive. Errors of the page and requests to other hosts
    fail here, and so do failed requests, but for those that ``refused`` expects by their statuses.
    """

    def see(
        server: RealServer,
        pictures: Path,
        studies: dict[str, str],
        *,
        save: Collection[str] = (),
        refused: Collection[int] = (),
    ) -> Visits:
        wanted = [{"name": name, "study": study, "save": name in save} for name, study in studies.items()]
        program = Path(__file__).with_name("visit.mjs")
        pictures.mkdir(parents=True, exist_ok=True)
        command = ["node", str(program), server.url, str(pictures), json.dumps(wanted)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
        assert done.returncode == 0, done.stdout + done.stderr
        told = json.loads((pictures / "visits.json").read_text())
        assert told["elsewhere"] == []
        assert [one for one in told["failed"] if int(one.split()[0]) not in refused] == []
        assert [one for one in told["errors"] if not (refused and "Failed to load resource" in one)] == []
        visits: Visits = told["visits"]
        return visits

    return see


@pytest.fixture
def serve(viewer: Path, tmp_path: Path) -> Iterator[Callable[[Path | str], RealServer]]:
    """``serve(studies)``: a server with the viewer, over a folder or another server's address."""
    running: list[RealServer] = []

    def start(studies: Path | str) -> RealServer:
        folder = tmp_path / f"server-{len(running)}"
        (folder / "data").mkdir(parents=True)
        (folder / "data" / "viewer").symlink_to(viewer / "viewer")
        running.append(RealServer(installation(folder), studies, folder))
        return running[-1]

    yield start
    for server in running:
        server.stop()


@pytest.fixture
def pictures(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where screenshots go: below RADLOOP_PICTURES, where that is set, to be looked at."""
    kept = os.environ.get("RADLOOP_PICTURES")
    return Path(kept) / request.node.name if kept else tmp_path / "pictures"
