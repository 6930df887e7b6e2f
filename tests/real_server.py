"""`radloop serve` in a process of its own, by the Python that has radloop: that of the tests of Slicer has not."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
PYTHON = os.environ.get("RADLOOP_PYTHON") or sys.executable

_RANDOM_WEIGHTS = """
import sys, torch
from monai.bundle import ConfigParser
sys.path.append(sys.argv[1])
parser = ConfigParser()
parser.read_config(sys.argv[1] + "/configs/inference.json")
torch.manual_seed(0)
network = parser.get_parsed_content("network_def")
for weight in network.parameters():
    torch.nn.init.normal_(weight, std=0.2)
torch.save({"model": network.state_dict()}, sys.argv[1] + "/models/model.pt")
"""


def installation(folder: Path) -> Path:
    """The checkout; or, where it has no weights, a copy with weights from a fixed seed."""
    if (CHECKOUT / "bundles/cine_heart/models/model.pt").exists():
        return CHECKOUT
    for part in ("apps/radloop", "bundles/cine_heart"):
        shutil.copytree(CHECKOUT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    bundle = folder / "bundles/cine_heart"
    (bundle / "models").mkdir(exist_ok=True)
    subprocess.run([PYTHON, "-c", _RANDOM_WEIGHTS, str(bundle)], check=True, env=environment(folder))
    return folder


def environment(installed: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RADLOOP_", "PYTHON"))}
    path = os.pathsep.join(str(installed / part) for part in ("apps/radloop", "bundles/cine_heart"))
    return {**kept, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}


class RealServer:
    """A server over a folder of images; it can be stopped and started again on its port."""

    def __init__(self, installed: Path, studies: Path | str, folder: Path) -> None:
        self.studies, self._installed, self._folder = studies, installed, folder
        self._port, self._process = 0, None
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        log = self._folder / "server.log"
        log.write_text("")
        command = [PYTHON, "-m", "radloop", "serve", "--port", str(self._port), "--studies", str(self.studies)]
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [*command, "--data", str(self._folder / "data")],
                env=environment(self._installed),
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
            )
        until = time.monotonic() + 120
        while time.monotonic() < until:
            assert self._process.poll() is None, log.read_text()
            said = log.read_text().rpartition("http://127.0.0.1:")[2]
            if said[:1].isdigit():
                self._port = int("".join(c for c in said.split()[0] if c.isdigit()))
                if self._answers("/readyz"):
                    return
            time.sleep(0.1)
        raise AssertionError(log.read_text())

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def json(self, path: str):
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            return json.load(answer)

    def _answers(self, path: str) -> bool:
        try:
            with urllib.request.urlopen(self.url + path, timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False
