"""Programs of other people's that tests run beside radloop: where they are, and an Orthanc of a test's own."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


def needed(program: str, package: str) -> str:
    """Where a program is. Without it, CI fails; elsewhere the test is skipped with the reason."""
    found = shutil.which(program)
    if found is None:
        reason = f"{program} is not installed (Debian: {package})"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def orthanc_in(folder: Path) -> Iterator[str]:
    """The DICOMweb address of an Orthanc on loopback that keeps its objects in ``folder``."""
    program = needed("Orthanc", "orthanc orthanc-dicomweb")
    assert PLUGIN.exists(), f"{PLUGIN} is missing (Debian: orthanc-dicomweb)"
    port = free_port()
    settings = {
        "Name": "radloop tests",
        "StorageDirectory": str(folder / "objects"),
        "IndexDirectory": str(folder / "index"),
        "HttpPort": port,
        "DicomServerEnabled": False,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "Plugins": [str(PLUGIN)],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([program, str(folder / "settings.json")], stdout=log, stderr=log)
    try:
        _wait_for(f"http://127.0.0.1:{port}/dicom-web/studies")
        yield f"http://127.0.0.1:{port}/dicom-web"
    finally:
        process.terminate()
        process.wait(20)


def send(address: str, files: list[Path]) -> None:
    """Store objects at a DICOMweb server, as its own clients do."""
    import pydicom
    from dicomweb_client.web import DICOMwebClient

    DICOMwebClient(address).store_instances([pydicom.dcmread(file) for file in files])


def _wait_for(url: str, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if httpx.get(url).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    pytest.fail(f"{url} does not answer")
