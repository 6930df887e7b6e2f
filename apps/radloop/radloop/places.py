"""Where things are: what radloop ships, and the folder of the user's that it writes to."""

import json
import os
import secrets
import shutil
from pathlib import Path

_package = Path(__file__).resolve().parent
_checkout = _package.parents[2]


def _shipped(name: str) -> Path:
    """A shipped folder: inside the wheel under ``_resources``, or at its place in a checkout."""
    packed = _package / "_resources" / name
    return packed if packed.exists() else _checkout / name


def bundles() -> Path:
    return _shipped("bundles")


def weights(bundle: Path) -> list[Path]:
    """Every set of weights that a bundle should have, the usual one first: ``model.pt``, or one for each variant."""
    metadata = json.loads((bundle / "configs" / "metadata.json").read_text())
    usual = metadata.get("default_variant")
    names = sorted(metadata.get("classification") or ["model"], key=lambda name: name != usual)
    return [bundle / "models" / f"{name}.pt" for name in names]


def app() -> Path:
    """The folder that MONAI Label takes as ``--app``."""
    packed = _package / "_resources" / "app"
    return packed if packed.exists() else _checkout / "apps" / "radloop"


def prepare_app(data: Path) -> Path:
    """Put MONAI Label's ``main.py`` into ``<data>/app`` and return that folder, for ``--app``.

    MONAI Label writes ``model/ lib/ logs/ bin/`` beside it when its own command starts the app, and
    nothing is written into an installation. A ``main.py`` of an older radloop is replaced whole.
    """
    folder = data / "app"
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".main-{secrets.token_hex(6)}.py"
    shutil.copyfile(app() / "main.py", temporary)
    return temporary.replace(folder / "main.py").parent


def lock() -> Path:
    """The pinned packages that this radloop was tested with."""
    return _shipped("requirements.lock")


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
