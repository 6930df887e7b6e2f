"""The plugin's sources: typed against the server's words, tested, and committed as they build."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from radloop import places

PLUGIN = places.plugins() / "ohif-radloop"
Npm = Callable[..., str]


def test_what_is_committed_is_what_the_sources_build(npm: Npm, tmp_path: Path) -> None:
    npm("run", "build", "--", str(tmp_path))
    built = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    committed = {file.name: file.read_bytes() for file in (PLUGIN / "dist").iterdir()}
    assert built == committed, "run `npm run build` in plugin/ohif-radloop"


def test_its_types_are_those_of_the_words(npm: Npm, tmp_path: Path) -> None:
    schema, types = str(PLUGIN / "answers.schema.json"), tmp_path / "answers.ts"
    npm("run", "types", "--", "--input", schema, "--output", str(types))
    assert types.read_text() == (PLUGIN / "src" / "answers.ts").read_text(), "run `npm run words`"
    npm("run", "check")


def test_its_own_tests(npm: Npm) -> None:
    npm("test")


def test_the_lock_names_no_registry() -> None:
    packages = json.loads((PLUGIN / "package-lock.json").read_text())["packages"]
    assert len(packages) > 10
    assert not [name for name, package in packages.items() if "resolved" in package]


def test_the_configuration_is_a_plain_script() -> None:
    """It runs before everything else; a fault in it is a blank page."""
    done = subprocess.run(["node", "--check", str(PLUGIN / "dist" / "app-config.js")], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
