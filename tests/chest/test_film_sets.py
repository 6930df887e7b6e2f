"""Sets of labelled films in three layouts, their splits, and copies within them."""

import csv
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from radloop.chest.film_set import LabelledFilm, read_set
from radloop.chest.likeness import SIDE, copies, fingerprints
from radloop.chest.split import split
from radloop.refusal import Refusal


def film(seed=0, rows=40, columns=36):
    return np.random.default_rng(seed).integers(0, 255, (rows, columns)).astype(np.uint8)


def put(path, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(film(seed)).save(path)
    return path


def index(folder, rows, columns=("file", "label", "patient")):
    with (folder / "index.csv").open("w", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return folder


def test_an_index(tmp_path):
    put(tmp_path / "films" / "a.png"), put(tmp_path / "films" / "b.png", 1)
    index(tmp_path, [("films/a.png", "sick", "p1"), ("films/b.png", "normal", "p2")])
    found = read_set(tmp_path)
    assert found.classes == ("normal", "sick")  # what is looked for comes second
    assert [(one.name, one.label, one.patient, one.part) for one in found.films] == [
        ("films/a.png", "sick", "p1", None),
        ("films/b.png", "normal", "p2", None),
    ]
    np.testing.assert_array_equal(found.films[1].read().pixels.T, film(1))
    assert (found.knows_patients, found.has_parts) == (True, False)


@pytest.mark.parametrize("parts", [(), ("train", "val", "test"), ("training", "Validation")])
def test_class_folders(parts, tmp_path):
    for part in parts or ("",):
        for n, name in enumerate(("PNEUMONIA", "NORMAL")):
            put(tmp_path / "unpacked" / part / name / "1.jpeg", n)
    put(tmp_path / "unpacked" / "__MACOSX" / "x" / "1.png")
    found = read_set(tmp_path)
    assert found.classes == ("NORMAL", "PNEUMONIA")
    assert len(found.films) == 2 * max(1, len(parts))
    there = {(): {None}, ("train", "val", "test"): {"train", "val", "test"}}.get(parts, {"train", "val"})
    assert {one.part for one in found.films} == there
    assert not found.knows_patients


def test_an_archive_of_arrays(tmp_path):
    arrays = {
        f"{part}_{what}": value
        for part in ("train", "val")
        for what, value in (("images", np.stack([film(n) for n in range(3)])), ("labels", np.array([[0], [1], [1]])))
    }
    np.savez(tmp_path / "set.npz", **arrays)
    named = read_set(tmp_path / "set.npz", ["normal", "pneumonia"])
    assert [one.label for one in named.films[:3]] == ["normal", "pneumonia", "pneumonia"]
    assert {one.part for one in named.films} == {"train", "val"}
    np.testing.assert_array_equal(named.films[1].read().pixels.T, film(1))
    assert read_set(tmp_path / "set.npz").classes == ("0", "1")


def test_names_of_classes_match_without_capitals(tmp_path):
    for n, name in enumerate(("Normal", "PNEUMONIA")):
        put(tmp_path / name / "1.png", n)
    found = read_set(tmp_path, ["normal", "pneumonia"])
    assert {one.label for one in found.films} == {"normal", "pneumonia"}
    with pytest.raises(Refusal, match="'Normal'"):
        read_set(tmp_path, ["fracture", "pneumonia"])


def bad_sets(folder):
    put(folder / "one" / "only" / "1.png")
    index(folder / "one", [("only/1.png", "sick", "p")] * 2)
    put(folder / "missing" / "1.png")
    index(folder / "missing", [("1.png", "sick", "p"), ("2.png", "normal", "q"), ("3.png", "normal", "q")])
    index(put(folder / "columns" / "1.png").parent, [("1.png", "x")], columns=("file", "finding"))
    index(put(folder / "unlabelled" / "1.png").parent, [("1.png", "", "")])
    index(put(folder / "part" / "1.png").parent, [("1.png", "a", "b")], columns=("file", "label", "part"))
    put(folder / "emptyclass" / "normal" / "1.png")
    (folder / "emptyclass" / "sick").mkdir()
    (folder / "nothing").mkdir()
    put(folder / "formula" / "$import os" / "1.png"), put(folder / "formula" / "b" / "1.png")
    (folder / "torn.npz").write_bytes(b"PK\x03\x04 torn")
    np.savez(folder / "other.npz", pictures=np.zeros(3))
    np.savez(folder / "many.npz", train_images=np.zeros((2, 30, 30)), train_labels=np.zeros((2, 3), int))
    np.savez(folder / "pickled.npz", train_images=np.array([{}]), train_labels=np.zeros((1, 1), int))
    (folder / "notes.txt").write_text("x")


BAD = {
    "one": "ONE_CLASS", "missing": "NO_SUCH_FILE", "columns": "BAD_INDEX", "unlabelled": "BAD_INDEX",
    "part": "BAD_INDEX",
    "emptyclass": "NO_FILMS", "nothing": "NO_FILMS", "formula": "BAD_CLASS", "torn.npz": "BAD_ARCHIVE",
    "other.npz": "BAD_ARCHIVE", "many.npz": "BAD_ARCHIVE", "pickled.npz": "BAD_ARCHIVE", "notes.txt": "NO_FILMS",
    "absent": "NO_SUCH_FILE",
}  # fmt: skip


@pytest.mark.parametrize(("name", "code"), BAD.items())
def test_what_is_no_set_is_refused_in_a_sentence_that_names_it(name, code, tmp_path):
    bad_sets(tmp_path)
    with pytest.raises(Refusal) as refused:
        read_set(tmp_path / name)
    assert (refused.value.code, name in refused.value.sentence) == (code, True)


def films_of(patients, labels, parts=None):
    parts = parts or [None] * len(labels)
    content = np.zeros((30, 30), np.uint8)
    return [
        LabelledFilm(f"{n}", label, content, patient, part)
        for n, (patient, label, part) in enumerate(zip(patients, labels, parts, strict=True))
    ]


@given(st.lists(st.integers(0, 30), min_size=40, max_size=120), st.integers(0, 2**32 - 1))
def test_no_patient_is_ever_on_both_sides(drawn, seed):
    # Nine patients of each class beside those that are drawn, so that every part can be had.
    sure = [(f"{name}{n}", name) for name in "ab" for n in range(9)]
    labels = np.random.default_rng(seed).choice(["a", "b"], len(drawn))
    people = [*((f"p{n}", str(label)) for n, label in zip(drawn, labels, strict=True)), *sure]
    films = films_of([patient for patient, _ in people], [label for _, label in people])
    found = split(films, [(0, 20), (3, 33)])
    parts = defaultdict(set)
    for one, part in zip(films, found.parts, strict=True):
        parts[one.patient].add(part)
    assert all(len(of) == 1 for of in parts.values())
    assert found.parts[0] == found.parts[20]
    assert found.parts[3] == found.parts[33]
    assert not found.left_out
    for name in "ab":
        assert {"train", "val"} <= {part for one, part in zip(films, found.parts, strict=True) if one.label == name}


def test_the_same_films_are_dealt_the_same_way_and_about_seven_in_ten_are_trained_on():
    films = films_of([f"p{n}" for n in range(400)], ["a", "b", "b", "b"] * 100)
    found = split(films, [])
    assert found.parts == split(films, []).parts
    for name, count in (("a", 100), ("b", 300)):
        of = [part for one, part in zip(films, found.parts, strict=True) if one.label == name]
        assert [of.count(part) / count for part in ("train", "val", "test")] == pytest.approx(
            [0.7, 0.15, 0.15], abs=0.01
        )


def test_where_a_set_tears_a_patient_apart_training_goes_without():
    parts = ["train", "train", "val", "test", "train", "val", "train", "val"]
    films = films_of(["p", "q", "p", "q", "r", "s", "t", "u"], list("abababab"), parts)
    found = split([*films, *films_of(["v", "w"], ["a", "b"], ["train", "train"])], [(6, 7)])
    assert found.parts == (None, None, "val", "test", "train", "val", None, "val", "train", "train")
    assert set(found.left_out) == {0, 1, 6}


def test_copies_are_found_and_others_are_not():
    random = np.random.default_rng(0)
    smooth = [np.asarray(Image.fromarray(film(n, 12, 12)).resize((SIDE, SIDE)), np.float32) for n in range(30)]
    again = [0.8 * smooth[4] + 20, smooth[9] + random.normal(0, 2, (SIDE, SIDE)).astype(np.float32)]
    assert copies(fingerprints([*smooth, *again])) == [(4, 30), (9, 31)]
    assert copies(fingerprints([np.zeros((SIDE, SIDE), np.float32)] * 3)) == []
