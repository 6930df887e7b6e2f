"""How long the store's answers take with many images.

    PYTHONPATH=apps/radloop python benchmarks/store_size.py [--images 10000] [--nested]

Makes a folder of that many (empty) images, a label for every tenth, and prints a table of milliseconds: the
median and the worst of several calls, and the median of the processor time, which other programs disturb
less. ``--nested`` puts each image into a folder of its own, as in ACDC.
"""

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from radloop.store import Store


def milliseconds(call: Callable[[], object], repeats: int) -> list[tuple[float, float]]:
    """(by the clock, of processor time) for each call"""
    taken = []
    for _ in range(repeats):
        clock, processor = time.perf_counter(), time.process_time()
        call()
        taken.append(((time.perf_counter() - clock) * 1000, (time.process_time() - processor) * 1000))
    return taken


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--images", type=int, default=10_000)
    arguments.add_argument("--nested", action="store_true")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as place:
        studies, data = Path(place) / "studies", Path(place) / "data"
        studies.mkdir()
        for n in range(chosen.images):
            path = studies / f"patient{n:05}" / "ed.nii.gz" if chosen.nested else studies / f"image{n:05}.nii.gz"
            path.parent.mkdir(exist_ok=True)
            path.touch()
        upload = Path(place) / "label.nii.gz"
        upload.write_bytes(os.urandom(100_000))

        rows: dict[str, list[tuple[float, float]]] = {}
        rows["first opening, with all images new"] = milliseconds(lambda: Store(data, studies).close(), 1)
        with Store(data, studies) as store:
            ids = [image.id for image in store.images()]
            submit = iter(ids[::10])
            kept = milliseconds(lambda: store.add_label(next(submit), upload, author="anna", info={}), len(ids[::10]))
            rows["submit a label of 100 kB (on disk when it returns)"] = kept
        rows["open again"] = milliseconds(lambda: Store(data, studies).close(), 5)
        with Store(data, studies) as store:
            rows["list of images"] = milliseconds(store.images, 10)
            rows["/datastore/?output=all as JSON"] = milliseconds(lambda: json.dumps(store.listing()), 10)
            rows["/datastore/"] = milliseconds(store.summary, 10)
            rows["next sample, first"] = milliseconds(store.next_unlabelled, 10)
            rows["next sample, random"] = milliseconds(lambda: store.next_unlabelled("random"), 10)
            rows["one image"] = milliseconds(lambda: store.image(ids[-1]), 10)
            rows["look through the whole folder"] = milliseconds(store.scan, 5)

    print(
        f"{len(ids)} images, {len(ids[::10])} with a label; {platform.platform()}, {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f}\n"
    )
    print(f"| {'what':50} | median ms | worst ms | cpu ms |")
    print(f"| {'-' * 50} | --------: | -------: | -----: |")
    for what, taken in rows.items():
        clock, processor = zip(*taken, strict=True)
        middle = statistics.median(clock)
        print(f"| {what:50} | {middle:9.1f} | {max(clock):8.1f} | {statistics.median(processor):6.1f} |")


if __name__ == "__main__":
    main()
