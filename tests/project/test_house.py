"""Promises of the house that neither types nor import contracts can hold."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "apps" / "radloop"
HEAVY = {"torch", "monai", "monailabel", "ignite", "SimpleITK", "matplotlib", "onnxruntime"}


def modules_after(code: str, *options: str) -> set[str]:
    """The modules that a fresh interpreter holds after ``code``, by their first names."""
    script = f"import sys\n{code}\nprint(*{{m.partition('.')[0] for m in sys.modules}})"
    done = subprocess.run(
        [sys.executable, *options, "-c", script], cwd=SOURCES, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "code",
    [
        "from radloop.cli.main import radloop; radloop(['--help'], standalone_mode=False)",
        "import radloop.server",
        "import radloop.store",
    ],
    ids=["help on every command", "server", "store"],
)
def test_starting_loads_nothing_heavy(code: str) -> None:
    assert not modules_after(code) & HEAVY


def test_refusals_and_places_work_where_nothing_is_installed() -> None:
    assert "radloop" in modules_after("import radloop.refusal, radloop.places", "-S")


def rooms() -> list[Path]:
    return sorted(p.parent for p in SOURCES.glob("radloop/*/__init__.py"))


@pytest.mark.parametrize("room", rooms(), ids=lambda room: room.name)
def test_a_room_says_what_it_knows(room: Path) -> None:
    assert ast.get_docstring(ast.parse((room / "__init__.py").read_text()))


def test_nothing_large_is_committed() -> None:
    names = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert not [name for name in names if (ROOT / name).is_file() and (ROOT / name).stat().st_size > 10e6]
