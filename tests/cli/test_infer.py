"""``radloop infer`` as a process: what it writes, prints and refuses."""

import csv
import json
import shutil

import nibabel
import numpy as np
import pytest
from PIL import Image

from radloop import places

FILES = {"label.nii.gz", "measurements.json", "overview.png", "volumes.png"}


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """A sample heart of five frames, on an oblique left-handed grid."""
    source = nibabel.load(places.sample_data() / "normal.nii.gz")
    turn = np.diag([-1.0, 1, 1, 1]) @ [[0.8, 0, 0.6, 5], [0, 1, 0, -7], [-0.6, 0, 0.8, 11], [0, 0, 0, 1]]
    path = tmp_path_factory.mktemp("cines") / "short.nii.gz"
    picture = nibabel.Nifti1Image(np.asarray(source.dataobj)[..., ::5], turn @ source.affine)
    nibabel.save(picture, path)
    return path


@pytest.fixture(scope="module")
def result(short, radloop, tmp_path_factory):
    folder = tmp_path_factory.mktemp("result")
    return folder, radloop("infer", "cine_heart", short, "-o", folder)


def test_the_label_lies_on_the_grid_of_the_image(short, result):
    folder, _ = result
    image, label = nibabel.load(short), nibabel.load(folder / "label.nii.gz")
    assert label.shape == image.shape
    np.testing.assert_allclose(label.affine, image.affine, atol=1e-5)
    assert set(np.unique(np.asarray(label.dataobj))) == {0, 1, 2, 3}


def test_measurements_follow_from_the_label(short, result):
    folder, done = result
    measured = json.loads((folder / "measurements.json").read_text())
    label = nibabel.load(folder / "label.nii.gz")
    ml = np.prod(label.header.get_zooms()[:3]) / 1000
    lv = (np.asarray(label.dataobj) == 3).sum(axis=(0, 1, 2)) * ml
    assert measured["image"] == "short"
    assert measured["lv_edv_ml"] == pytest.approx(lv.max(), rel=1e-4)
    assert measured["lv_ef"] == pytest.approx(100 * (lv.max() - lv.min()) / lv.max(), abs=0.01)
    assert measured["ed_frame"] == lv.argmax() + 1
    assert measured["curves"]["lv_ml"] == pytest.approx(lv.tolist(), rel=1e-4)
    assert measured["research_use_only"] is True
    assert f"{measured['lv_ef']:.1f}" in done.stdout
    assert "Research use only" in done.stdout


def test_the_pictures_are_pictures(result):
    folder, _ = result
    assert {p.name for p in folder.iterdir()} == FILES
    for name in ("overview.png", "volumes.png"):
        assert Image.open(folder / name).size > (300, 200)


def test_json_is_one_object_and_the_file_is_the_same_whatever_an_earlier_run_left(short, radloop, tmp_path):
    for name in ("measurements.json", "seg.dcm", "sr.dcm"):
        (tmp_path / name).write_text("of another patient")
    done = radloop("infer", "cine_heart", short, "-o", tmp_path, "--json")
    assert json.loads(done.stdout) == json.loads((tmp_path / "measurements.json").read_text())
    assert done.stderr == ""
    assert {p.name for p in tmp_path.iterdir()} == FILES


def test_a_volume_in_three_dimensions_comes_back_in_three(short, radloop, tmp_path):
    still = tmp_path / "still.nii.gz"
    nibabel.save(nibabel.load(short).slicer[..., 0], still)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("somebody's own")
    done = radloop("infer", "cine_heart", still, "-o", tmp_path / "out")
    assert "label.nii.gz" in done.stdout
    assert "notes.txt" not in done.stdout
    assert nibabel.load(tmp_path / "out" / "label.nii.gz").ndim == 3
    measured = json.loads((tmp_path / "out" / "measurements.json").read_text())
    assert measured["lv_ef"] is None
    assert "ONE_FRAME" in {w["code"] for w in measured["warnings"]}


def test_a_folder_gives_a_subfolder_a_case_one_table_and_names_what_failed(short, radloop, tmp_path):
    cases = tmp_path / "cases"
    (cases / "ward").mkdir(parents=True)
    shutil.copy(short, cases / "a.nii.gz")
    shutil.copy(short, cases / "ward" / "b.nii.gz")
    shutil.copy(short, cases / "a_gt.nii.gz")
    (cases / "torn.nii.gz").write_bytes(short.read_bytes()[:5000])
    (cases / "notes.txt").write_text("not an image")
    out = tmp_path / "out"
    done = radloop("infer", "cine_heart", cases, "-o", out, check=False)
    assert done.returncode == 2
    assert {p.name for p in (out / "a").iterdir()} == {p.name for p in (out / "ward" / "b").iterdir()} == FILES
    assert not (out / "torn").exists()
    rows = list(csv.DictReader((out / "measurements.csv").open()))
    assert [(r["folder"], r["image"]) for r in rows] == [("a", "a"), ("ward/b", "b")]
    assert float(rows[0]["lv_ef"]) == json.loads((out / "a" / "measurements.json").read_text())["lv_ef"]
    assert "torn.nii.gz" in done.stderr
    assert "2 analysed, 1 failed" in done.stdout


def test_cases_of_one_name_keep_apart_and_earlier_results_are_no_cases(short, radloop, tmp_path):
    cases = tmp_path / "cases"
    cases.mkdir()
    shutil.copy(short, cases / "a.nii.gz")
    nibabel.save(nibabel.load(short).slicer[..., :2], cases / "a.nii")
    for _ in range(2):
        done = radloop("infer", "cine_heart", cases, "-o", cases / "results", "--json")
        answer = json.loads(done.stdout)
        assert answer["folders"] == ["a.nii", "a.nii.gz"]
        assert [case["n_frames"] for case in answer["cases"]] == [2, 4]
        for folder, case in zip(answer["folders"], answer["cases"], strict=True):
            assert json.loads((cases / "results" / folder / "measurements.json").read_text()) == case


@pytest.mark.parametrize("name", ["absent.nii.gz", "empty.nii.gz", "text.nii.gz", "small.nii.gz", "folder"])
def test_what_cannot_be_used_is_refused_in_one_line_and_nothing_is_written(name, short, radloop, tmp_path):
    path = tmp_path / name
    match name:
        case "empty.nii.gz":
            path.touch()
        case "text.nii.gz":
            path.write_text("no image at all")
        case "small.nii.gz":
            nibabel.save(nibabel.load(short).slicer[:10, :10], path)
        case "folder":
            path.mkdir()
    done = radloop("infer", "cine_heart", path, "-o", tmp_path / "out", check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert name in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "out").exists()


def test_a_model_that_does_not_exist_is_refused_naming_those_that_do(short, radloop, tmp_path):
    done = radloop("infer", "brain", short, "-o", tmp_path / "out", check=False)
    assert done.returncode == 2
    assert "brain" in done.stderr
    assert "cine_heart" in done.stderr


def test_wrong_usage_is_one_line_and_exit_2(radloop):
    done = radloop("infer", check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_without_a_place_for_results_it_says_so(short, radloop):
    done = radloop("infer", "cine_heart", short, check=False)
    assert done.returncode == 2
    assert "--output" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_results_cannot_go_where_a_file_is(short, radloop, tmp_path):
    (tmp_path / "out").write_text("a letter")
    for place in ("out", "out/below"):
        done = radloop("infer", "cine_heart", short, "-o", tmp_path / place, check=False)
        assert done.returncode == 2
        assert str(tmp_path / "out") in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert (tmp_path / "out").read_text() == "a letter"
