"""``radloop store`` as a process: what people do with what is kept, from the terminal."""

import json
import shutil

import nibabel
import numpy as np
import pytest

from radloop.store import Store


@pytest.fixture(scope="module")
def acdc(tmp_path_factory):
    """Two patients with a label each, and one without."""
    folder = tmp_path_factory.mktemp("acdc")
    rng = np.random.default_rng(0)
    for patient in ("patient001", "patient002", "patient003"):
        (folder / patient).mkdir()
        picture = nibabel.Nifti1Image(rng.integers(0, 900, (16, 16, 3)).astype(np.int16), np.diag([1.5, 1.5, 8, 1]))
        nibabel.save(picture, folder / patient / "ed.nii.gz")
        label = nibabel.Nifti1Image(rng.integers(0, 4, (16, 16, 3)).astype(np.uint8), picture.affine)
        if patient != "patient003":
            nibabel.save(label, folder / patient / "ed_gt.nii.gz")
    return folder


@pytest.fixture
def data(acdc, radloop, tmp_path):
    done = radloop("store", "import", acdc, "--data", tmp_path / "data")
    assert "3 images and 2 labels imported, 0 were there already" in done.stdout
    return tmp_path / "data"


def labels(data):
    with Store(data) as store:
        return {image.id: label.sha256 for image, label in store.labelled()}


def test_importing_again_adds_nothing(acdc, data, radloop):
    before = labels(data)
    assert before.keys() == {"patient001__ed", "patient002__ed"}
    assert "0 images and 0 labels imported, 5 were" in radloop("store", "import", acdc, "--data", data).stdout
    assert labels(data) == before


def test_a_damaged_label_is_found_and_the_backup_has_it(data, radloop, tmp_path):
    before = labels(data)
    assert "everything is as it should be" in radloop("store", "check", "--data", data).stdout
    radloop("store", "backup", tmp_path / "backup", "--data", data)
    [damaged] = (data / "labels" / "patient001__ed").iterdir()
    damaged.write_bytes(damaged.read_bytes()[:-9])
    done = radloop("store", "check", "--data", data, "--json", check=False)
    assert done.returncode == 2
    [finding] = json.loads(done.stdout)["findings"]
    assert (finding["fault"], finding["what"]) == ("DAMAGED", damaged.relative_to(data).as_posix())

    radloop("store", "restore", tmp_path / "backup", "--data", tmp_path / "again")
    assert labels(tmp_path / "again") == before


def test_a_spoilt_database_is_made_anew(data, radloop):
    before = labels(data)
    for file in data.glob("store.sqlite*"):
        file.write_bytes(b"no database" * 500)
    done = radloop("store", "check", "--data", data, check=False)
    assert done.returncode == 2
    assert "radloop store rebuild" in done.stderr
    assert "3 images, 2 with a final label" in radloop("store", "rebuild", "--data", data).stdout
    assert labels(data) == before


def test_a_database_is_made_anew_where_nothing_was_labelled_yet(radloop, tmp_path):
    radloop("token", "create", "ada", "--role", "admin", "--data", tmp_path)
    assert "0 images" in radloop("store", "rebuild", "--data", tmp_path).stdout
    assert "ada" in radloop("token", "list", "--data", tmp_path).stdout


def test_what_cannot_be_a_data_folder_is_named(radloop, tmp_path):
    (tmp_path / "file").touch()
    for command in (["token", "create", "ada", "--role", "admin"], ["serve", "--port", "0"]):
        done = radloop(*command, "--data", tmp_path / "file" / "data", check=False)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert str(tmp_path / "file") in done.stderr


def test_repair_sets_odd_files_aside(data, radloop):
    odd = data / "labels" / "patient001__ed" / "odd.nii.gz"
    odd.write_bytes(b"x")
    assert radloop("store", "check", "--data", data, check=False).returncode == 2
    assert "(repaired)" in radloop("store", "check", "--repair", "--data", data).stdout
    assert not odd.exists()
    assert (data / "set-aside").is_dir()


def test_what_is_exported_can_be_imported(data, radloop, tmp_path):
    assert "3 images exported" in radloop("store", "export", tmp_path / "plain", "--data", data).stdout
    assert (tmp_path / "plain" / "labels" / "final" / "patient002__ed.nii.gz").is_file()
    radloop("store", "import", tmp_path / "plain", "--data", tmp_path / "other")
    assert labels(tmp_path / "other") == labels(data)


@pytest.mark.parametrize("command", ["check", "rebuild"])
def test_a_mistyped_folder_is_no_new_store(radloop, tmp_path, command):
    done = radloop("store", command, "--data", tmp_path / "nothing", check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "holds no store" in done.stderr
    assert not (tmp_path / "nothing").exists()


def test_nothing_is_overwritten(data, radloop, tmp_path):
    shutil.copytree(data, tmp_path / "used")
    for command in (("backup", tmp_path / "used", "--data", data), ("restore", data, "--data", tmp_path / "used")):
        done = radloop("store", *command, check=False)
        assert done.returncode == 2
        assert "new or empty" in done.stderr
