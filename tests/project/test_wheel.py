"""The wheel, installed where no checkout can be seen; the locked packages come in through a ``.pth`` file."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CARRIED = ("bundles", "plugin", "sample-data")


@dataclass(frozen=True)
class Installation:
    """An environment with the wheel in it, and a home of its own."""

    prefix: Path
    wheel: Path
    home: Path

    @property
    def package(self) -> Path:
        return next(self.prefix.glob("lib/python*/site-packages")) / "radloop"

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run one of the environment's programs in an empty folder, with nothing that leads to the checkout."""
        env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV", "RADLOOP_DATA")}
        env |= {"HOME": str(self.home), "RADLOOP_HOME": str(self.home / "radloop"), "OMP_NUM_THREADS": "2"}
        program, *arguments = map(str, command)
        return subprocess.run(
            [self.prefix / "bin" / program, *arguments],
            cwd=self.home,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def files(self) -> set[str]:
        found = (p for p in self.prefix.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
        return {str(p.relative_to(self.prefix)) for p in found}


def run(command: Sequence[str | Path], **options: object) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what git knows or would take, with the leftovers of work beside it."""
    copy = tmp_path_factory.mktemp("sources")
    for name in run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT).splitlines():
        if (ROOT / name).is_file():  # not one that was just removed
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy / name)
    for leftover in ("bundles/cine_heart/runs/model.pt", "build/lib/radloop/renamed.py", "plugin/node_modules/a.js"):
        (copy / leftover).parent.mkdir(parents=True, exist_ok=True)
        (copy / leftover).write_text("left over")
    return copy


@pytest.fixture(scope="module")
def installation(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    place = tmp_path_factory.mktemp("installation")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-qq"]
    run([*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", place, sources])
    [wheel] = place.glob("radloop-*.whl")
    prefix = place / "environment"
    run([sys.executable, "-m", "venv", "--without-pip", prefix])
    run([*pip, "--python", prefix / "bin" / "python", "install", "--no-deps", wheel])
    (place / "home").mkdir()
    made = Installation(prefix, wheel, place / "home")
    # A path in a .pth file is searched, but the .pth files there are not read: an editable radloop stays unseen.
    (made.package.parent / "locked.pth").write_text(sysconfig.get_path("purelib"))
    return made


def test_carries_what_git_knows_and_no_leftovers(installation: Installation, sources: Path) -> None:
    known = run(["git", "ls-files", "-co", "--exclude-standard", *CARRIED], cwd=ROOT).splitlines()
    expected = {f"radloop/_resources/{name}" for name in known if (sources / name).is_file()}
    names = set(zipfile.ZipFile(installation.wheel).namelist())
    assert {n for n in names if n.startswith(tuple(f"radloop/_resources/{c}/" for c in CARRIED))} == expected
    package = run(["git", "ls-files", "-co", "--exclude-standard", "radloop"], cwd=ROOT / "apps" / "radloop")
    assert {name for name in package.splitlines() if (sources / "apps" / "radloop" / name).is_file()} <= names
    assert {"radloop/_resources/app/main.py", "radloop/_resources/requirements.lock", "pydicom_seg.py"} <= names
    assert not [n for n in names if n.startswith("tests") or "renamed" in n]


def test_is_found_in_its_own_environment(installation: Installation) -> None:
    code = (
        "import radloop; from radloop import places as p; import pydicom_seg;"
        "print(radloop.__file__, p.bundles(), p.app(), p.sample_data(), p.plugins(), p.lock(), pydicom_seg.__file__)"
    )
    done = installation.run("python", "-c", code)
    assert done.returncode == 0, done.stderr
    for path in done.stdout.split():
        assert Path(path).is_relative_to(installation.prefix)


def test_command_line(installation: Installation) -> None:
    assert "infer" in installation.run("radloop", "--help").stdout
    assert "cine_heart" in installation.run("radloop", "models").stdout


def test_doctor_finds_all_that_is_needed(installation: Installation) -> None:
    done = installation.run("radloop", "doctor", "--json")
    findings = json.loads(done.stdout)["findings"]
    assert [f for f in findings if f["needed"] and not f["ok"]] == []
    assert done.returncode == 0


def test_app_folder_is_the_users(installation: Installation) -> None:
    before = installation.files()
    done = installation.run("radloop", "app", "--data", installation.home / "chosen")
    assert done.returncode == 0, done.stderr
    folder = Path(done.stdout.strip())
    assert folder.is_relative_to(installation.home / "chosen")
    assert (folder / "main.py").read_bytes() == (ROOT / "apps" / "radloop" / "main.py").read_bytes()
    assert installation.files() == before


def test_measures_a_sample_and_writes_nothing_into_the_installation(installation: Installation) -> None:
    sample = sorted((installation.package / "_resources" / "sample-data").rglob("*.nii.gz"))[0]
    before = installation.files()
    out = installation.home / "out"
    done = installation.run("radloop", "infer", "cine_heart", sample, "-o", out)
    assert done.returncode == 0, done.stderr
    written = {p.name for p in out.rglob("*")}
    assert {"label.nii.gz", "measurements.json", "overview.png", "volumes.png"} <= written
    [measurements] = out.rglob("measurements.json")
    assert 0 < json.loads(measurements.read_text())["lv_ef"] < 100
    assert installation.files() == before
