"""Why a study cannot be analysed stands in the panel, in one sentence that names the object at fault."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faulty_studies import FOREIGN, SAYS, study_uids, write_faulty


@pytest.fixture
def studies(tmp_path: Path) -> Path:
    """A folder a study, each with one fault; and a sound one beside files that are none of it."""
    folder = tmp_path / "studies"
    write_faulty(folder)
    (folder / "sound" / "notes.txt").write_text("no DICOM")
    np.save(folder / "sound" / "voxels.npy", np.zeros(3))
    return folder


def test_why_it_cannot_be_analysed_reaches_the_person(
    studies: Path, serve: Callable[..., Any], visit: Callable[..., Any], pictures: Path
) -> None:
    server = serve(studies)
    seen = visit(server, pictures, study_uids(studies))
    for name, sentence in SAYS.items():
        series = ".*?" if name in FOREIGN else "SAX cine "
        assert seen[name]["problem"] == "This study has no short-axis cine that can be analysed.", name
        assert re.match(series + sentence, seen[name]["others"]), (name, seen[name])
        assert "ef" not in seen[name]
    assert "Skipped 2 files that are no DICOM: notes.txt, voxels.npy." in seen["sound"]["warnings"]
    assert seen["sound"]["ef"] > 0
