"""Kills the server, a worker or the trainer at random moments while people upload, submit labels, train and ask.

    python tests/server/kill_rounds.py --rounds 200           # with the model and its trainer
    python tests/server/kill_rounds.py --rounds 1000 --stub   # with a worker and a trainer that only pretend

All rounds share one store. After each of them the server answers again, by itself or started anew, and the store is
looked at: labels and images that were acknowledged and are lost, files that are damaged, starts that failed, work
that nobody took up again. Prints one JSON object; ends with 1 where anything was wrong.
"""

import argparse
import contextlib
import hashlib
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import nibabel as nib
import numpy as np
import psutil
from conftest import CHECKOUT, Server, beating, save, serving

from radloop.store import Store

SHAPE = (24, 20, 2, 3)
HEARTS = 4
LATEST_S = 3.0
STUBS = (
    "import radloop.server.serve as serve, radloop.server.training as training\n"
    "serve.OPENER, training.OPENER = 'toy_worker:open', 'toy_trainer:open'\n"
)


@dataclass
class Told:
    """What the server has acknowledged, and what it was asked and had not answered yet."""

    labels: set[int] = field(default_factory=set)
    images: set[str] = field(default_factory=set)
    answers: Counter[int] = field(default_factory=Counter)
    asked: int = 0
    open: int = 0


def people(
    pool: ThreadPoolExecutor, base: str, folder: Path, told: Told, stop: threading.Event, first: int
) -> list[Future[None]]:
    """Put people to work who ask one thing after the other until they are stopped, whether they are answered or not."""
    numbers = iter(range(first, first + 1_000_000, 2))

    def on_and_on(ask: Callable[[httpx.Client], None], pause_s: float) -> None:
        with httpx.Client(base_url=base, timeout=60, trust_env=False) as client:
            while not stop.wait(pause_s):
                with contextlib.suppress(httpx.TransportError):
                    told.open += 1
                    try:
                        ask(client)
                    finally:
                        told.open -= 1

    def submit(client: httpx.Client) -> None:
        number = next(numbers)
        image = f"heart{number % HEARTS}"
        file = folder / f"{threading.get_ident()}.nii.gz"
        picture = nib.load(folder / "studies" / f"{image}.nii.gz")
        voxels = (np.arange(np.prod(SHAPE)) * number % 4).astype(np.uint8).reshape(SHAPE)
        nib.save(nib.Nifti1Image(voxels, picture.affine), file)
        params = {"reviewed": {"1": "all"}, "number": number}
        with file.open("rb") as content:
            answer = client.put(
                "/datastore/label",
                params={"image": image, "tag": "final"},
                data={"params": json.dumps(params)},
                files={"label": ("label.nii.gz", content)},
            )
        told.answers[answer.status_code] += 1
        if answer.status_code == 200:
            told.labels.add(number)

    def upload(client: httpx.Client) -> None:
        number = next(numbers)
        name = f"up{number}"
        file = save(folder / f"{name}.nii.gz", beating(SHAPE, seed=number))
        with file.open("rb") as content:
            answer = client.put("/datastore/", params={"image": name}, files={"file": (file.name, content)})
        file.unlink()
        told.answers[answer.status_code] += 1
        if answer.status_code == 200:
            told.images.add(name)

    def ask(client: httpx.Client) -> None:
        told.asked += 1
        answer = client.post("/infer/cine_heart", params={"image": "heart0", "output": "json"})
        told.answers[answer.status_code] += 1

    def train(client: httpx.Client) -> None:
        for job in client.get("/radloop/jobs").json()["jobs"]:
            if job["state"] == "interrupted":
                client.post(f"/radloop/jobs/{job['id']}/resume")
        told.answers[client.post("/train/cine_heart", json={"max_epochs": 2, "steps_per_epoch": 2}).status_code] += 1

    works = [(submit, 0.05), (submit, 0.05), (upload, 0.3), (ask, 0.0), (ask, 0.0), (train, 0.5)]
    return [pool.submit(on_and_on, *work) for work in works]


def processes(server: Server) -> dict[str, list[psutil.Process]]:
    """The server's process and those of its workers and its trainer, as far as they run."""
    found: dict[str, list[psutil.Process]] = {
        "server": [psutil.Process(server.process.pid)],
        "worker": [],
        "trainer": [],
    }
    for child in found["server"][0].children(recursive=True):
        with contextlib.suppress(psutil.Error, OSError):
            if "spawn_main" in " ".join(child.cmdline()):
                prints_to = str(Path(f"/proc/{child.pid}/fd/1").readlink())
                found["trainer" if "/jobs/" in prints_to else "worker"].append(child)
    return found


def faults_left(server: Server, told: Told) -> list[str]:
    """What is wrong with the store, given what people were told."""
    wrong: list[str] = []
    with Store(server.data, server.studies) as store:
        labels = [label for n in range(HEARTS) for label in store.labels(f"heart{n}")]
        lost = told.labels - {label.info.get("number") for label in labels}
        if lost:
            wrong.append(f"{len(lost)} acknowledged labels are lost")
        for label in labels:
            if not label.path.is_file() or hashlib.sha256(label.path.read_bytes()).hexdigest() != label.sha256:
                wrong.append(f"label {label.id} is lost or damaged")
        known = {image.id: image for image in store.images()}
        for name in told.images:
            if name not in known:
                wrong.append(f"acknowledged image {name} is lost")
            elif nib.load(known[name].path).shape != SHAPE:
                wrong.append(f"acknowledged image {name} is damaged")
    return wrong


@contextlib.contextmanager
def started(folder: Path, before: str) -> Iterator[Server]:
    with serving(CHECKOUT, folder / "studies", folder, before, queue="4", niceness="5") as server:
        yield server


def rounds(folder: Path, count: int, *, stub: bool, seed: int, say: Callable[[str], object]) -> dict[str, Any]:
    """The outcome of ``count`` rounds in ``folder``; ``violations`` is what was wrong, in words."""
    (folder / "studies").mkdir()
    for n in range(HEARTS):
        save(folder / "studies" / f"heart{n}.nii.gz", beating(SHAPE, seed=n))
    moments = random.Random(seed)
    told, violations = Told(), list[str]()
    killed: Counter[str] = Counter()
    under_way = number = starts = 0
    while number < count:
        starts += 1
        with started(folder, STUBS if stub else "") as server, ThreadPoolExecutor() as pool:
            stop = threading.Event()
            busy = people(pool, server.base, folder, told, stop, first=1 + starts * 1_000_000)
            alive = True
            while alive and number < count:
                time.sleep(moments.uniform(0.1, LATEST_S))
                there = processes(server)
                whom = moments.choice([name for name in ("server", "server", "worker", "trainer") if there[name]])
                under_way += told.open > 0
                for process in there[whom]:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        process.kill()
                killed[whom] += 1
                number += 1
                if whom == "server":
                    alive = False
                elif httpx.get(f"{server.base}/healthz", timeout=30, trust_env=False).status_code != 200:
                    violations.append(f"round {number}: no answer after a {whom} was killed")
            stop.set()
            for one in busy:
                one.result(timeout=90)  # an answer that does not come ends the program
            violations += [f"round {number}: {fault}" for fault in faults_left(server, told)]
        if starts % 10 == 0:
            say(f"{number} rounds, {len(told.labels)} labels, {len(violations)} violations")
    with started(folder, STUBS if stub else "") as server:
        server.wait_ready()
        if server.http().post("/infer/cine_heart", params={"image": "heart0", "output": "json"}).status_code != 200:
            violations.append("the model does not answer in the end")
    with Store(folder / "data", folder / "studies") as store:
        violations += [f"in the end: {found}" for found in store.check(repair=True) if not found.repaired]
    violations += [f"answered {status}" for status in told.answers if status not in (200, 409, 429, 503)]
    return {
        "rounds": number,
        "with requests in flight": under_way,
        "killed": dict(killed),
        "starts": starts + 1,
        "labels acknowledged": len(told.labels),
        "images acknowledged": len(told.images),
        "answers": dict(sorted(told.answers.items())),
        "violations": violations,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--stub", action="store_true", help="a worker and a trainer that only pretend")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        outcome = rounds(
            Path(place),
            options.rounds,
            stub=options.stub,
            seed=options.seed,
            say=lambda line: print(line, file=sys.stderr, flush=True),
        )
    print(json.dumps(outcome, indent=1))
    return 1 if outcome["violations"] else 0


if __name__ == "__main__":
    sys.exit(main())
