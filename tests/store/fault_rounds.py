"""Makes every single file operation of the store go wrong, one round each, and looks at what is left.

    cc -shared -fPIC -o fail_nth.so tests/store/fail_nth.c -ldl
    PYTHONPATH=apps/radloop LD_PRELOAD=$PWD/fail_nth.so python tests/store/fault_rounds.py fail_nth.so [every]

In round n a child process works with a store and the n-th operation below the data folder (SQLite's own ones
too) fails: once; from then on, like a disk that fills up or dies; or by the process being killed in the middle
of it. Then the store is opened again. Prints one JSON object with the number of rounds and of violations; with
``every`` 3 only every third n is tried. The operating system survives: lost page caches are not simulated.
"""

import ctypes
import errno
import hashlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from radloop.refusal import Refusal
from radloop.store import Store
from radloop.store.check import check
from radloop.store.versions import add_version, history, note_shipped, publish, served

MODEL = "heart_model"
ONCE, FROM_THEN_ON, KILL = range(3)
WAYS = [
    ("fails once", ONCE, errno.EIO),
    ("no room once", ONCE, errno.ENOSPC),
    ("fails from then on", FROM_THEN_ON, errno.EIO),
    ("no room from then on", FROM_THEN_ON, errno.ENOSPC),
    ("killed", KILL, 0),
]


def work(folder: Path, acknowledge: Callable[..., None]) -> None:
    """A store's life in short. Every refusal is survived; every success is told."""

    def attempt(what: str, call: Callable[[], str | None]) -> str | None:
        try:
            answer = call()
        except Refusal as refusal:
            acknowledge("refused", what, refusal.code)
            return None
        acknowledge(what, answer)
        return answer

    def label(n: int) -> Callable[[], str]:
        upload = folder / "label.nii.gz"
        upload.write_bytes(f"label {n}".encode() * 1000)
        return lambda: store.add_label("heart", upload, author=f"author {n}", info={}).id

    def version() -> str:
        weights = folder / "weights.pt"
        weights.write_bytes(os.urandom(1000))
        about: dict[str, Any] = {"data": {}, "metrics": {}, "configuration": {}}
        return add_version(store, MODEL, weights, parent="1.0", **about).name

    try:
        store = Store(folder / "data", folder / "studies")
    except Refusal as refusal:
        acknowledge("refused", "open", refusal.code)
        return
    attempt("label", label(1))
    upload = folder / "image.nii.gz"
    upload.write_bytes(b"image" * 1000)
    attempt("image", lambda: store.add_image("up", upload).id)
    attempt("label", label(2))
    attempt("info", lambda: store.set_image_info("heart", {"told": True}))
    attempt("label", label(3))
    if attempt("shipped", lambda: note_shipped(store, MODEL, "1.0", folder / "shipped.pt").name):
        made = attempt("version", version)
        if made is not None:
            attempt("published", lambda: publish(store, MODEL, made, None).name)
    store.close()


def faults_left(folder: Path, told: list[list[Any]]) -> list[str]:
    """What is wrong with the store after a round, given what its user was told."""
    wrong: list[str] = []
    with Store(folder / "data", folder / "studies") as store:
        kept = {label.id: label for label in store.labels("heart")}
        for what, *rest in told:
            if what == "label" and rest[0] not in kept:
                wrong.append("an acknowledged label is lost")
            if what == "image" and store.image("up").path.read_bytes() != b"image" * 1000:
                wrong.append("an acknowledged image is not what was sent")
            if what == "info" and not store.image_info("heart").get("told"):
                wrong.append("acknowledged info is lost")
        for label in kept.values():
            if not label.path.is_file() or hashlib.sha256(label.path.read_bytes()).hexdigest() != label.sha256:
                wrong.append("a listed label is lost or damaged")
        note_shipped(store, MODEL, "1.0", folder / "shipped.pt")
        versions = {row.name: row for row in history(store, MODEL)}
        for what, *rest in told:
            if what in ("shipped", "version") and rest[0] not in versions:
                wrong.append("an acknowledged version is lost")
            if what == "published" and served(store, MODEL)[0].name != rest[0]:
                wrong.append("what was published is not what answers")
        for row in versions.values():
            if not row.weights.is_file() or hashlib.sha256(row.weights.read_bytes()).hexdigest() != row.sha256:
                wrong.append("a listed version is lost or damaged")
        for leftover in (folder / "data").rglob(".arriving-*"):
            os.utime(leftover, (0, 0))
        wrong += [f"not repaired: {found}" for found in store.check(repair=True) if not found.repaired]
        wrong += [f"found again: {found}" for found in check(store.data, store.database, repair=False)]
        upload = folder / "afterwards.nii.gz"
        upload.write_bytes(b"label")
        store.add_label("heart", upload, author="afterwards", info={})
    return wrong


def one_round(template: Path, faulty: ctypes.CDLL, n: int, how: int, error: int) -> tuple[bool, list[str]]:
    """Whether the n-th operation came at all, and what was wrong after it had gone wrong."""
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    try:
        shutil.copytree(template, folder, dirs_exist_ok=True)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            faulty.fail_nth(str(folder / "data").encode(), n, how, error)

            def acknowledge(*words: Any) -> None:
                os.write(writing, json.dumps(words).encode() + b"\n")

            try:
                work(folder, acknowledge)
                acknowledge("fired" if faulty.fail_nth_fired() else "never fired")
                os._exit(0)
            except BaseException:  # noqa: BLE001  a child that must end here, whatever happened
                acknowledge("crashed", traceback.format_exc())
                os._exit(1)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            told = [json.loads(line) for line in pipe]
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        wrong = [f"an unforeseen exception: {words[1]}" for words in told if words[0] == "crashed"]
        return killed or ["never fired"] not in told, wrong + faults_left(folder, told)
    finally:
        shutil.rmtree(folder)


def main() -> None:
    faulty = ctypes.CDLL(str(Path(sys.argv[1]).resolve()))
    every = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    started, rounds, violations = time.monotonic(), 0, list[str]()
    with tempfile.TemporaryDirectory() as place:
        newborn, grown = Path(place) / "newborn", Path(place) / "grown"
        (newborn / "studies").mkdir(parents=True)
        (newborn / "studies" / "heart.nii.gz").write_bytes(b"heart")
        (newborn / "shipped.pt").write_bytes(b"shipped" * 1000)
        shutil.copytree(newborn, grown)
        work(grown, lambda *_: None)
        with Store(grown / "data") as store:
            store.remove_image("up")
        for life, template in (("newborn", newborn), ("grown", grown)):
            for way, how, error in WAYS:
                n, happened = 1, True
                while happened:
                    happened, wrong = one_round(template, faulty, n, how, error)
                    violations += [f"{life}, operation {n} {way}: {fault}" for fault in wrong]
                    rounds += 1
                    n += every
                print(f"{life}, {way}: {n - every} operations", file=sys.stderr)
    seconds = round(time.monotonic() - started)
    print(json.dumps({"rounds": rounds, "violations": violations, "seconds": seconds}))


if __name__ == "__main__":
    main()
