"""How a server answers that has many images: python benchmarks/many_images.py [--images 10000]

Makes a folder of that many (empty) images, starts ``radloop serve`` on it twice, first with a new data folder, and asks
over HTTP. Prints seconds by the clock, and of the server process' own processor time, which other programs disturb
less; a start on ten images stands beside for what any start takes.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from radloop import places

OLDER_S = 2.5
"""What is known of the folder is looked at again after two seconds: so each answer is one that had to look."""

ASKED = {
    "/info/": ("GET", "/info/"),
    "/datastore/": ("GET", "/datastore/"),
    "/datastore/?output=all": ("GET", "/datastore/?output=all"),
    "next sample, first": ("POST", "/activelearning/first"),
    "next sample, random": ("POST", "/activelearning/random"),
}


@contextmanager
def serving(studies: Path, data: Path) -> Iterator[tuple[str, psutil.Process, float, float]]:
    """Address and process of a server, and the seconds until it first answered: clock, processor."""
    command = [sys.executable, "-m", "radloop", "serve", "--port", "0", "--data", str(data), "--studies", str(studies)]
    environment = {**os.environ, "PYTHONPATH": str(places.app()), "PYTHONUNBUFFERED": "1"}
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            assert server.stdout is not None
            url = next(word for word in server.stdout.readline().split() if word.startswith("http://"))
            process = psutil.Process(server.pid)
            while True:
                try:
                    httpx.get(f"{url}/info/", timeout=60).raise_for_status()
                    break
                except httpx.TransportError:
                    time.sleep(0.005)
            yield url, process, time.perf_counter() - began, own_s(process)
        finally:
            server.terminate()


def own_s(process: psutil.Process) -> float:
    used = process.cpu_times()
    return used.user + used.system


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=10_000)
    chosen = parser.parse_args()
    rows: dict[str, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as place:
        folders = {count: Path(place) / f"studies{count}" for count in (10, chosen.images)}
        for count, folder in folders.items():
            folder.mkdir()
            for n in range(count):
                (folder / f"image{n:05}.nii.gz").touch()
        for count, folder in folders.items():
            for again in ("all of them new", "known already"):
                with serving(folder, Path(place) / f"data{count}") as (url, process, clock_s, processor_s):
                    rows[f"start to /info/, {count} images, {again}"] = clock_s, processor_s
                    if count < chosen.images or again == "all of them new":
                        continue
                    with httpx.Client(base_url=url, timeout=60) as http:
                        for what, (method, path) in ASKED.items():
                            time.sleep(OLDER_S)
                            began, used = time.perf_counter(), own_s(process)
                            http.request(method, path).raise_for_status()
                            rows[f"{what}, {count} images"] = time.perf_counter() - began, own_s(process) - used
    print(f"{platform.platform()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print(f"| {'what':50} | seconds | cpu s |\n| {'-' * 50} | ------: | ----: |")
    for what, (clock_s, processor_s) in rows.items():
        print(f"| {what:50} | {clock_s:7.2f} | {processor_s:5.2f} |")


if __name__ == "__main__":
    main()
