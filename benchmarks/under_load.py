"""How long does `/info/` take while the model works on both cores, and does memory grow?

    python benchmarks/under_load.py FOLDER [--cines 4]       # FOLDER: images to analyse, for example real cines
    python benchmarks/under_load.py --inferences 1000

The first has ``--cines`` images analysed at once by a server of its own, asks for `/info/` every 20 ms until the last
answer is there, and prints the median, the 95th percentile and the longest time. The second has a small cine analysed
so many times and prints the memory (PSS) of the server and its workers after 10 and in the end.
"""

import argparse
import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import psutil

from radloop.cli.own_server import own_server
from radloop.images import find_images, write_cine
from radloop.synthesis import make_phantom

FIRST = 10


def megabytes() -> float:
    """Of the server, which is a child of this process, and of everything that it started."""
    return sum(process.memory_full_info().pss for process in psutil.Process().children(recursive=True)) / 1e6


def info_while_busy(url: str, images: list[str]) -> None:
    def analyse(image: str) -> float:
        began = time.perf_counter()
        where = {"image": image, "output": "json"}
        httpx.post(f"{url}/infer/cine_heart", params=where, timeout=600).raise_for_status()
        return time.perf_counter() - began

    analyse(images[0])  # the model is warm from here on
    taken = []
    with ThreadPoolExecutor(len(images)) as pool, httpx.Client(base_url=url, timeout=60) as client:
        client.get("/info/")
        answers = [pool.submit(analyse, image) for image in images]
        while not all(answer.done() for answer in answers):
            began = time.perf_counter()
            client.get("/info/").raise_for_status()
            taken.append(1000 * (time.perf_counter() - began))
            time.sleep(0.02)
    longest = max(answer.result() for answer in answers)
    median, high = np.percentile(taken, [50, 95])
    print(f"{len(images)} cines at once, the last after {longest:.1f} s; {os.cpu_count()} cores")
    print(
        f"/info/ {len(taken)} times: median {median:.1f} ms, 95th percentile {high:.1f} ms, longest {max(taken):.1f} ms"
    )


def memory_after(url: str, inferences: int) -> None:
    with httpx.Client(base_url=url, timeout=600) as client:
        for done in range(1, inferences + 1):
            where = {"image": "small", "output": "all"}
            client.post("/infer/cine_heart", params=where).raise_for_status()
            if done == FIRST:
                before = megabytes()
    after = megabytes()
    change = 100 * (after / before - 1)
    print(f"after {FIRST} inferences {before:.0f} MB, after {inferences} {after:.0f} MB ({change:+.1f} %)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--cines", type=int, default=4)
    parser.add_argument("--inferences", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        studies = Path(scratch) / "studies"
        studies.mkdir()
        if options.folder is not None:
            # The longest cines there are; the same name in several folders is told apart by the folder's.
            found = sorted(find_images(options.folder), key=lambda path: -path.stat().st_size)[: options.cines]
            for path in found:
                (studies / f"{path.parent.name}-{path.name}").symlink_to(path.resolve())
        write_cine(studies / "small.nii.gz", make_phantom(0, frames=3, matrix=(64, 64), spacing_mm=(3.2, 16.0)).cine)
        with own_server(studies, Path(scratch)) as url:
            if options.folder is not None:
                info_while_busy(url, [f"{path.parent.name}-{path.name.partition('.')[0]}" for path in found])
            if options.inferences:
                memory_after(url, options.inferences)


if __name__ == "__main__":
    main()
