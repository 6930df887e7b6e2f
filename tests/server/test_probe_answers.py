"""What is answered to requests that are wrong in ways the other tests do not try, and what they leave behind."""

import gzip
import io
import json
import math
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import psutil
import pytest
from PIL import Image

GPU = "import os, radloop.server.logs as logs; logs.GPU_S = 0.5; os.environ.update(PATH={path!r}, TMPDIR={tmp!r})\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("answers")


@pytest.fixture(scope="module")
def server(serve: Callable[..., Any], cine_file: Callable[..., Path], folder: Path) -> Iterator[Any]:
    """A server without labels, with a temporary folder and a ``nvidia-smi`` of its own (that runs ``gpu.sh``)."""
    studies = folder / "studies"
    for one in (studies, folder / "tmp", folder / "bin"):
        one.mkdir()
    voxels = np.asarray(nib.load(cine_file(studies / "cine.nii.gz")).dataobj)
    for name, value in VALUES.items():
        content = voxels.astype(np.float32)
        content[3, 3, 1, 1] = value
        nib.save(nib.Nifti1Image(content, np.diag([1.5, 1.5, 8, 1])), studies / f"{name}.nii.gz")
    grey = (voxels[..., 0, 0] / 4).clip(0, 255).astype(np.uint8)
    Image.fromarray(grey).save(studies / "grey.png")
    Image.fromarray(np.stack([grey] * 3, axis=2)).save(studies / "colours.jpg")
    program = folder / "bin" / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n. {folder / 'gpu.sh'}\n")
    program.chmod(0o755)
    before = GPU.format(path=f"{folder / 'bin'}:/usr/bin:/bin", tmp=str(folder / "tmp"))
    with serve(studies, folder, before=before) as running:
        running.wait_ready()
        yield running


VALUES = {"huge": 3e38, "tiny_value": 1e-42, "nan": math.nan, "minus": -3e38}


def refused(answer: Any, *statuses: int) -> str:
    assert answer.status_code in statuses, f"{answer.status_code} {answer.text[:300]}"
    [(name, sentence)] = strictly(answer.text).items()
    assert name == "detail"
    assert isinstance(sentence, str)
    return sentence


def strictly(text: str) -> Any:
    def no_number(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text, parse_constant=no_number)


@pytest.mark.parametrize("name", ["nosuch", "cine_heart ", "CINE_HEART", "%00", "x" * 4000, "..."])
def test_unknown_models_strategies_and_methods(server: Any, name: str) -> None:
    http = server.http()
    for path in ("/infer/{}", "/batch/infer/{}", "/train/{}", "/scoring/{}", "/activelearning/{}"):
        sentence = refused(http.post(path.format(name), params={"image": "cine"}, json={}), 404)
        assert "there are: " in sentence
    for path in ("/model/{}", "/model/info/{}", "/radloop/versions/{}"):
        refused(http.get(path.format(name)), 404)
    for path in ("/radloop/versions/{}/rollback", "/radloop/versions/{}/1/publish"):
        refused(http.post(path.format(name)), 404)
    assert http.get("/radloop/jobs").json() == {"jobs": []}


def test_there_is_no_data_set_yet(server: Any) -> None:
    refused(server.http().get("/datastore/dataset"), 404)
    refused(server.http().get("/datastore/dataset", params={"limit_cases": 1}), 404)
    for limit in (0, -1, "many", 10**30):
        refused(server.http().get("/datastore/dataset", params={"limit_cases": limit}), 422)


def test_an_image_that_was_removed_is_unknown_everywhere(server: Any) -> None:
    http, picture = server.http(), (server.studies / "cine.nii.gz").read_bytes()
    image = {"image": "gone"}
    assert http.put("/datastore/image", params=image, files={"file": ("x.nii.gz", picture)}).status_code == 200
    assert http.delete("/datastore/image", params={"id": "gone"}).status_code == 200
    for answer in (
        http.post("/infer/cine_heart", params=image),
        http.get("/datastore/image", params=image),
        http.get("/datastore/image/info", params=image),
        http.put("/datastore/image/info", params=image, data={"info": "{}"}),
        http.get("/datastore/label", params={"label": "gone"}),
        http.get("/datastore/label/info", params={"label": "gone"}),
        http.put("/datastore/label", params=image, files={"label": ("l.nii.gz", picture)}),
        http.delete("/datastore/image", params={"id": "gone"}),
        http.delete("/datastore/label", params={"id": "gone"}),
    ):
        refused(answer, 404)
    for path in ("/datastore/image?image=gone", "/datastore/label?label=gone&tag=final", "/datastore/label?image=gone"):
        assert http.head(path).status_code == 404
    refused(http.get("/datastore/label", params={"label": "cine", "tag": "never"}), 404)
    assert http.head("/datastore/label", params={"label": "cine"}).status_code == 404
    assert http.head("/datastore/label").status_code == 422


@pytest.mark.parametrize(
    "params",
    ['"words"', "7", "null", "true", '{"frame": 1} {}', "{'frame': 1}", '\ufeff{"frame": 1}', "{" * 5000, '{"a":' * 900]
    + ['{"frame": ' + value + "}" for value in ("1e3", "1e999", "-1", "[1]", "{}", "9" * 40, "9" * 5000, '"\\ud800"')]
    + ['{"result_extension": ' + value + "}" for value in ("5", "[]", '".NII.GZ "', '"\\ud800"')]
    + ['{"logging": ' + value + "}" for value in ('"CRITICAL"', "10", "null")]
    + ['{"device": ' + value + "}" for value in ('"cuda:99"', '"cpu"', "null", "[]")],
)
def test_params_that_are_none(server: Any, params: str) -> None:
    sent = {"params": params}
    refused(server.http().post("/infer/cine_heart", params={"image": "cine", "output": "json"}, data=sent), 400)


def test_the_log_goes_on_whatever_clients_want_of_it(server: Any) -> None:
    before = server.log.count("POST /infer/{model} 400")
    sent = {"params": '{"logging": "CRITICAL"}'}
    server.http().post("/infer/cine_heart", params={"image": "cine"}, data=sent)
    assert server.log.count("POST /infer/{model} 400") == before + 1


@pytest.mark.parametrize("output", ["", "JSON", "json ", "all,json", "dicom-seg"])
def test_outputs_that_are_none(server: Any, output: str) -> None:
    asks = {"image": "cine", "output": output}
    assert "dicom_seg" in refused(server.http().post("/infer/cine_heart", params=asks), 422)
    refused(server.http().get("/datastore/", params={"output": output or "x"}), 422)


def test_pictures_that_are_none(server: Any) -> None:
    http, picture = server.http(), (server.studies / "cine.nii.gz").read_bytes()
    refused(http.post("/infer/cine_heart", params={"image": ""}, data={"params": "{}"}), 400)
    refused(http.post("/infer/cine_heart", params={"session_id": "x" * 32}), 404)
    refused(http.post("/infer/cine_heart", params={"image": "cine", "session_id": "x"}), 404)
    refused(http.post("/infer/cine_heart", files={"file": ("", b"")}), 400, 415, 422)
    refused(http.post("/infer/cine_heart", data={"file": "words"}), 400, 422)
    seg = {"output": "dicom_seg"}
    refused(http.post("/infer/cine_heart", params=seg, files={"file": ("x.nii.gz", picture)}), 400)
    for name in ("grey.png", "colours.jpg"):
        image, content = Path(name).stem, (server.studies / name).read_bytes()
        assert name in refused(http.post("/infer/cine_heart", params={"image": image, "output": "json"}), 415, 422)
        refused(http.post("/infer/cine_heart", files={"file": (name, content)}), 415, 422)
        refused(http.post("/infer/cine_heart", files={"file": ("x.nii.gz", content)}), 415, 422)


@pytest.mark.parametrize("image", list(VALUES))
@pytest.mark.parametrize("output", ["json", "all"])
def test_voxels_beyond_measure_bring_numbers_or_a_sentence(server: Any, image: str, output: str) -> None:
    answer = server.http().post("/infer/cine_heart", params={"image": image, "output": output})
    if answer.status_code == 422:
        assert f"{image}.nii.gz" in refused(answer, 422)
        return
    assert answer.status_code == 200
    text = answer.text if output == "json" else answer.content.split(b"\r\n\r\n")[1].split(b"\r\n--")[0].decode()
    assert strictly(text)["n_frames"] == 5


def huge(version: int) -> bytes:
    """A NIfTI-1 or NIfTI-2 file of a few voxels that promises terabytes."""
    image = (nib.Nifti1Image if version == 1 else nib.Nifti2Image)(np.zeros((20, 20, 2, 2), np.uint8), np.eye(4))
    whole = bytearray(image.to_bytes())
    where, form = (40, "<8h") if version == 1 else (16, "<8q")
    struct.pack_into(form, whole, where, 4, 30000, 30000, 3000, 300, 1, 1, 1)
    return bytes(whole)


def packed_nrrd() -> bytes:
    """512 MB of zeros in half a megabyte, of which the header promises a few."""
    header = b"NRRD0004\ntype: uint8\ndimension: 4\nsizes: 20 20 2 2\nencoding: gzip\n\n"
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as file:
        for _ in range(32):
            file.write(bytes(16 << 20))
    return header + packed.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.nii", huge(1)),
        ("x.nii", huge(2)),
        ("x.nii.gz", gzip.compress(huge(2))),
        ("x.nrrd", packed_nrrd()),
        ("x.nii", gzip.compress(bytes(64 << 20))),
    ],
    ids=["NIfTI-1", "NIfTI-2", "NIfTI-2 packed", "packed NRRD", "packed zeros"],
)
def test_promises_are_not_believed(server: Any, name: str, content: bytes) -> None:
    before = psutil.Process(server.process.pid).memory_info().rss
    upload = {"file": (name, content)}
    refused(server.http().post("/infer/cine_heart", params={"output": "json"}, files=upload), 413, 415, 422)
    refused(server.http().put("/datastore/image", params={"image": "promise"}, files=upload), 413, 415, 422)
    assert psutil.Process(server.process.pid).memory_info().rss - before < 256 << 20


UNLISTABLE = {
    "not a number": '{"x": {"y": [NaN]}}',
    "minus infinity": '{"x": -Infinity}',
    "a number that is too large": '{"x": 1e999}',
    "half a character": '{"x": "\\ud800"}',
    "half a character as a name": '{"\\udc00": 1}',
    "a nest of 33": '{"x": ' * 33 + "1" + "}" * 33,
    "a nest of 300": '{"x": ' + "[" * 300 + "]" * 300 + "}",
    "a nest of 900": '{"x": ' + "[" * 900 + "]" * 900 + "}",
    "five megabytes": json.dumps({"x": "y" * 5_000_000}),
    "a list": "[]",
}


@pytest.mark.parametrize("text", list(UNLISTABLE.values()), ids=list(UNLISTABLE))
def test_what_could_not_be_listed_is_not_kept(server: Any, text: str) -> None:
    http, image = server.http(), nib.load(server.studies / "cine.nii.gz")
    picture = (server.studies / "cine.nii.gz").read_bytes()
    label = {
        "label": ("l.nii.gz", gzip.compress(nib.Nifti1Image(np.zeros(image.shape, "u1"), image.affine).to_bytes()))
    }
    assert http.put("/datastore/label", params={"image": "cine", "tag": "kept"}, files=label).status_code == 200
    before = http.get("/datastore/", params={"output": "all"}).text
    kept, one = {"label": "cine", "tag": "kept"}, {"image": "cine", "tag": "other"}
    refused(http.put("/datastore/image/info", params={"image": "cine"}, data={"info": text}), 400, 413)
    refused(http.put("/datastore/label/info", params=kept, data={"info": text}), 400, 413)
    refused(http.put("/datastore/updatelabelinfo", params=kept, data={"params": text}), 400, 413)
    refused(http.put("/datastore/label", params=one, files=label, data={"params": text}), 400, 413)
    file = {"file": ("x.nii.gz", picture)}
    refused(http.put("/datastore/image", params={"image": "new"}, files=file, data={"params": text}), 400, 413)
    after = http.get("/datastore/", params={"output": "all"})
    assert (after.status_code, after.text) == (200, before)
    http.delete("/datastore/label", params={"id": "cine", "tag": "kept"})


@pytest.mark.parametrize("text", ['{"seconds": NaN}', '{"seconds": 1e999}', "[" * 100_000, '"\\ud800"', "{", "[1]"])
def test_bodies_that_are_none(server: Any, text: str) -> None:
    as_json = {"content-type": "application/json"}
    for path in ("/train/cine_heart", "/batch/infer/nosuch", "/scoring/nosuch", "/activelearning/nosuch"):
        refused(server.http().post(path, content=text, headers=as_json), 400, 404, 422)
    for path in ("/radloop/labels", "/radloop/draft"):
        refused(server.http().put(path, params={"image": "cine"}, content=text, headers=as_json), 400, 404, 422)


def test_half_characters_in_bodies_are_refused_in_whole_ones(server: Any) -> None:
    text = json.dumps({"planes": "x", "author": "\ud800", "reviewed": {"\ud800": "all"}, "number": 0, "\ud800": 1})
    for path in ("/radloop/labels", "/radloop/draft", "/radloop/measure"):
        method = "POST" if path.endswith("measure") else "PUT"
        as_json = {"content-type": "application/json"}
        refused(server.http().request(method, path, params={"image": "cine"}, content=text, headers=as_json), 422)


def test_a_gpu_program_that_hangs_fails_or_speaks(server: Any, folder: Path) -> None:
    (folder / "gpu.sh").write_text("echo one GPU\n")
    assert server.http().get("/logs/gpu").text == "one GPU\n"
    (folder / "gpu.sh").write_text("exec sleep 60\n")
    hangs = server.http().get("/logs/gpu")
    refused(hangs, 503)
    assert int(hangs.headers["retry-after"]) >= 1
    (folder / "gpu.sh").write_text("echo no driver; exit 9\n")
    assert server.http().get("/logs/gpu").text == "no driver\n"


@pytest.mark.parametrize(
    "path", ["/proxy/dicom/wado/x", "/proxy/dicom/stow/studies", "/proxy/", "/wsi/x", "/infer/wsi/x"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_nothing_is_passed_on(server: Any, method: str, path: str) -> None:
    refused(server.http().request(method, path), 404, 405)


def test_files_are_called_after_their_image_and_never_after_a_temporary_one(server: Any) -> None:
    http, picture = server.http(), (server.studies / "cine.nii.gz").read_bytes()
    along = {"file": ("Mine.nii.gz", picture)}
    session = http.put("/session/", files={"files": ("lent.nii.gz", picture)}).json()["session_id"]
    for answer, name in (
        (http.post("/infer/cine_heart", params={"image": "cine"}), "cine.cine_heart.nii.gz"),
        (http.post("/infer/cine_heart", files=along), "Mine.cine_heart.nii.gz"),
        (http.post("/infer/cine_heart", params={"session_id": session}), "lent.cine_heart.nii.gz"),
    ):
        assert f'filename="{name}"'.encode() in answer.content
    asks = {"params": '{"frame": 2, "result_extension": ".nrrd"}'}
    frame = http.post("/infer/cine_heart", params={"image": "cine", "output": "image"}, data=asks)
    assert "tmp" not in frame.headers["content-disposition"]
    assert frame.headers["content-disposition"].endswith('.nrrd"')


def test_requests_leave_nothing_behind(server: Any, folder: Path) -> None:
    """Last of all, so that it speaks for the others too."""
    http, picture = server.http(), (server.studies / "cine.nii.gz").read_bytes()

    def every_kind() -> None:
        for output in ("json", "image", "all"):
            assert http.post("/infer/cine_heart", params={"image": "cine", "output": output}).status_code == 200
        for content in (picture, b"words" * 99):
            http.post("/infer/cine_heart", files={"file": ("x.nii.gz", content)})
            http.put("/datastore/label", params={"image": "cine"}, files={"label": ("l.nii.gz", content)})
        http.delete(f"/session/{http.put('/session/', files={'files': ('x.nii', picture)}).json()['session_id']}")
        http.get("/datastore/dataset")
        http.get("/logs/")

    def held() -> tuple[int, int]:
        own = psutil.Process(server.process.pid)
        return sum(one.num_fds() for one in (own, *own.children(recursive=True))), len(files())

    def files() -> list[Path]:
        return [
            file for place in ("scratch", "sessions", "images", "labels") for file in (server.data / place).rglob("*")
        ]

    every_kind()
    before = held()
    for _ in range(4):
        every_kind()
    after = held()
    assert after[0] <= before[0] + 4  # connections to the database come and go
    assert after[1] == before[1]
    assert not list((folder / "tmp").iterdir())
    assert "Traceback" not in server.log
