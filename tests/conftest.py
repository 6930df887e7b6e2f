"""What tests of several rooms need."""

import os
import subprocess
import sys

import pytest


@pytest.fixture(scope="session")
def radloop():
    """The command, as a process of its own: ``radloop("infer", …)`` gives the finished process, output as text."""

    def run(*arguments, check=True, **options):
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        command = [sys.executable, "-m", "radloop", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, **options)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    return run


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """A copy of radloop that ships a classifier by brightness and nothing else, see ``tiny_classifier``."""
    from tiny_classifier import Installation

    return Installation(tmp_path_factory.mktemp("tiny"))
