"""What pyproject.toml cannot say: a wheel carries the app, the bundles, the plugins and the sample data.

They are no Python packages and live beside the package in the checkout; in a wheel they travel as
``radloop/_resources/``, where ``radloop.places`` looks first. Editable installs read the checkout.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
FOLDERS = ("bundles", "plugin", "sample-data")
# What work leaves behind in these folders: also in .gitignore.
LEFTOVERS = shutil.ignore_patterns("__pycache__", "*.pyc", "node_modules", "runs", "eval", ".*_cache")


class BuildWithResources(build_py):
    def run(self) -> None:
        if self.editable_mode:
            super().run()
            return
        # A build folder from before may hold modules that have been renamed or removed since.
        shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()
        resources = Path(self.build_lib) / "radloop" / "_resources"
        for name in FOLDERS:
            if (HERE / name).is_dir():
                shutil.copytree(HERE / name, resources / name, ignore=LEFTOVERS)
        app = resources / "app"
        app.mkdir(parents=True)
        shutil.copy2(HERE / "apps" / "radloop" / "main.py", app)
        shutil.copy2(HERE / "requirements.lock", resources)
        # MONAI Label needs this module to be importable before it knows of any app.
        shutil.copy2(HERE / "compat" / "pydicom_seg" / "pydicom_seg.py", self.build_lib)


setup(cmdclass={"build_py": BuildWithResources})
