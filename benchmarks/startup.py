"""How soon a server answers: python benchmarks/startup.py [-n 5]

From the command ``radloop serve`` (as a process, on a data folder that exists already and, apart, on a new one) to
the first answer of ``/info/``, to the model in memory (``/readyz``), and the first analysis of a sample.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests

from radloop import places


def one_start(data: Path, studies: Path) -> tuple[float, float, float]:
    """Seconds from the command to ``/info/`` and to ``/readyz``, and of one analysis after that."""
    command = [sys.executable, "-m", "radloop", "serve", "--port", "0", "--data", str(data), "--studies", str(studies)]
    environment = {**os.environ, "PYTHONPATH": str(places.app()), "PYTHONUNBUFFERED": "1"}
    began = time.perf_counter()
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        base = next(word for word in line.split() if word.startswith("http://"))
        info_s = first_answer(f"{base}/info/", server, began)
        ready_s = first_answer(f"{base}/readyz", server, began)
        asked = time.perf_counter()
        image = requests.post(f"{base}/activelearning/first", json={}, timeout=60).json()["id"]
        requests.post(f"{base}/infer/cine_heart", params={"image": image}, timeout=600).raise_for_status()
        return info_s, ready_s, time.perf_counter() - asked
    finally:
        server.terminate()
        server.wait(30)


def first_answer(url: str, server: subprocess.Popen[str], began: float) -> float:
    while server.poll() is None:
        try:
            if requests.get(url, timeout=30).ok:
                return time.perf_counter() - began
        except requests.ConnectionError:
            pass
        time.sleep(0.005)
    raise SystemExit("the server ended")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=5, help="starts of each kind")
    parser.add_argument("--studies", type=Path, default=places.sample_data())
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        fresh = [one_start(Path(folder) / f"fresh{i}", arguments.studies) for i in range(arguments.n)]
        again = [one_start(Path(folder) / "fresh0", arguments.studies) for _ in range(arguments.n)]
    load = os.getloadavg()[0]
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"load average at the end {load:.1f} (one server of its own makes about 1)\n")
    print(f"seconds, best / median of {arguments.n}      | to /info/     | model warm    | first analysis")
    for name, runs in (("new data folder", fresh), ("existing data folder", again)):
        cells = [f"{min(column):5.2f} / {statistics.median(column):5.2f}" for column in zip(*runs, strict=True)]
        print(f"{name:<37} | " + " | ".join(cells))


if __name__ == "__main__":
    main()
