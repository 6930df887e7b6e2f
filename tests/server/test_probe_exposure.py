"""What is open to whom: the probes of access, exposure and weights, in forms that the other tests do not try."""

import pickle
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from radloop.server.rules import RULES


def test_there_are_no_pages_but_the_schema_which_names_no_other_address(server: Any) -> None:
    http = server.http()
    for path in ("/", "/docs", "/redoc", "/docs/oauth2-redirect", "/favicon.ico", "/static/ohif/", "/reload"):
        assert http.get(path).status_code == 404, path
    for path in ("/openapi.json", "/login", "/logs/?refresh=9", "/ohif/"):
        answer = http.get(path)
        assert not re.findall(r"(?:https?:)?//(?!127\.0\.0\.1)[a-z0-9-]+\.[a-z]", answer.text), path
        assert "<script" not in answer.text, path


def test_with_access_off_clients_are_told_so(server: Any, tmp_path: Path) -> None:
    assert server.http().get("/auth/").json()["enabled"] is False
    client = server.client(tmp_path)
    assert client.auth_enabled() is False
    assert client.info()["name"] == "radloop"
    # A token that nobody made gives no more and no less than none.
    assert server.http().get("/info/", headers={"Authorization": "Bearer x"}).status_code == 200


def test_no_answer_tells_a_path_of_the_server(server: Any) -> None:
    http = server.http()
    session = http.put("/session/", files={"files": ("x.nii.gz", (server.studies / "cine.nii.gz").read_bytes())})
    known = {
        "session_id": session.json()["session_id"],
        "model": "cine_heart",
        "image": "cine",
        "label": "cine",
        "tag": "final",
        "path": "x",
        "strategy": "random",
        "method": "dice",
    }
    texts = [session.text]
    for key in RULES:
        method, _, path = key.partition(" ")
        if method != "GET" or path.endswith("/events"):
            continue
        address = re.sub(r"\{(\w+)(:path)?\}", lambda name: known.get(name[1], "1.2.3"), path)
        for query in ({"output": "all"} | known, {"output": "train"} | known, {"image": "nosuch"}):
            answer = http.get(address, params=query)
            assert answer.status_code < 500 or path.startswith("/ohif"), f"{address} {answer.text[:300]}"
            assert answer.headers["x-content-type-options"] == "nosniff", address
            assert "server" not in answer.headers
            texts += [str(answer.headers), answer.text if "octet" not in answer.headers.get("content-type", "") else ""]
    for broken in ("truncated", "empty", "words"):
        texts.append(http.post("/infer/cine_heart", params={"image": broken}).text)
    http.delete(f"/session/{known['session_id']}")
    places = [str(server.studies), str(server.data), str(Path(__file__).parents[2]), "/site-packages/", "/tmp/"]
    assert not [(place, text[:300]) for text in texts for place in places if place in text]


def test_sessions_cannot_be_guessed(server: Any) -> None:
    http = server.http()
    upload = {"files": ("x.nii.gz", b"anything")}
    names = [http.put("/session/", files=upload).json()["session_id"] for _ in range(4)]
    assert all(len(name) == 32 for name in names)
    agree = [sum(a == b for a, b in zip(one, names[0], strict=True)) for one in names[1:]]
    assert max(agree) < 8  # of 32 characters of 64 kinds
    for name in names:
        assert http.get(f"/session/{name[:-1]}").status_code == 404
        assert http.get(f"/session/{name.swapcase()}").status_code == 404
        assert http.delete(f"/session/{name}").status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST", "PATCH"])
def test_weights_stay_what_they_are(server: Any, method: str) -> None:
    http = server.http()
    before = http.get("/model/info/cine_heart").json()
    for path in (
        "/model/cine_heart",
        "/model/info/cine_heart",
        "/model/",
        "/model/nosuch",
        "/radloop/versions/cine_heart",
    ):
        answer = http.request(method, path, files={"file": ("model.pt", pickle.dumps(print))})
        assert answer.status_code in (404, 405), path
    assert http.get("/model/info/cine_heart").json() == before
    answer = http.post("/infer/cine_heart", params={"image": "cine", "output": "json"})
    assert answer.json()["model_version"] == before["version"]


class Opens:
    """Unpickled, it makes a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return open, (str(self.file), "w")


@pytest.mark.parametrize("name", ["x.nii.gz", "x.nii", "x.nrrd", "x.pt", "x.npy", "x.dcm"])
def test_a_pickle_is_never_opened_whatever_it_is_called(server: Any, tmp_path: Path, name: str) -> None:
    http, upload = server.http(), (name, pickle.dumps(Opens(tmp_path / "marker")))
    assert http.post("/infer/cine_heart", files={"file": upload}).status_code in (415, 422)
    assert http.put("/datastore/image", params={"image": "pickle"}, files={"file": upload}).status_code in (415, 422)
    assert http.put("/datastore/label", params={"image": "cine"}, files={"label": upload}).status_code in (415, 422)
    assert not (tmp_path / "marker").exists()


def test_lost_weights_are_never_made_up(
    serve: Callable[..., Any], cine_file: Callable[..., Path], tmp_path: Path, installation: Path
) -> None:
    copy, studies, ask = tmp_path / "installation", tmp_path / "studies", {"image": "cine", "output": "json"}
    for part in ("apps/radloop", "bundles/cine_heart"):
        shutil.copytree(installation / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    studies.mkdir()
    cine_file(studies / "cine.nii.gz")
    # Server and workers take radloop, and with it the bundles, from the copy.
    before = f"import os, sys; os.environ['PYTHONPATH'] = sys.path[1] = {str(copy / 'apps/radloop')!r}\n"
    with serve(studies, tmp_path, before=before) as server:
        server.wait_ready()
        right = server.http().post("/infer/cine_heart", params=ask).json()
        [weights] = server.data.glob("versions/cine_heart/*/model.pt")
        weights.unlink()
        (copy / "bundles/cine_heart/models/model.pt").unlink()
        assert server.http().post("/infer/cine_heart", params=ask).json() == right  # they are in memory
    with serve(studies, tmp_path, before=before) as server:
        http = server.http()
        answer = http.post("/infer/cine_heart", params=ask)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 1
        until = time.monotonic() + 60
        while (model := http.get("/info/").json()["models"]["cine_heart"])["state"] == "loading":
            assert time.monotonic() < until
            time.sleep(0.05)
        assert model["state"] == "failed"
        assert answer.json()["detail"] == model["reason"]
        assert http.get("/readyz").json() == {"status": "failed", "reason": model["reason"]}
        assert str(server.data) not in answer.text + model["reason"]
        refused = http.get("/model/cine_heart")
        assert 400 <= refused.status_code < 600
        assert refused.status_code != 500
