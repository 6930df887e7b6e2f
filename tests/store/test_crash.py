"""What was acknowledged is there after a crash, whole, and the store starts."""

import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from radloop import store as store_room
from radloop.store import Store

_HERE = Path(__file__).parent


@pytest.mark.skipif(
    shutil.which("cc") is None and os.environ.get("CI") != "true",
    reason="needs a C compiler to get between SQLite and libc",
)
def test_file_operations_that_fail_lose_nothing(tmp_path: Path) -> None:
    """Every 60th operation in each of the ways; all of them: see fault_rounds.py."""
    library = tmp_path / "fail_nth.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, _HERE / "fail_nth.c", "-ldl"], check=True)
    environment = {"PYTHONPATH": str(Path(store_room.__file__).parents[2]), "LD_PRELOAD": str(library)}
    program = [sys.executable, _HERE / "fault_rounds.py", library, "60"]
    done = subprocess.run(program, env=os.environ | environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome["violations"] == []
    assert outcome["rounds"] >= 20


def _submit_for_ever(data: Path, studies: Path, upload: Path, told: Connection) -> None:
    with Store(data, studies) as store:
        while True:
            told.send(store.add_label("heart", upload, author="anna", info={}).id)


def test_a_process_killed_at_any_moment_loses_nothing(
    tmp_path: Path, studies: Path, label_file: Callable[..., Path]
) -> None:
    """20 rounds of kill -9 on two processes that write to the same store."""
    data, upload = tmp_path / "data", label_file(b"voxels" * 50_000)
    moments = random.Random(20)
    forked = multiprocessing.get_context("fork")
    acknowledged: list[str] = []
    for _ in range(20):
        writers = []
        for _ in range(2):
            ours, theirs = forked.Pipe(duplex=False)
            process = forked.Process(target=_submit_for_ever, args=(data, studies, upload, theirs), daemon=True)
            process.start()
            theirs.close()
            writers.append((process, ours))
        acknowledged.append(writers[0][1].recv())
        time.sleep(moments.uniform(0, 0.15))
        for process, pipe in writers:
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)
            process.join()
            while True:
                try:
                    acknowledged.append(pipe.recv())
                except EOFError:
                    break
    with Store(data, studies) as store:
        kept = {label.id: label for label in store.labels("heart")}
        assert len(acknowledged) > 20
        assert set(acknowledged) <= kept.keys()
        content = upload.read_bytes()
        assert all(label.path.read_bytes() == content for label in kept.values())
        assert all(found.repaired for found in store.check(repair=True))
