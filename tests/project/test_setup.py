"""The Makefile and what CI runs: second runs, wrong Pythons, failures that must be seen."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    # These tests may themselves run under make, whose options would be handed on.
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS", "VENV"))}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def test_second_setup_has_nothing_to_do() -> None:
    if "MAKELEVEL" not in os.environ:
        pytest.skip("only under make is it certain that there was a first one")
    assert run("make", "--question", "setup", f"VENV={sys.prefix}").returncode == 0


def test_without_a_fitting_python_it_says_so_and_makes_nothing(tmp_path: Path) -> None:
    done = run("make", "setup", "PYTHON=", f"VENV={tmp_path / 'environment'}")
    assert done.returncode != 0
    assert "Python 3.11 or 3.12" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("command", "status"), [(["true"], 0), (["bash", "-c", "exit 7"], 7)])
def test_a_stage_says_its_seconds_and_ends_as_its_command_does(command: list[str], status: int) -> None:
    done = run(".ci/timed", "the stage", *command)
    assert done.returncode == status
    assert re.search(r"the stage: \d+ s", done.stdout)
    assert ("FAILED" in done.stdout) == (status != 0)
