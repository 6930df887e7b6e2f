"""The locked packages fit each other, and what was left out on purpose is all that was left out."""

import ast
import re
import sys
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]

# docs/decisions/dependencies.md says why.
LEFT_OUT = {
    "monailabel": {
        "bcrypt", "einops", "expiringdict", "ninja", "numpymaxflow", "pydicom-seg", "pynetdicom", "sam2",
        "scikit-learn", "scipy", "shapely",
    },
    "nibabel": {"importlib-resources"},
}  # fmt: skip


# Beside the locked packages: ours, the stand-in that set-up installs too, and what only an export to ONNX needs.
OURS = {"radloop", "pydicom_seg", "cine_heart_code", "cxr_classifier_code"}
FOR_TOOLS = {"onnx", "onnxscript"}


def pins(*names: str) -> dict[str, Version]:
    text = "\n".join((ROOT / name).read_text() for name in names)
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    matched = [re.fullmatch(r"([\w.-]+)==([\w.]+)", line) for line in lines]
    assert all(matched), "a line that pins nothing"
    return {canonicalize_name(m[1]): Version(m[2]) for m in matched if m}


def unmet(locked: dict[str, Version], name: str) -> set[str]:
    """Packages that ``name`` declares and that are not locked in a version that it takes."""
    declared = [Requirement(r) for r in distribution(name).requires or []]
    return {
        canonicalize_name(r.name)
        for r in declared
        if (r.marker is None or r.marker.evaluate({"extra": ""}))
        and ((version := locked.get(canonicalize_name(r.name))) is None or version not in r.specifier)
    }


def test_every_declared_dependency_is_locked_or_left_out_on_purpose() -> None:
    locked = pins("requirements.lock")
    missing = {name: absent for name in locked if (absent := unmet(locked, name))}
    assert missing == LEFT_OUT


def test_the_tools_add_to_the_lock_and_change_nothing_in_it() -> None:
    locked, tools = pins("requirements.lock"), pins("requirements-dev.lock")
    assert not locked.keys() & tools.keys()
    assert not {name: absent for name in tools if (absent := unmet(locked | tools, name))}


def imported_by(file: Path) -> set[str]:
    """The packages of others that a file names in an import, wherever in the file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module)
    return {name.split(".")[0] for name in found} - sys.stdlib_module_names - OURS


def test_what_the_program_imports_is_in_the_lock_of_a_user_not_only_of_a_developer() -> None:
    locked, provided_by = pins("requirements.lock"), packages_distributions()
    files = [*(ROOT / "apps").rglob("*.py"), *(ROOT / "bundles").rglob("*.py")]
    imported = {name: str(file.relative_to(ROOT)) for file in files for name in imported_by(file)}
    assert imported.keys() >= {"monai", "click"}
    without = {
        name: file
        for name, file in imported.items()
        if name not in FOR_TOOLS and not {canonicalize_name(d) for d in provided_by.get(name, [])} & locked.keys()
    }
    assert not without
