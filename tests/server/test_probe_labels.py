"""Labels and images under many hands: nothing is overwritten, nothing lost, and authors are who they are."""

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from radloop.store import Store


@pytest.fixture(scope="module")
def guarded(
    serve: Callable[..., Any],
    cine_file: Callable[..., Path],
    tmp_path_factory: pytest.TempPathFactory,
    radloop: Callable[..., Any],
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """A server that asks for tokens, and a client of an annotator, ``anna``, and of an admin, ``ada``."""
    folder = tmp_path_factory.mktemp("labels")
    (folder / "studies").mkdir()
    cine_file(folder / "studies" / "cine.nii.gz")
    data, who = folder / "data", {"anna": "annotator", "ada": "admin"}
    made = {name: radloop("token", "create", name, "--role", role, "--data", data).stdout for name, role in who.items()}
    with serve(folder / "studies", folder, access="true") as server:
        clients = {name: server.http(headers={"Authorization": f"Bearer {made[name].strip()}"}) for name in made}
        yield server, clients


def drawn(server: Any, value: int = 0, **change: Any) -> bytes:
    """A label of ``cine`` that is ``value`` everywhere; ``change``: other ``affine`` or ``shape``."""
    image = nib.load(server.studies / "cine.nii.gz")
    voxels = np.full(change.get("shape", image.shape), value, np.uint8)
    return gzip.compress(nib.Nifti1Image(voxels, change.get("affine", image.affine)).to_bytes(), mtime=0)


def put(client: Any, content: bytes, name: str = "l.nii.gz", image: str = "cine", **more: Any) -> int:
    sent = {"files": {"label": (name, content)}, "data": {"params": json.dumps(more.pop("params", {}))}}
    return int(client.put("/datastore/label", params={"image": image, **more}, **sent).status_code)


def current(client: Any, tag: str = "final") -> str:
    return hashlib.sha256(client.get("/datastore/label", params={"label": "cine", "tag": tag}).content).hexdigest()


def test_of_many_labels_at_the_same_moment_each_is_kept(guarded: tuple[Any, dict[str, Any]]) -> None:
    server, who = guarded
    sent = [drawn(server, n % 4) for n in range(16)]
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda content: put(who["anna"], content, tag="many"), sent)) == {200}
    with Store(server.data) as store:
        kept = [label for label in store.labels("cine") if label.tag == "many"]
    assert sorted(hashlib.sha256(label.path.read_bytes()).digest() for label in kept) == sorted(
        hashlib.sha256(content).digest() for content in sent
    )
    assert len({label.supersedes for label in kept}) == 16  # one after the other, in one row
    assert current(who["anna"], "many") == hashlib.sha256(kept[0].path.read_bytes()).hexdigest()


def test_labels_that_lie_elsewhere_or_are_none_leave_the_good_one(guarded: tuple[Any, dict[str, Any]]) -> None:
    server, who = guarded
    anna, affine = who["anna"], nib.load(server.studies / "cine.nii.gz").affine
    assert put(anna, drawn(server, 3)) == 200
    good = current(anna)
    shape = (48, 40, 3, 5)
    for name, content in [
        ("mirrored.nii.gz", drawn(server, affine=affine @ np.diag([-1.0, 1, 1, 1]))),
        ("wider.nii.gz", drawn(server, affine=affine @ np.diag([1.05, 1, 1, 1]))),
        ("turned.nii.gz", drawn(server, affine=affine[[1, 0, 2, 3]])),
        ("swapped.nii.gz", drawn(server, shape=(40, 48, 3, 5))),
        ("more.nii.gz", drawn(server, shape=(48, 40, 3, 6))),
        ("flat.nii.gz", drawn(server, shape=(48, 40))),
        ("label.bin", bytes(np.prod(shape))),  # as OHIF's plugin of MONAI Label sends it
        ("label.bin", b"\x03"),
        ("label.pdf", b"%PDF-1.7"),
        ("label", b""),
        ("label.py", b"import os"),
        ("label.nii.gz.py", drawn(server)),
    ]:
        assert put(anna, content, name) in (415, 422), name
        assert current(anna) == good, name


def test_authors_are_who_sent_it_whatever_they_say(guarded: tuple[Any, dict[str, Any]]) -> None:
    server, who = guarded
    anna, label = who["anna"], {"label": "cine", "tag": "signed"}
    claims = {"client_id": "dr.else", "author": "dr.else", "claimed_author": "dr.else", "user": "dr.else"}
    assert put(anna, drawn(server, 1), tag="signed", params=claims) == 200
    for name in ("anna", "ada"):  # saying so afterwards changes nothing either
        said = who[name].put("/datastore/label/info", params=label, data={"info": json.dumps(claims)})
        assert said.status_code == 200
        info = anna.get("/datastore/label/info", params=label).json()
        assert (info["author"], info["claimed_author"]) == ("anna", "dr.else")
    with Store(server.data) as store:
        assert store.label("cine", "signed").author == "anna"


def test_images_and_labels_come_and_go_while_others_look(guarded: tuple[Any, dict[str, Any]]) -> None:
    server, who = guarded
    picture, names = (server.studies / "cine.nii.gz").read_bytes(), [f"c{n}" for n in range(12)]
    anna, ada = who["anna"], who["ada"]
    for name in names:
        sent = {"file": ("x.nii.gz", picture)}
        assert anna.put("/datastore/image", params={"image": name}, files=sent).status_code == 200
    lists: list[set[str]] = []

    def one(name: str) -> set[int]:
        done = {put(anna, drawn(server, 2), image=name)}
        listed = anna.get("/datastore/", params={"output": "all"}).json()["objects"]
        assert "final" in listed[name]["labels"]  # whoever was told that it is kept finds it
        lists.append(set(listed))
        if int(name[1:]) % 3 == 0:
            done.add(ada.delete("/datastore/label", params={"id": name}).status_code)
        return done

    with ThreadPoolExecutor(6) as pool:
        assert set().union(*pool.map(one, names)) == {200}
    assert all(set(names) <= seen for seen in lists)
    listed = anna.get("/datastore/", params={"output": "all"}).json()["objects"]
    assert [name for name in names if "final" not in listed[name]["labels"]] == ["c0", "c3", "c6", "c9"]


def test_what_is_removed_stays_on_the_disk(guarded: tuple[Any, dict[str, Any]]) -> None:
    server, who = guarded
    anna, ada, picture = who["anna"], who["ada"], (server.studies / "cine.nii.gz").read_bytes()
    anna.put("/datastore/image", params={"image": "left"}, files={"file": ("x.nii.gz", picture)})
    assert put(anna, drawn(server, 1), image="left") == 200
    for path, params in (("/datastore/label", {"id": "left"}), ("/datastore/image", {"id": "left"})):
        assert anna.delete(path, params=params).status_code == 403
    files = sorted(server.data.glob("*/left/*"))
    assert ada.delete("/datastore/image", params={"id": "left"}).status_code == 200
    assert anna.get("/datastore/label", params={"label": "left"}).status_code == 404
    assert sorted(server.data.glob("*/left/*")) == files
    assert len(files) == 2


def test_of_two_images_of_one_name_the_first_stays(guarded: tuple[Any, dict[str, Any]]) -> None:
    server, who = guarded
    anna, picture = who["anna"], (server.studies / "cine.nii.gz").read_bytes()
    labels = anna.get("/datastore/", params={"output": "all"}).json()["objects"]["cine"]["labels"]
    for path in ("/datastore/image", "/datastore/"):
        for name, content in (
            ("cine.nii.gz", picture),
            ("cine.nii", nib.load(server.studies / "cine.nii.gz").to_bytes()),
        ):
            taken = anna.put(path, params={"image": "cine"}, files={"file": (name, content)})
            assert taken.status_code == 409
            assert anna.put(path, files={"file": (name, content)}).status_code == 409  # by the name of the file
    assert anna.get("/datastore/image", params={"image": "cine"}).content == picture
    assert anna.get("/datastore/", params={"output": "all"}).json()["objects"]["cine"]["labels"] == labels

    sent = [gzip.compress(nib.load(server.studies / "cine.nii.gz").to_bytes(), mtime=n) for n in range(6)]

    def add(content: bytes) -> tuple[int, bytes]:
        upload = {"file": ("x.nii.gz", content)}
        return anna.put("/datastore/image", params={"image": "race"}, files=upload).status_code, content

    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(add, sent))
    assert sorted(status for status, _ in done) == [200] + [409] * 5
    [winner] = [content for status, content in done if status == 200]
    assert anna.get("/datastore/image", params={"image": "race"}).content == winner
    assert len(list((server.data / "images" / "race").iterdir())) == 1


def test_two_clients_at_once_are_both_given_something(guarded: tuple[Any, dict[str, Any]]) -> None:
    _, who = guarded
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(who["anna"].post, "/activelearning/random", json={"client_id": n}) for n in range(12)]
    samples = [one.result().json() for one in asked]
    without = {name for name, one in listing(who["anna"]).items() if "final" not in one["labels"]}
    assert {sample["id"] for sample in samples} <= without
    assert len({sample["id"] for sample in samples}) > 1


def listing(client: Any) -> dict[str, Any]:
    return dict(client.get("/datastore/", params={"output": "all"}).json()["objects"])
