"""The app under MONAI Label's own server answers as ``radloop serve`` does."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from radloop.images import read_label

REQUESTS: list[tuple[str, dict[str, Any]]] = [
    ("cine", {}),
    ("cine", {"frame": 3}),
    ("cine", {"result_extension": ".nrrd", "result_dtype": "uint8", "result_compress": False}),
    ("cine2", {"result_extension": ".nii.gz"}),
    ("still", {}),
]


def test_the_same_voxels_and_values(server: Any, stock_serve: Callable[..., Any], tmp_path: Path) -> None:
    studies = tmp_path / "studies"
    studies.mkdir()
    for name in ("cine", "cine2", "still"):
        shutil.copy(server.studies / f"{name}.nii.gz", studies)
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    theirs.mkdir()
    with stock_serve(studies, tmp_path) as stock:
        for image, params in REQUESTS:
            our_file, our_answer = server.client(ours).infer("cine_heart", image, dict(params))
            their_file, their_answer = stock.client(theirs).infer("cine_heart", image, dict(params))
            assert our_answer == their_answer
            assert Path(our_file).name == Path(their_file).name
            np.testing.assert_array_equal(read_label(Path(our_file)), read_label(Path(their_file)))
        model = stock.client(theirs).info()["models"]["cine_heart"]
        assert model == server.client(ours).info()["models"]["cine_heart"]
        assert stock.client(theirs).next_sample("first", {})["id"] == "cine"
