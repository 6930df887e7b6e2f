"""What is handed to whoever runs the server: unit, container file, and a folder for a machine without internet."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

from radloop.server.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    command = shutil.which("systemd-analyze")
    assert command, "systemd-analyze is needed (Debian package systemd)"
    unit = (PACKAGING / "radloop.service").read_text()
    assert "serve --config /etc/radloop/radloop.toml" in unit
    (tmp_path / "radloop.service").write_text(unit.replace("/opt/radloop/.venv/bin/radloop", sys.executable))
    done = subprocess.run(
        [command, "verify", tmp_path / "radloop.service"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_settings_of_the_service_are_settings() -> None:
    given = tomllib.loads((PACKAGING / "radloop.toml").read_text())
    settings = Settings.given(**given)
    assert settings.asks_for_tokens
    assert settings.loopback


def test_the_container_installs_the_lock_and_says_that_nobody_built_it() -> None:
    text = (PACKAGING / "Containerfile").read_text()
    assert "NOT BUILT YET" in text
    assert "--no-deps -r /build/requirements.lock" in text
    names = re.findall(r"RADLOOP_([A-Z_]+)=", text)
    assert names
    assert {name.lower() for name in names} <= Settings.model_fields.keys()


def test_orthanc_can_read_its_file() -> None:
    assert json.loads((PACKAGING / "orthanc.json").read_text())["DicomWeb"]["Enable"] is True


def wheel(folder: Path, name: str, version: str, *, command: bool = False) -> None:
    """A package with nothing in it, but for a command that says its version."""
    about = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": f'def main(): print("{name}, version {version}")\n',
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if command:
        files[f"{about}/entry_points.txt"] = f"[console_scripts]\n{name} = {name}:main\n"
    files[f"{about}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{about}/RECORD"])
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for file, content in files.items():
            archive.writestr(file, content)


def test_a_folder_of_wheels_is_all_that_is_needed(tmp_path: Path) -> None:
    house = tmp_path / "wheel house"
    house.mkdir()
    shutil.copy(PACKAGING / "install-offline.sh", house)
    (house / "requirements.lock").write_text("# a small one\ntorch==2.0\nleaf==1.5\n")
    for name, version in (("torch", "2.0"), ("leaf", "1.5")):
        wheel(house, name, version)
    install = [house / "install-offline.sh", tmp_path / "venv", sys.executable]
    env = {"PATH": os.defpath}  # no package from elsewhere
    missing = subprocess.run(install, capture_output=True, text=True, check=False, env=env)
    assert missing.returncode != 0
    assert "radloop" in missing.stderr
    wheel(house, "radloop", "9.9", command=True)
    done = subprocess.run(install, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    assert "radloop 9.9" in done.stdout
    wanted = subprocess.run(["make", "-n", "wheelhouse"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "--wheel-dir wheelhouse --no-deps -r requirements.lock" in wanted
    assert "packaging/install-offline.sh wheelhouse/" in wanted
