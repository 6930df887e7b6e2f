"""A real server in a process of its own, on loopback, with small made-up cines."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import nibabel as nib
import numpy as np
import pytest
from monailabel.client import MONAILabelClient

CHECKOUT = Path(__file__).resolve().parents[2]
SPACING_MM = (1.5, 1.5, 8.0)
COMMAND = "from radloop.server import Settings, run; run(Settings())"


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout; or, while its weights are not there, a copy with weights from a fixed seed."""
    if (CHECKOUT / "bundles/cine_heart/models/model.pt").exists():
        return CHECKOUT
    copy = tmp_path_factory.mktemp("installation")
    for part in ("apps/radloop", "bundles/cine_heart"):
        shutil.copytree(CHECKOUT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    script = """
import sys, torch
from monai.bundle import ConfigParser
bundle = sys.argv[1]
sys.path.append(bundle)
parser = ConfigParser()
parser.read_config(bundle + "/configs/inference.json")
torch.manual_seed(0)
network = parser.get_parsed_content("network_def")
for weight in network.parameters():
    torch.nn.init.normal_(weight, std=0.2)
torch.save({"model": network.state_dict()}, bundle + "/models/model.pt")
"""
    bundle = copy / "bundles/cine_heart"
    (bundle / "models").mkdir(exist_ok=True)
    subprocess.run([sys.executable, "-c", script, str(bundle)], check=True, env=environment(copy))
    return copy


def environment(installation: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RADLOOP_", "MONAI_LABEL_"))}
    return {
        **kept,
        "PYTHONPATH": f"{installation / 'apps/radloop'}:{Path(__file__).parent}",
        "OMP_NUM_THREADS": "1",
        **more,
    }


def beating(shape: tuple[int, int, int, int] = (48, 40, 3, 5), *, seed: int = 0) -> np.ndarray:
    """(x, y, z, t) int16: a bright disc that shrinks and grows, in noise."""
    x, y, _, t = np.ogrid[: shape[0], : shape[1], : shape[2], : shape[3]]
    radius = 8 + 3 * np.cos(2 * np.pi * t / shape[3])
    inside = (x - shape[0] / 2) ** 2 + (y - shape[1] / 2) ** 2 < radius**2
    noise = np.random.default_rng(seed).normal(0, 20, shape)
    return (200 + 600 * inside + noise).astype(np.int16)


def save(path: Path, voxels: np.ndarray, *, spacing_mm: tuple[float, float, float] = SPACING_MM) -> Path:
    image = nib.Nifti1Image(voxels, np.diag([-spacing_mm[0], -spacing_mm[1], spacing_mm[2], 1.0]))
    if voxels.ndim == 4:
        image.header.set_zooms((*spacing_mm, 0.04))
        image.header.set_xyzt_units("mm", "sec")
    nib.save(image, path)
    return path


def end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@dataclass
class Server:
    """A running server; ``log`` is everything it wrote."""

    base: str
    process: subprocess.Popen[bytes]
    log_file: Path
    studies: Path | str
    data: Path

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def client(self, folder: Path) -> MONAILabelClient:
        return MONAILabelClient(self.base, tmpdir=str(folder))

    def http(self, **more: object) -> httpx.Client:
        # Certificates of tests are signed by nobody.
        return httpx.Client(base_url=self.base, timeout=120, trust_env=False, verify=False, **more)  # type: ignore[arg-type]

    def wait_ready(self, seconds: float = 300) -> None:
        wait_for(lambda: self.http().get("/readyz").status_code == 200, seconds, lambda: self.log)


def wait_for(condition: Callable[[], bool], seconds: float, say: Callable[[], str]) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if condition():
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    pytest.fail(f"not within {seconds} s; {say()}")


@contextmanager
def serving(
    installation: Path, studies: Path | str, folder: Path, before: str = "", **settings: str
) -> Iterator[Server]:
    """``radloop serve`` on a free port, with ``RADLOOP_…`` settings; ``before`` is Python that is run first."""
    data = folder / "data"
    log_file = folder / "server.log"
    earlier = len(log_file.read_text()) if log_file.exists() else 0  # of a server that used the same folder
    told = {"RADLOOP_PORT": "0", "RADLOOP_STUDIES": str(studies), "RADLOOP_HOME": str(data), "RADLOOP_NICENESS": "0"}
    told |= {f"RADLOOP_{name.upper()}": value for name, value in settings.items()}
    with log_file.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", before + COMMAND],
            env=environment(installation, **told),
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
        )
    try:
        said = re.compile(r" at (https?://\S+) \(research")

        def where() -> re.Match[str] | None:
            return said.search(log_file.read_text()[earlier:])

        wait_for(lambda: where() or process.poll() is not None, 60, log_file.read_text)
        assert process.poll() is None, log_file.read_text()
        base = where()[1].replace("0.0.0.0", "127.0.0.1")
        server = Server(base, process, log_file, studies, data)
        wait_for(lambda: server.http().get("/healthz").status_code == 200, 60, log_file.read_text)
        yield server
    finally:
        end(process)


@contextmanager
def stock_serving(installation: Path, studies: Path, folder: Path) -> Iterator[Server]:
    """MONAI Label's own server with radloop's app, on a free port."""
    app = folder / "app"
    app.mkdir()
    shutil.copy(installation / "apps/radloop/main.py", app)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log_file = folder / "stock.log"
    command = [sys.executable, "-m", "monailabel.main", "start_server", "--app", app, "--studies", studies]
    with log_file.open("ab") as log:
        process = subprocess.Popen(
            [*map(str, command), "--host", "127.0.0.1", "--port", str(port)],
            env=environment(installation, HOME=str(folder)),
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
        )
    try:
        server = Server(f"http://127.0.0.1:{port}", process, log_file, studies, folder)
        wait_for(lambda: server.http().get("/info/").status_code == 200, 120, log_file.read_text)
        yield server
    finally:
        end(process)


@pytest.fixture(scope="session")
def serve(installation: Path) -> Callable[..., AbstractContextManager[Server]]:
    """``serve(studies, folder, **settings)``: a server of a test's own."""
    return partial(serving, installation)


@pytest.fixture(scope="session")
def stock_serve(installation: Path) -> Callable[..., AbstractContextManager[Server]]:
    """``stock_serve(studies, folder)``: MONAI Label's own server with radloop's app."""
    return partial(stock_serving, installation)


@pytest.fixture(scope="session")
def serve_tiny(tiny: Any) -> Callable[..., AbstractContextManager[Server]]:
    """As ``serve``, of a radloop that ships the tiny classifier and nothing else."""
    return partial(serving, tiny.folder)


@pytest.fixture(scope="session")
def stock_serve_tiny(tiny: Any) -> Callable[..., AbstractContextManager[Server]]:
    return partial(stock_serving, tiny.folder)


@pytest.fixture(scope="session")
def cine_file() -> Callable[..., Path]:
    """``cine_file(path, shape=…)``: a file with a made-up cine."""

    def make(path: Path, shape: tuple[int, int, int, int] = (48, 40, 3, 5)) -> Path:
        return save(path, beating(shape))

    return make


@pytest.fixture(scope="session")
def studies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``cine`` (4D), ``still`` (3D) and files that cannot be analysed."""
    folder = tmp_path_factory.mktemp("studies")
    save(folder / "cine.nii.gz", beating())
    save(folder / "cine2.nii.gz", beating(seed=1))
    save(folder / "still.nii.gz", beating()[..., 0])
    whole = (folder / "cine.nii.gz").read_bytes()
    (folder / "truncated.nii.gz").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.nii.gz").write_bytes(b"")
    (folder / "words.nii.gz").write_bytes(b"no picture at all\n" * 40)
    save(folder / "notfinite.nii.gz", np.full((32, 32, 2, 3), np.nan, np.float32))
    save(folder / "constant.nii.gz", np.full((32, 32, 2, 3), 7, np.int16))
    save(folder / "tiny.nii.gz", beating((8, 8, 2, 3)))
    return folder


@pytest.fixture(scope="session")
def server(installation: Path, studies: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(installation, studies, tmp_path_factory.mktemp("server")) as running:
        running.wait_ready()
        yield running
