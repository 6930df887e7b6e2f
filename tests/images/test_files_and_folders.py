"""Which files of a folder are cases, what they are called, and how outputs take their place."""

from pathlib import Path

import numpy as np
import pytest

from radloop.images import Cine, case_name, check_folder, find_images, replace_whole, write_label
from radloop.refusal import Refusal


@pytest.mark.parametrize(
    ("file", "case"),
    [
        ("ed.nii.gz", "ed"),
        ("ed.nii", "ed"),
        ("ED.NII.GZ", "ED"),
        ("cine.seq.nrrd", "cine"),
        ("cine.nrrd", "cine"),
        ("patient.1.nii.gz", "patient.1"),
        ("no-suffix", "no-suffix"),
    ],
)
def test_a_case_is_called_after_its_file(file: str, case: str) -> None:
    assert case_name(Path("/somewhere") / file) == case


def test_images_of_a_folder(tmp_path: Path) -> None:
    images = ["b/ed.nii.gz", "a/cine.seq.nrrd", "a/deep/er/x.nrrd", "es.nii", "UP.NII.GZ"]
    others = ["b/ed_gt.nii.gz", "a/cine_gt.seq.nrrd", "readme.txt", "x.nhdr", "x.gz", ".es.nii.gz", ".trash/es.nii.gz"]
    for name in images + others:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "folder.nii.gz").mkdir()
    assert find_images(tmp_path) == sorted(tmp_path / name for name in images)


def test_a_folder_without_images_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "ed_gt.nii.gz").touch()
    for folder, code in ((tmp_path, "NO_IMAGES"), (tmp_path / "nowhere", "NO_SUCH_FILE")):
        with pytest.raises(Refusal, match=folder.name) as refusal:
            find_images(folder)
        assert refusal.value.code == code


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "figures.json.gz"
    for content in ("first", "second"):
        with replace_whole(path) as temporary:
            assert temporary.parent == path.parent
            assert temporary.name.endswith(".json.gz")
            assert find_nothing_or(path, "first")
            temporary.write_text(content)
        assert path.read_text() == content
    assert list(path.parent.iterdir()) == [path]


def find_nothing_or(path: Path, content: str) -> bool:
    return not path.exists() or path.read_text() == content


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_fails_midway_leaves_the_old_file(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "figures.json"
    path.write_text("old")

    def fail_midway() -> None:
        with replace_whole(path) as temporary:
            temporary.write_text("half of the n")
            raise error

    with pytest.raises(error):
        fail_midway()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "file" / "label.nii.gz", tmp_path / "folder"):
        with pytest.raises(Refusal, match=path.name) as refusal, replace_whole(path) as temporary:
            temporary.write_text("labels")
        assert refusal.value.code == "CANNOT_WRITE"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_a_label_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    cine = Cine(np.zeros((16, 16, 2, 1), np.int16), np.eye(4))
    (tmp_path / "label.nii.gz").mkdir()
    with pytest.raises(Refusal):
        write_label(tmp_path / "label.nii.gz", np.zeros((16, 16, 2, 1), np.uint8), cine)
    assert [path.name for path in tmp_path.iterdir()] == ["label.nii.gz"]


def test_a_folder_that_cannot_be_made_is_refused_beforehand_and_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("dear friend")
    for place in (tmp_path / "letter", tmp_path / "letter" / "below"):
        with pytest.raises(Refusal, match="letter"):
            check_folder(place)
    check_folder(tmp_path)
    check_folder(tmp_path / "new" / "below")
    assert [p.name for p in tmp_path.iterdir()] == ["letter"]
