"""The extension as the Extensions Index builds it: from the root of the repository, against a stand-in for Slicer."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cmake
import jsonschema
import pytest

from conftest import PLUGIN

ROOT = PLUGIN.parents[1]
STUB = Path(__file__).parent / "stub"
CMAKE = Path(cmake.CMAKE_BIN_DIR) / "cmake"

# What https://github.com/Slicer/Slicer/blob/main/Schemas/slicer-extension-catalog-entry-schema-v1.0.2.json asks for.
CATALOGUE_ENTRY = {
    "type": "object",
    "additionalProperties": False,
    "required": ["$schema", "category", "scm_url"],
    "properties": {
        "$schema": {"type": "string", "pattern": r"slicer-extension-catalog-entry-schema-v1\.0\.2\.json#?$"},
        "build_dependencies": {"type": "array", "items": {"type": "string"}},
        "build_subdirectory": {"type": "string"},
        "category": {"enum": ["Active Learning", "Cardiac", "Segmentation", "Quantification"]},
        "dicom_support_rule": {"type": "string"},
        "enabled": {"type": "boolean"},
        "scm_revision": {"type": "string"},
        "scm_type": {"enum": ["git"]},
        "scm_url": {"type": "string", "pattern": r"^https://.+\.git$"},
        "tier": {"enum": [1, 3, 5]},
    },
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The extension configured from the root and installed, and the folder of its build."""
    build, prefix = tmp_path_factory.mktemp("build"), tmp_path_factory.mktemp("extension")
    made = subprocess.run(
        [CMAKE, "-S", ROOT, "-B", build, f"-DSlicer_DIR={STUB}", f"-DCMAKE_INSTALL_PREFIX={prefix}"],
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr
    subprocess.run([CMAKE, "--install", build], check=True, capture_output=True)
    return prefix / "lib/qt-scripted-modules", build


def test_every_file_of_the_module_is_installed_and_no_other(installed):
    module = PLUGIN / "RadLoop"
    tracked = subprocess.run(["git", "ls-files"], cwd=module, check=True, capture_output=True, text=True)
    wanted = {name for name in tracked.stdout.split() if not name.endswith("CMakeLists.txt")}
    there = {str(file.relative_to(installed[0])) for file in installed[0].rglob("*") if file.is_file()}
    assert there == wanted


def test_what_is_installed_works_alone(installed, tmp_path):
    """Imported from where it was installed, with nothing of the repository in reach."""
    program = "import RadLoopLib.desk, RadLoopLib.client; print(RadLoopLib.__file__)"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    environment["PYTHONPATH"] = str(installed[0])
    run = [sys.executable, "-c", program]
    done = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip().startswith(str(installed[0]))


def test_the_entry_for_the_catalogue_is_valid():
    jsonschema.validate(json.loads((PLUGIN / "RadLoop.json").read_text()), CATALOGUE_ENTRY)


def test_icon_and_screenshots_are_where_the_catalogue_will_look(installed):
    urls = (installed[1] / "urls.txt").read_text().split()
    assert len(urls) == 4
    for url in urls:
        picture = ROOT / url.partition("/main/")[2]
        assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n", picture


def test_the_icon_is_what_the_program_draws(tmp_path):
    from PIL import Image, ImageChops

    sys.path.append(str(PLUGIN))
    import draw_icon

    for file in (PLUGIN / "RadLoop.png", PLUGIN / "RadLoop/Resources/Icons/RadLoop.png"):
        assert ImageChops.difference(Image.open(file), draw_icon.draw()).getbbox() is None


def test_layers_know_only_what_is_below_them():
    """exam, film, client and errands run without Slicer and Qt; scene and the desks without Qt."""
    no_slicer, no_qt = {"slicer", "vtk", "qt", "ctk"}, {"qt", "ctk"}
    banned = {"exam": no_slicer, "film": no_slicer, "client": no_slicer, "scene": no_qt, "errands": no_slicer}
    program = (
        "import sys\n"
        "class No:\n"
        "    def find_spec(self, name, *_):\n"
        "        assert name.partition('.')[0] not in sys.argv[2:], name\n"
        "sys.meta_path.insert(0, No())\n"
        "__import__(sys.argv[1])\n"
    )
    for room, names in [*banned.items(), ("desk", no_qt), ("film_desk", no_qt)]:
        run = [sys.executable, "-c", program, f"RadLoopLib.{room}", *names]
        subprocess.run(run, check=True, env={**os.environ, "PYTHONPATH": str(PLUGIN / "RadLoop")})
