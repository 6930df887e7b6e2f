"""Where things are: what radloop ships, and the folder of the user's that it writes to."""

import os
from pathlib import Path

_package = Path(__file__).resolve().parent
_checkout = _package.parents[2]


def _shipped(name: str) -> Path:
    """A shipped folder: inside the wheel under ``_resources``, or at its place in a checkout."""
    packed = _package / "_resources" / name
    return packed if packed.exists() else _checkout / name


def bundles() -> Path:
    return _shipped("bundles")


def app() -> Path:
    """The folder that MONAI Label takes as ``--app``."""
    packed = _package / "_resources" / "app"
    return packed if packed.exists() else _checkout / "apps" / "radloop"


def plugins() -> Path:
    return _shipped("plugin")


def sample_data() -> Path:
    return _shipped("sample-data")


def data(chosen: str | Path | None = None) -> Path:
    """The user's data folder: ``--data``, else ``RADLOOP_HOME``, else the platform's usual place."""
    if chosen:
        return Path(chosen).expanduser().resolve()
    if home := os.environ.get("RADLOOP_HOME"):
        return Path(home).expanduser().resolve()
    base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return (Path(base) / "radloop").expanduser()


def real_data() -> Path | None:
    """The folder of real labelled data, where ``RADLOOP_DATA`` names one."""
    folder = os.environ.get("RADLOOP_DATA")
    return Path(folder).resolve() if folder and Path(folder).is_dir() else None
