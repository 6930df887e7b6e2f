"""A classifier of radiographs that is nearly nothing: classes told apart by mean brightness, whose bundle has the
form of ``cxr_classifier``. A copy of radloop that ships this bundle and no other."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
CODE = Path(__file__).with_name("tiny_classifier_code.py")
MODEL = "cxr_classifier"
PYTHON = os.environ.get("RADLOOP_PYTHON") or sys.executable  # the tests of Slicer run in one that has no torch

# Pixels are 0 to 255. The middle class is the brighter the more probable "bright" is: 0.5 at 100.
TWO = {
    "classes": ["dark", "bright"],
    "positive": "bright",
    "temperature": 20.0,
    "bias": -5.0,
    "prior": 0.5,
    "threshold": 0.6,
    "sensitivity": 0.9,
    "specificity": 0.9,
    "size": 28,
    "network": {"name": "brightness", "options": {}},
    "abstention": {"limits": {}},
}
METADATA = {
    "name": MODEL,
    "version": "0.0.1",
    "task": "Radiographs told apart by their brightness",
    "description": "A classifier for tests.",
    "licence": {"code": "Apache-2.0", "weights": "CC0", "data": "none"},
    "classification": {"adult": TWO, "other": TWO | {"classes": ["dim", "glaring"], "positive": "glaring"}},
}
INFERENCE = {
    "imports": ["$from tiny_classifier_code import load_calibration"],
    "bundle_root": ".",
    "variant": "adult",
    "calibration": "$load_calibration(@bundle_root, @variant)",
    "network_def": {"_target_": "tiny_classifier_code.Brightness", "classes": "$len(@calibration['classes'])"},
    "inferer": {"_target_": "tiny_classifier_code.Inferer", "calibration": "@calibration"},
}
TRAIN = {
    "imports": ["$from tiny_classifier_code import train"],
    "bundle_root": ".",
    "index": "",
    "output_dir": "",
    "classes": ["dark", "bright"],
    "network_name": "brightness",
    "size": 28,
    "epochs": 120,
    "seconds": 0,
    "seed": 0,
    "run": ["$train(@index, @classes, @output_dir, @network_name, @size, @epochs, @seconds)"],
}


def write_bundle(folder: Path) -> Path:
    """The bundle as ``folder / cxr_classifier``, with weights."""
    bundle = folder / MODEL
    (bundle / "configs").mkdir(parents=True)
    (bundle / "models").mkdir()
    for name, content in (("metadata", METADATA), ("inference", INFERENCE), ("train", TRAIN)):
        (bundle / "configs" / f"{name}.json").write_text(json.dumps(content))
    (bundle / "configs" / "split.json").write_text("{}")
    shutil.copy(CODE, bundle)
    script = f"import sys; sys.path.append({str(bundle)!r}); import tiny_classifier_code as t, torch\n" + "".join(
        f"torch.save({{'model': t.Brightness(2).state_dict()}}, {str(bundle / 'models' / f'{name}.pt')!r})\n"
        for name in METADATA["classification"]
    )
    subprocess.run([PYTHON, "-c", script], check=True)
    return bundle


def install(folder: Path) -> Path:
    """A checkout of radloop, made in ``folder``, that ships the tiny bundle and no other."""
    app, ignored = Path("apps", "radloop"), shutil.ignore_patterns("__pycache__", "model", "lib", "logs", "bin")
    shutil.copytree(CHECKOUT / app, folder / app, ignore=ignored)
    shutil.copytree(CHECKOUT / "sample-data", folder / "sample-data")
    (folder / "plugin" / "ohif-radloop").mkdir(parents=True)
    write_bundle(folder / "bundles")
    return folder


class Installation:
    """A copy of radloop with the tiny bundle: ``run("infer", …)`` gives the finished process, output as text."""

    def __init__(self, folder: Path) -> None:
        self.folder = install(folder)
        self.data = folder / "data"

    @property
    def environment(self) -> dict[str, str]:
        path = os.pathsep.join((str(self.folder / "apps" / "radloop"), *(p for p in sys.path if "site-packages" in p)))
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RADLOOP_")}
        return kept | {"PYTHONPATH": path, "RADLOOP_HOME": str(self.data), "OMP_NUM_THREADS": "1"}

    def command(self, *arguments: object) -> list[str]:
        return [sys.executable, "-m", "radloop", *map(str, arguments)]

    def run(
        self, *arguments: object, check: bool = True, data: Path | None = None, **options: object
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.command(*arguments),
            capture_output=True,
            text=True,
            env=self.environment | ({"RADLOOP_HOME": str(data)} if data else {}),
            check=False,
            **options,  # type: ignore[call-overload]
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done
