"""MONAI Label's own client with access on: one client object for every method, as the Slicer module keeps one."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from monailabel.client import MONAILabelClient
from monailabel.client.client import MONAILabelClientException

from radloop.images import read_label


@pytest.fixture(scope="module")
def guarded(
    serve: Callable[..., Any], studies: Path, tmp_path_factory: pytest.TempPathFactory, radloop: Callable[..., Any]
) -> Iterator[tuple[Any, str]]:
    folder = tmp_path_factory.mktemp("guarded-stock")
    token = radloop("token", "create", "anna", "--role", "admin", "--data", folder / "data").stdout.strip()
    with serve(studies, folder, access="true") as server:
        server.wait_ready()
        yield server, token


def logged_in(server: Any, token: str, folder: Path) -> MONAILabelClient:
    """As MONAI Label's module for 3D Slicer does it."""
    client = server.client(folder)
    assert client.auth_enabled()
    assert not client.auth_valid_token()
    client.update_auth(client.auth_token("anna", token))
    assert client.auth_valid_token()
    return client


def test_without_a_token_nothing(guarded: tuple[Any, str], tmp_path: Path) -> None:
    server, _ = guarded
    client = server.client(tmp_path)
    with pytest.raises(MONAILabelClientException, match="A token is needed"):
        client.info()
    with pytest.raises(MONAILabelClientException, match="do not belong together"):
        client.auth_token("anna", "wrong")


def test_every_method_one_after_the_other(
    guarded: tuple[Any, str], tmp_path: Path, cine_file: Callable[..., Path]
) -> None:
    server, token = guarded
    client = logged_in(server, token, tmp_path)
    cine = str(server.studies / "cine.nii.gz")
    assert client.info()["name"] == "radloop"
    assert client.next_sample("first", {})["id"]

    session = client.create_session(cine)["session_id"]
    assert client.get_session(session)["name"] == session
    by_session, _ = client.infer("cine_heart", "x", {}, session_id=session)
    client.remove_session(session)

    file, answer = client.infer("cine_heart", "cine", {})
    np.testing.assert_array_equal(read_label(Path(file)), read_label(Path(by_session)))
    along, same = client.infer("cine_heart", "", {}, file=cine)
    assert same == answer
    np.testing.assert_array_equal(read_label(Path(along)), read_label(Path(file)))

    drawn = np.zeros(nib.load(cine).shape, np.uint8)
    drawn[20:28, 16:24] = 3
    nib.save(nib.Nifti1Image(drawn, nib.load(cine).affine), tmp_path / "drawn.nii.gz")
    client.save_label("cine", str(tmp_path / "drawn.nii.gz"), params={"author": "somebody else"})
    np.testing.assert_array_equal(read_label(Path(client.download_label("cine", "final"))), drawn)
    info = client.datastore()["objects"]["cine"]["labels"]["final"]["info"]
    assert info["author"] == "anna"
    assert info["claimed_author"] == "somebody else"

    mine = cine_file(tmp_path / "mine.nii.gz")
    assert client.upload_image(str(mine), "mine") == {"image": "mine"}
    assert client.infer("cine_heart", "mine", {})[1]["image"] == "mine"
    client.info()
    assert client.upload_image(str(mine), "mine2") == {"image": "mine2"}
    np.testing.assert_array_equal(read_label(Path(client.download_label("cine", "final"))), drawn)
