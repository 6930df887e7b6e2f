"""Backups made while the store is in use, the way back, and plain folders in and out."""

import csv
import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from radloop.refusal import Refusal
from radloop.store import Store
from radloop.store.check import set_database_aside
from radloop.store.copies import backup, export, restore
from radloop.store.imports import import_acdc, import_monailabel

Open = Callable[..., Store]
LabelFile = Callable[..., Path]


def test_a_backup_made_while_labels_arrive_is_whole(
    studies: Path, opened: Open, label_file: LabelFile, tmp_path: Path
) -> None:
    store = opened(studies)
    store.add_image("up", label_file(b"upload"))
    before = [store.add_label("heart", label_file(b"early"), author="anna", info={"n": n}) for n in range(5)]
    stop = threading.Event()
    file = label_file(b"late")

    def submit() -> None:
        while not stop.is_set():
            store.add_label("heart", file, author="ben", info={})

    submitting = threading.Thread(target=submit)
    submitting.start()
    try:
        assert backup(store, tmp_path / "backups" / "monday") == []
    finally:
        stop.set()
        submitting.join()

    restore(tmp_path / "backups" / "monday", tmp_path / "restored")
    back = opened(studies, "restored")
    assert back.check() == []
    assert {label.id for label in before} <= {label.id for label in back.labels("heart")}
    assert back.image("up").path.read_bytes() == b"upload"
    assert all(label.path.is_relative_to(tmp_path / "restored") for label in back.labels("heart"))
    there = back.labels("heart")
    back.close()
    set_database_aside(tmp_path / "restored")
    assert opened(studies, "restored").labels("heart") == there


def test_a_backup_tells_of_files_that_are_no_longer_whole(
    studies: Path, opened: Open, label_file: LabelFile, tmp_path: Path
) -> None:
    store = opened(studies)
    damaged = store.add_label("heart", label_file(), author="anna", info={})
    damaged.path.write_bytes(b"?")
    assert backup(store, tmp_path / "to") == [f"labels/heart/{damaged.id}.nii.gz"]


def test_nothing_is_written_into_a_folder_that_holds_something(
    studies: Path, opened: Open, label_file: LabelFile, tmp_path: Path
) -> None:
    store = opened(studies)
    for call in (
        lambda: backup(store, studies),
        lambda: export(store, studies),
        lambda: restore(tmp_path / "good", tmp_path / "data"),
    ):
        if not (tmp_path / "good").exists():
            backup(store, tmp_path / "good")
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(Refusal) as refused:
            call()
        assert refused.value.code == "NOT_EMPTY"
        assert sorted(tmp_path.rglob("*")) == before
    with pytest.raises(Refusal) as refused:
        restore(studies, tmp_path / "new")
    assert refused.value.code == "NO_BACKUP"


def test_an_export_is_a_studies_folder_and_comes_back_in(
    studies: Path, opened: Open, label_file: LabelFile, tmp_path: Path
) -> None:
    store = opened(studies)
    store.set_image_info("heart", {"modality": "MR"})
    store.add_label("heart", label_file(b"old"), author="anna", info={"reviewed": {"1": [2]}})
    newest = store.add_label("heart", label_file(b"new"), author="anna", info={"reviewed": {"1": "all"}})
    store.add_label("chest", label_file(b"draft"), tag="original", author=None, info={})
    plain = tmp_path / "plain"
    assert export(store, plain) == 3
    assert (plain / "heart.nii.gz").read_bytes() == b"heart"
    assert (plain / "patient001__ed.nii.gz").read_bytes() == b"ed"
    assert (plain / "labels" / "final" / "heart.nii.gz").read_bytes() == b"new"
    assert len(list((plain / "history" / "heart").iterdir())) == 2
    with (plain / "labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["author"] for row in rows] == ["anna", "anna", ""]
    assert json.loads(rows[1]["info"]) == newest.info

    other = opened(None, "other")
    done = import_monailabel(other, plain)
    assert (done.images, done.labels, done.refused) == (3, 2, [])
    assert other.summary() == store.summary()
    assert other.label("heart").info["reviewed"] == {"1": "all"}
    assert other.image_info("heart")["modality"] == "MR"
    again = import_monailabel(other, plain)
    assert (again.images, again.labels, again.there_already) == (0, 0, 5)


def test_monai_label_itself_reads_an_export_and_is_read(
    studies: Path, opened: Open, label_file: LabelFile, tmp_path: Path
) -> None:
    from monailabel.datastore.local import LocalDatastore

    store = opened(studies)
    store.add_label("heart", label_file(b"final"), author="anna", info={})
    export(store, tmp_path / "plain")
    theirs = LocalDatastore(str(tmp_path / "plain"), extensions=("*.nii.gz", "*.nii", "*.nrrd"))
    assert theirs.status() == store.summary()
    assert theirs.json()["objects"].keys() == store.listing()["objects"].keys()
    assert Path(theirs.get_label_uri("heart", "final")).read_bytes() == b"final"

    theirs.save_label("chest", str(label_file(b"theirs")), "final", {"client_id": "cecile"})
    ours = opened(None, "ours")
    assert import_monailabel(ours, tmp_path / "plain").labels == 2
    assert ours.label("chest").info["client_id"] == "cecile"
    assert ours.label("chest").info["assumed_reviewed"] is True
    assert ours.summary() == theirs.status()


def test_a_torn_index_of_monai_label_s_does_not_stop_the_import(tmp_path: Path, opened: Open) -> None:
    folder = tmp_path / "torn"
    (folder / "labels" / "final").mkdir(parents=True)
    (folder / "datastore_v2.json").write_bytes(b"")
    (folder / "a.nii.gz").write_bytes(b"a")
    (folder / "labels" / "final" / "a.nii.gz").write_bytes(b"label of a")
    store = opened()
    assert import_monailabel(store, folder).labels == 1
    assert store.label("a").path.read_bytes() == b"label of a"


def test_a_folder_laid_out_like_acdc(tmp_path: Path, opened: Open) -> None:
    patient = tmp_path / "acdc" / "patient001"
    patient.mkdir(parents=True)
    for name in ("ed", "ed_gt", "es", "es_gt", "cine", "cine_ed_gt"):
        (patient / f"{name}.nii.gz").write_bytes(name.encode())
    (patient / "info.json").write_text('{"group": "DCM", "ed_frame": 1}')
    store = opened()
    done = import_acdc(store, tmp_path / "acdc")
    assert (done.images, done.labels, done.refused) == (3, 2, [])
    assert [image.id for image in store.images()] == ["patient001__cine", "patient001__ed", "patient001__es"]
    assert store.label("patient001__es").path.read_bytes() == b"es_gt"
    assert store.image_info("patient001__cine")["group"] == "DCM"

    watching = opened(tmp_path / "acdc", "watching")
    done = import_acdc(watching, tmp_path / "acdc")  # images are there already: only the labels come
    assert (done.images, done.labels, done.there_already) == (0, 2, 3)
