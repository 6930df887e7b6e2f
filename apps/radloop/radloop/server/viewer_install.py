"""Getting the prebuilt OHIF viewer and making it fit to be served under ``/ohif/``.

The viewer is a package on npm, built for ``/``. It is taken once, checked against a digest written here,
prepared, and put into the user's data folder as compressed files; nothing is asked from outside afterwards.
"""

import base64
import gzip
import hashlib
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from radloop.refusal import Refusal

PACKAGE, VERSION = "@ohif/app", "3.13.2"
SHA512 = "WZdxmpmG7rqFgW9ZJLcbgr3XCtLi1KDNPoMaeY5PPe6j4G4fjEjjkycZM6C6Zk2F87BKxFfpq+jd5xXZB9E8EA=="
PREPARATION = 1
"""Counts the changes of how the viewer is prepared, so that an older preparation is made anew."""

UNUSED = ("ort/", "dicom-microscopy-viewer/")
"""Three quarters of the package: a segmentation model for the browser that asks the internet, and pathology."""


def prepared(data: Path) -> Path | None:
    """The folder of the prepared viewer in the user's data folder, or None where there is none yet."""
    folder = _folder(data)
    return folder if folder.is_dir() else None


def install(data: Path, *, tarball: Path | None = None, say: Callable[[str], None] = lambda line: None) -> Path:
    """Prepare the viewer in ``data`` and return its folder; what is there already stays.

    ``tarball`` is the package as a file, for machines without internet; otherwise npm gets it.
    Raises ``Refusal`` where npm is missing or fails, or where the package is not the one meant.
    """
    folder = _folder(data)
    if folder.is_dir():
        say(f"The viewer is there already: {folder}")
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".installing-") as temporary:
        work = Path(temporary)
        if tarball is None:
            say(f"Getting {PACKAGE} {VERSION} (50 MB) with npm …")
            tarball = _fetch(work)
        _check(tarball)
        say("Preparing it to be served under /ohif/ …")
        _prepare(tarball, work / "files")
        try:
            (work / "files").replace(folder)
        except OSError:
            if not folder.is_dir():  # or another process was faster: its viewer is the same
                raise
    for older in folder.parent.glob("ohif-*"):
        if older != folder:
            shutil.rmtree(older)
    say(f"The viewer is ready: {folder}")
    return folder


def _folder(data: Path) -> Path:
    return data / "viewer" / f"ohif-{VERSION}-{PREPARATION}"


def _fetch(into: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise Refusal("NO_NPM", "The viewer comes through npm, which is not there: install Node.js, or use --from.")
    # npm knows the user's proxy and registry.
    done = subprocess.run(
        [npm, "pack", f"{PACKAGE}@{VERSION}", "--pack-destination", str(into), "--silent"],
        capture_output=True,
        text=True,
        check=False,
    )
    files = list(into.glob("*.tgz"))
    if done.returncode != 0 or len(files) != 1:
        reason = (done.stderr.strip() or "no reason given").splitlines()[-1]
        raise Refusal("NPM_FAILED", f"npm could not get {PACKAGE} {VERSION}: {reason}")
    return files[0]


def _check(tarball: Path) -> None:
    try:
        with tarball.open("rb") as file:
            digest = hashlib.file_digest(file, "sha512").digest()
    except OSError as error:
        raise Refusal("NO_PACKAGE", f"{tarball} cannot be read: {error.strerror}.") from error
    if base64.b64encode(digest).decode() != SHA512:
        raise Refusal("WRONG_PACKAGE", f"{tarball.name} is not {PACKAGE} {VERSION}: its SHA-512 differs.")


def _prepare(tarball: Path, folder: Path) -> None:
    for path, content in _files(tarball):
        target = folder / f"{path}.gz"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(gzip.compress(under_ohif(path, content), compresslevel=6, mtime=0))


def _files(tarball: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(tarball) as package:
        for member in package:
            path = member.name.removeprefix("package/")
            if path == "LICENSE":
                path = "dist/LICENSE.txt"
            inside = path.removeprefix("dist/")
            if not member.isfile() or inside == path or inside.startswith(UNUSED) or inside.endswith((".map", ".gz")):
                continue
            file = package.extractfile(member)
            if file is not None:
                yield inside, file.read()


def under_ohif(path: str, content: bytes) -> bytes:
    """A file of the viewer, changed so that it looks for the others under ``/ohif/`` and not under ``/``."""
    if path == "index.html":
        html = content.decode()
        html = re.sub(r'(href|src)="/(?!/)', r'\1="/ohif/', html)
        html = re.sub(r"(window\.PUBLIC_URL\s*=\s*)(['\"])/\2", r"\1\2/ohif/\2", html)
        # Its only work is to remove service workers, of every page of this host.
        return re.sub(r"<script[^>]*init-service-worker[^>]*></script>", "", html).encode()
    if path == "manifest.json":
        return content.replace(b'"/', b'"/ohif/')
    if path.endswith(".css"):
        return re.sub(rb"url\((['\"]?)/(?!/)", rb"url(\1/ohif/", content)
    if path.endswith(".js"):
        # The page's script and each worker have the address of their own.
        return content.replace(b'__webpack_require__.p = "/"', b'__webpack_require__.p = "/ohif/"')
    return content
