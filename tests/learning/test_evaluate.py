"""``radloop evaluate`` on patients made by the phantom, laid out like ACDC's development part."""

import json
import shutil

import nibabel
import numpy as np
import pytest

from radloop.synthesis import make_phantom


@pytest.fixture(scope="module")
def patients(tmp_path_factory):
    """patient901 is unseen; patient003 has the name of one that the model was trained on."""
    folder = tmp_path_factory.mktemp("patients")
    phantom = make_phantom(901, frames=8, matrix=(96, 88), spacing_mm=(2.4, 14))
    volume = (phantom.label == 3).sum(axis=(0, 1, 2))
    frames = {"ed": int(volume.argmax()), "es": int(volume.argmin())}
    patient = folder / "patient901"
    patient.mkdir()

    def save(name, voxels):
        nibabel.save(nibabel.Nifti1Image(np.asarray(voxels), phantom.cine.affine), patient / f"{name}.nii.gz")

    for phase, t in frames.items():
        save(phase, phantom.cine.voxels[..., t])
        save(f"{phase}_gt", phantom.label[..., t])
        save(f"cine_{phase}_gt", phantom.label[..., t])
    save("cine", phantom.cine.voxels)
    info = {"group": "NOR", "full_matrix": phantom.cine.voxels.shape[:3]}
    info |= {f"{phase}_frame": t + 1 for phase, t in frames.items()}
    (patient / "info.json").write_text(json.dumps(info))
    shutil.copytree(patient, folder / "patient003")
    return folder


@pytest.fixture(scope="module")
def scores(patients, radloop):
    return json.loads(radloop("evaluate", "cine_heart", patients, "--json").stdout)


def test_patients_trained_on_are_marked_and_left_out_of_the_means(scores):
    assert {c["patient"]: (c["part"], c["counted"]) for c in scores["cases"]} == {
        "patient003": ("train", False),
        "patient901": ("unseen", True),
    }
    assert scores["summary"]["patients"] == 1


def test_scores_are_those_of_the_one_patient_counted(scores):
    case = next(c for c in scores["cases"] if c["counted"])
    summary = scores["summary"]
    values = [case["dice"][p][k] for p in ("ed", "es") for k in ("lv", "myo", "rv")]
    assert summary["mean_dice"] == pytest.approx(np.mean(values), abs=1e-4)
    assert summary["uncut"]["patients"] == 1
    assert summary["lv_ef_mean_absolute_error"] == pytest.approx(abs(case["lv_ef_error"]), abs=1e-4)
    assert summary["cine"]["ed_frame_error"] == case["ed_frame_error"] <= 2
    assert summary["mean_dice"] > 0.7


def test_a_part_that_is_named_is_counted(patients, radloop):
    done = radloop("evaluate", "cine_heart", patients, "--part", "train", "--json")
    scores = json.loads(done.stdout)
    assert [(c["patient"], c["counted"]) for c in scores["cases"]] == [("patient003", True)]


@pytest.fixture(scope="module")
def ward(patients, tmp_path_factory):
    """Patients as they come: without a cine, without info.json, of another disease; and two that cannot be scored."""
    folder = tmp_path_factory.mktemp("ward")

    def admit(name, leave_out=(), **info):
        shutil.copytree(patients / "patient901", folder / name)
        for file in leave_out:
            (folder / name / file).unlink()
        known = json.loads((patients / "patient901" / "info.json").read_text())
        if "info.json" not in leave_out:
            (folder / name / "info.json").write_text(json.dumps(known | info))

    cine = ("cine.nii.gz", "cine_ed_gt.nii.gz", "cine_es_gt.nii.gz")
    admit("patient101", leave_out=(*cine, "info.json"))
    admit("patient102", leave_out=("cine_es_gt.nii.gz",), group="MYOCARDITIS", full_matrix=[256, 256, 10])
    admit("patient103", ed_frame=99)
    admit("patient104", leave_out=cine)
    (folder / "patient104" / "es.nii.gz").write_bytes(b"torn")
    return folder


def test_patients_are_scored_on_what_they_have_and_the_others_are_named(ward, radloop):
    done = radloop("evaluate", "cine_heart", ward, "--json", check=False)
    scores = json.loads(done.stdout)
    assert done.returncode == 2
    assert [(f["patient"], f["code"]) for f in scores["failed"]] == [
        ("patient103", "BAD_INFO"),
        ("patient104", "NOT_AN_IMAGE"),
    ]
    refused = [line for line in done.stderr.splitlines() if "%" not in line]
    assert [("patient103" in refused[0], "patient104" in refused[1])] == [(True, True)]
    without, half = scores["cases"]
    assert (without["patient"], half["patient"]) == ("patient101", "patient102")
    assert without["dice"] == half["dice"]
    assert without["uncut"]  # nothing says that it was cut
    assert not half["uncut"]
    assert without["cine_dice"] == {}
    assert set(half["cine_dice"]) == {"ed"}
    assert half["es_frame_error"] is not None
    summary = scores["summary"]
    assert (summary["patients"], summary["uncut"]["patients"], summary["cine"]["patients"]) == (2, 1, 1)
    assert summary["diagnosis"]["of"] == 0
    assert summary["cine"]["dice"]["es"]["lv"] is None


def test_the_table_names_every_case_and_shows_a_dash_for_what_is_not_known(ward, radloop):
    shutil.move(ward / "patient102", ward / "patient003")
    done = radloop("evaluate", "cine_heart", ward, check=False)
    shutil.move(ward / "patient003", ward / "patient102")
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if line.startswith("patient")}
    assert {"patient101", "patient003"} <= set(rows)
    assert {name for name, row in rows.items() if "trained on: not counted" in row} == {"patient003"}
    assert "mean Dice" in done.stdout
    assert "None" not in done.stdout
    assert "traceback" not in done.stderr.lower()


def test_a_part_that_nobody_is_in_is_refused(ward, radloop):
    done = radloop("evaluate", "cine_heart", ward, "--part", "val", check=False)
    assert done.returncode == 2
    assert "val" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_folder_without_patients_is_refused_in_one_line(tmp_path, radloop):
    done = radloop("evaluate", "cine_heart", tmp_path, check=False)
    assert done.returncode == 2
    assert str(tmp_path) in done.stderr
    assert len(done.stderr.splitlines()) == 1
