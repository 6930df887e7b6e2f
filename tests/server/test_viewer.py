"""The viewer under /ohif/: how it is prepared, and what each address is answered with."""

import base64
import gzip
import hashlib
import io
import tarfile
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from radloop import places
from radloop.refusal import Refusal
from radloop.server import viewer, viewer_install
from radloop.server.problems import answer_problems

INDEX = (
    '<link href="/app.bundle.css"><link href="//elsewhere"><script>window.PUBLIC_URL="/"</script>'
    '<script src="/init-service-worker.js"></script><script defer src="/app.bundle.0123456789abcdef.js"></script>'
)
SCRIPT = 'a; __webpack_require__.p = "/"; b'
FILES = {
    "package/dist/index.html": INDEX,
    "package/dist/app.bundle.0123456789abcdef.js": SCRIPT,
    "package/dist/app.bundle.0123456789abcdef.js.map": "{}",
    "package/dist/app.bundle.css": "@font-face{src:url(/inter.woff2),url(data:x)}",
    "package/dist/ort/ort.wasm": "large",
    "package/dist/dicom-microscopy-viewer/x.js": "large",
    "package/dist/assets/a.png": "png",
    "package/LICENSE": "MIT",
    "package/package.json": "{}",
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package like OHIF's, but small; its digest counts as the right one."""
    file = tmp_path / "ohif.tgz"
    with tarfile.open(file, "w:gz") as tar:
        for name, text in FILES.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    digest = hashlib.sha512(file.read_bytes()).digest()
    monkeypatch.setattr(viewer_install, "SHA512", base64.b64encode(digest).decode())
    return file


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    app = FastAPI()
    app.include_router(viewer.router(tmp_path, places.plugins() / "ohif-radloop" / "dist"))
    answer_problems(app)
    return TestClient(app, raise_server_exceptions=False)


def test_it_is_made_for_its_new_address(package: Path, tmp_path: Path, client: TestClient) -> None:
    viewer_install.install(tmp_path, tarball=package)
    page = client.get("/ohif/").text
    assert 'href="/ohif/app.bundle.css"' in page
    assert 'href="//elsewhere"' in page
    assert 'window.PUBLIC_URL="/ohif/"' in page
    assert "init-service-worker" not in page
    script = client.get("/ohif/app.bundle.0123456789abcdef.js")
    assert '__webpack_require__.p = "/ohif/"' in script.text
    assert "immutable" in script.headers["cache-control"]
    assert script.headers["content-type"].startswith("text/javascript")
    style = client.get("/ohif/app.bundle.css")
    assert style.text == "@font-face{src:url(/ohif/inter.woff2),url(data:x)}"
    assert style.headers["cache-control"] == "no-cache"


def test_addresses_in_the_viewer_are_its_page_and_missing_files_are_missing(
    package: Path, tmp_path: Path, client: TestClient
) -> None:
    viewer_install.install(tmp_path, tarball=package)
    page = client.get("/ohif/").text
    for address in ("/ohif", "/ohif/radloop?StudyInstanceUIDs=1.2.3", "/ohif/viewer/some/where", "/ohif/index.html"):
        assert client.get(address).text == page
    assert client.get("/ohif?a=1", follow_redirects=False).headers["location"] == "/ohif/?a=1"
    for missing in ("1234.bundle.js", "ort/ort.wasm", "x.map", "plugin/none.mjs", "plugin/../../../pyproject.toml"):
        answer = client.get(f"/ohif/{missing}")
        assert answer.status_code == 404, missing
    assert client.get("/ohif/%2e%2e/%2e%2e/secret.txt").status_code == 404


def test_whoever_takes_no_gzip_gets_none(package: Path, tmp_path: Path, client: TestClient) -> None:
    viewer_install.install(tmp_path, tarball=package)
    plain = client.get("/ohif/LICENSE.txt", headers={"accept-encoding": "identity"})
    packed = client.get("/ohif/assets/a.png")
    assert (plain.text, "content-encoding" in plain.headers) == ("MIT", False)
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.text == "png"


def test_our_plugin_is_there_without_the_viewer(client: TestClient) -> None:
    assert "extension" in client.get("/ohif/plugin/radloop.mjs").text
    assert "/dicom-web" in client.get("/ohif/app-config.js").text
    page = client.get("/ohif/")
    assert page.status_code == 503
    assert "radloop viewer install" in page.text


def test_two_installed_at_once_are_one(package: Path, tmp_path: Path) -> None:
    def meanwhile(line: str) -> None:
        if line.startswith("Preparing"):
            viewer_install.install(tmp_path, tarball=package)

    folder = viewer_install.install(tmp_path, tarball=package, say=meanwhile)
    assert list(folder.parent.iterdir()) == [folder]
    assert (folder / "index.html.gz").is_file()


def test_installing_again_changes_nothing_and_older_ones_go(package: Path, tmp_path: Path) -> None:
    old = tmp_path / "viewer" / "ohif-3.12.0-1"
    old.mkdir(parents=True)
    folder = viewer_install.install(tmp_path, tarball=package)
    kept = {file: file.stat().st_mtime_ns for file in folder.rglob("*.gz")}
    said: list[str] = []
    assert viewer_install.install(tmp_path, tarball=package, say=said.append) == folder
    assert {file: file.stat().st_mtime_ns for file in folder.rglob("*.gz")} == kept
    assert "there already" in said[0]
    assert not old.exists()
    assert gzip.decompress((folder / "LICENSE.txt.gz").read_bytes()) == b"MIT"
    assert not list(folder.rglob("*.map*"))


@pytest.mark.parametrize("damage", [b"", b"not a package"])
def test_another_package_is_refused_and_leaves_nothing(package: Path, tmp_path: Path, damage: bytes) -> None:
    package.write_bytes(package.read_bytes()[:-1] + damage)
    with pytest.raises(Refusal) as refused:
        viewer_install.install(tmp_path, tarball=package)
    assert refused.value.code == "WRONG_PACKAGE"
    assert viewer_install.prepared(tmp_path) is None
    assert list((tmp_path / "viewer").iterdir()) == []


def test_a_missing_file_and_a_missing_npm_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refusal, match=r"none\.tgz cannot be read"):
        viewer_install.install(tmp_path, tarball=tmp_path / "none.tgz")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refusal, match="npm"):
        viewer_install.install(tmp_path)
