"""`radloop doctor`: what of the installation, data, viewer and programs is there, and what to do about the rest.

Looks with the standard library only, so that it answers at once and also where packages are missing.
"""

import json
import os
import platform
import re
import shutil
import socket
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path

import click

from radloop import __version__, places

GIB = 2**30
MEMORY_NEEDED = 3 * GIB
"""Analysing the sample takes 0.8 GiB; a server, its worker and a cine of full size fit in this."""
DISK_NEEDED = 2 * GIB

PROGRAMS = (
    ("node", "prepares the OHIF viewer", "nodejs"),
    ("npm", "gets the OHIF viewer", "npm"),
    ("chromium", "shows the viewer in tests", "chromium"),
    ("Orthanc", "is the other DICOMweb server in tests", "orthanc orthanc-dicomweb"),
    ("dciodvfy", "checks DICOM files in tests", "dicom3tools"),
)
"""Programs that some part uses: name, what for, Debian packages."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. ``needed``: radloop does not work, or not wholly, without it."""

    name: str
    ok: bool
    found: str
    remedy: str = ""
    needed: bool = True


def examine(data: Path, port: int = 8000) -> list[Finding]:
    """Look at everything; ``data`` is the user's data folder, which is not made by looking."""
    return [
        _python(),
        *_packages(),
        _processor(),
        _memory(),
        _room(data),
        *_bundles(),
        _samples(),
        _port(port),
        _real_data(),
        _viewer(data),
        *_programs(),
    ]


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="The data folder (default: RADLOOP_HOME or the usual).")
@click.option("--port", default=8000, show_default=True, help="The port that the server is to have.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
def doctor(data: Path | None, port: int, as_json: bool) -> None:
    """Say what is there, what is missing and what to do about it. Exit code 1: something needed is missing."""
    findings = examine(places.data(data), port)
    if as_json:
        click.echo(json.dumps({"version": __version__, "findings": [asdict(f) for f in findings]}, indent=2))
    else:
        for finding in findings:
            click.echo(_line(finding))
    sys.exit(1 if any(f.needed and not f.ok for f in findings) else 0)


def _line(finding: Finding) -> str:
    mark = "ok" if finding.ok else "MISSING" if finding.needed else "without"
    line = f"{mark:8} {finding.name:22} {finding.found}"
    return line if finding.ok or not finding.remedy else f"{line}\n{'':31} → {finding.remedy}"


def _python() -> Finding:
    ok = (3, 11) <= sys.version_info[:2] <= (3, 12)
    return Finding("Python", ok, f"{platform.python_version()}, {sys.executable}", "use Python 3.11 or 3.12")


def _packages() -> Iterator[Finding]:
    lock = places.lock()
    if not lock.is_file():
        yield Finding("packages", False, f"{lock} is not there", "install radloop again")
        return
    pinned = dict(re.findall(r"^([\w.-]+)==(\S+)$", lock.read_text(), re.MULTILINE))
    here = {_plain(d.name): d.version for d in distributions()}
    absent = [name for name in pinned if _plain(name) not in here]
    # "+cpu" and the like say how a package was built, not which it is.
    other = [
        f"{name} {here[_plain(name)]} instead of {version}"
        for name, version in pinned.items()
        if name not in absent and here[_plain(name)].partition("+")[0] != version
    ]
    known = ", ".join(f"{name} {here[name]}" for name in ("torch", "monai", "monailabel") if name in here)
    yield Finding(
        "packages",
        not absent,
        _some("missing: ", absent) if absent else f"{len(pinned)} of requirements.lock; {known}",
        f"pip install torch=={pinned.get('torch')}, then pip install --no-deps -r {lock}",
    )
    if other:
        yield Finding("tested versions", False, _some("", other), f"pip install --no-deps -r {lock}", needed=False)
    yield Finding(
        "pydicom_seg",
        find_spec("pydicom_seg") is not None and "pydicom-seg" not in here,
        "the stand-in" if find_spec("pydicom_seg") else "not there",
        "pip uninstall pydicom-seg, then install radloop again: MONAI Label cannot start without the stand-in",
    )


def _plain(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _some(head: str, names: list[str], most: int = 5) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return head + ", ".join(names[:most]) + rest


def _processor() -> Finding:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    described = Path("/proc/cpuinfo")
    flags = set(described.read_text().split()) if described.is_file() else set()
    bfloat16 = bool(flags & {"amx_bf16", "avx512_bf16"})
    found = f"{cores} cores, {platform.machine()}, {'with' if bfloat16 else 'no'} bfloat16"
    return Finding("processor", bfloat16, found, "nothing to do: training takes longer", False)


def _memory() -> Finding:
    try:
        page, total, free = (os.sysconf(f"SC_{name}") for name in ("PAGE_SIZE", "PHYS_PAGES", "AVPHYS_PAGES"))
    except (ValueError, AttributeError):  # not a name that this system knows
        return Finding("memory", True, "not known on this system")
    found = f"{total * page / GIB:.0f} GiB, of which {free * page / GIB:.0f} unused"
    return Finding("memory", total * page >= MEMORY_NEEDED, found, f"{MEMORY_NEEDED // GIB} GiB are needed")


def _room(data: Path) -> Finding:
    existing = next(folder for folder in (data, *data.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    ok = free >= DISK_NEEDED and os.access(existing, os.W_OK)
    found = f"{data}, {free / GIB:.0f} GiB free" + ("" if os.access(existing, os.W_OK) else ", not writable")
    return Finding("data folder", ok, found, f"choose one with {DISK_NEEDED // GIB} GiB: --data DIR or RADLOOP_HOME")


def _bundles() -> Iterator[Finding]:
    described = sorted(places.bundles().glob("*/configs/metadata.json"))
    if not described:
        yield Finding("bundles", False, f"none in {places.bundles()}", "install radloop again")
    for metadata in described:
        folder = metadata.parents[1]
        version = json.loads(metadata.read_text()).get("version", "?")
        every = places.weights(folder)
        for weights in every:
            fault = _fault_of(weights)
            which = f" {weights.stem}" if len(every) > 1 else ""
            digest = "" if fault else f", sha256 {sha256(weights.read_bytes()).hexdigest()[:12]}"
            yield Finding(
                f"bundle {folder.name}{which}",
                not fault,
                f"{version}, {fault or f'{weights.stat().st_size / 1e6:.1f} MB of weights{digest}'}",
                "restore this file: install radloop again, or git checkout in a checkout",
            )


def _fault_of(weights: Path) -> str:
    """Why weights cannot be loaded, or an empty string; torch keeps them in a zip archive with checksums."""
    try:
        with zipfile.ZipFile(weights) as archive:
            return f"{weights} is damaged" if archive.testzip() else ""
    except FileNotFoundError:
        return f"{weights} is not there"
    except (zipfile.BadZipFile, OSError) as fault:
        return f"{weights} cannot be read ({fault})"


def _samples() -> Finding:
    count = sum(1 for path in places.sample_data().rglob("*") if path.suffix in (".gz", ".nrrd", ".dcm", ".png"))
    return Finding("sample data", count > 0, f"{count} files in {places.sample_data()}", "install radloop again", False)


def _port(port: int) -> Finding:
    with socket.socket() as probe:
        # As a server does: a port whose last connections are only fading away is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as fault:
            return Finding(f"port {port}", False, f"not to be had ({fault.strerror})", "radloop serve --port N", False)
    return Finding(f"port {port}", True, "free")


def _real_data() -> Finding:
    folder = places.real_data()
    return Finding(
        "real data",
        folder is not None,
        str(folder) if folder else "RADLOOP_DATA names no folder",
        "nothing to do: only training, evaluation and some tests need them",
        needed=False,
    )


def _viewer(data: Path) -> Finding:
    prepared = sorted((data / "viewer").glob("ohif-*"))
    found = str(prepared[-1]) if prepared else "not prepared"
    return Finding("OHIF viewer", bool(prepared), found, "radloop viewer install", needed=False)


def _programs() -> Iterator[Finding]:
    # Daemons live in sbin, which is not on every user's PATH.
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    for name, purpose, packages in PROGRAMS:
        where = shutil.which(name, path=path)
        found = where or f"not there; {purpose}"
        yield Finding(name, where is not None, found, f"apt-get install {packages}", needed=False)
