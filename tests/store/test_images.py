"""Which images there are, how they are called, and that they come and go with their files."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radloop.refusal import Refusal
from radloop.store import Store, image_id_of
from radloop.store.names import is_image_id

Open = Callable[..., Store]


def ids(store: Store) -> list[str]:
    return [image.id for image in store.images()]


def test_images_of_a_folder_have_their_plain_names_and_labels_are_no_images(studies: Path, opened: Open) -> None:
    store = opened(studies)
    assert ids(store) == ["chest", "heart", "patient001__ed"]
    assert store.image("heart").path == studies / "heart.nii.gz"
    assert store.image("chest").suffix == ".nrrd"


@pytest.mark.parametrize(
    ("name", "image_id"),
    [
        ("heart.nii.gz", "heart"),
        ("heart.NII", "heart"),
        ("beat.seq.nrrd", "beat"),
        ("v1.2.nrrd", "v1.2"),
        ("acdc/patient001/cine.nii.gz", "acdc__patient001__cine"),
    ],
)
def test_ids(name: str, image_id: str) -> None:
    assert image_id_of(name) == image_id


@given(st.lists(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1), min_size=1))
def test_every_name_gives_an_id_that_is_allowed_and_always_the_same(parts: list[str]) -> None:
    name = "/".join(parts) + ".nii.gz"
    assert is_image_id(image_id_of(name))
    assert image_id_of(name) == image_id_of(name)


def test_names_that_no_id_can_have_stay_apart(tmp_path: Path, opened: Open) -> None:
    for name in ("Müller, Anna.nii.gz", "Müller; Anna.nii.gz"):
        (tmp_path / name).write_bytes(b"x")
    found = ids(opened(tmp_path))
    assert len(set(found)) == 2
    assert all(one.startswith("M-ller-Anna-") for one in found)


def test_an_id_given_away_stays_with_its_file(tmp_path: Path, opened: Open) -> None:
    studies = tmp_path / "studies"
    (studies / "p").mkdir(parents=True)
    (studies / "p" / "ed.nii").write_bytes(b"first")
    store = opened(studies)
    (studies / "p__ed.nii").write_bytes(b"second")
    store.scan()
    assert store.image("p__ed").path.read_bytes() == b"first"
    assert len(ids(store)) == 2
    again = opened(studies)
    assert [image.path for image in again.images()] == [image.path for image in store.images()]


def test_an_image_dropped_in_appears_and_one_taken_away_goes(studies: Path, opened: Open, wait_for: Callable) -> None:
    store = opened(studies)
    (studies / "new").mkdir()
    (studies / "new" / "es.nii.gz").write_bytes(b"es")
    wait_for(lambda: "new__es" in ids(store))
    (studies / "heart.nii.gz").unlink()
    wait_for(lambda: "heart" not in ids(store))
    with pytest.raises(Refusal) as refused:
        store.image("heart")
    assert (refused.value.code, refused.value.http_status) == ("NO_SUCH_IMAGE", 404)
    (studies / "heart.nii.gz").write_bytes(b"heart")
    wait_for(lambda: "heart" in ids(store))


def test_labels_wait_for_an_image_that_is_away(studies: Path, opened: Open, label_file: Callable[..., Path]) -> None:
    store = opened(studies)
    label = store.add_label("heart", label_file(), author="anna", info={})
    (studies / "heart.nii.gz").rename(studies / "elsewhere.txt")
    store.scan()
    assert store.summary()["completed"] == 0
    (studies / "elsewhere.txt").rename(studies / "heart.nii.gz")
    store.scan()
    assert store.label("heart") == label


def test_labels_do_not_pass_to_another_folder_s_image_of_the_same_name(
    tmp_path: Path, opened: Open, label_file: Callable[..., Path]
) -> None:
    for ward in ("a", "b"):
        (tmp_path / ward).mkdir()
        (tmp_path / ward / "ed.nii.gz").write_bytes(ward.encode())  # same name, same size
    with_label = opened(tmp_path / "a")
    with_label.add_label("ed", label_file(), author="anna", info={})
    other = opened(tmp_path / "b")
    [image] = other.images()
    assert image.path == tmp_path / "b" / "ed.nii.gz"
    assert other.labels(image.id) == []
    back = opened(tmp_path / "a")
    assert [one.id for one in back.images()] == ["ed"]
    assert back.label("ed").author == "anna"


def test_a_studies_folder_that_moved_keeps_its_labels(
    studies: Path, opened: Open, label_file: Callable[..., Path]
) -> None:
    label = opened(studies).add_label("heart", label_file(), author="anna", info={})
    moved = studies.rename(studies.parent / "moved")
    store = opened(moved)
    assert ids(store) == ["chest", "heart", "patient001__ed"]
    assert store.label("heart") == label
    assert store.image("heart").path == moved / "heart.nii.gz"


def test_an_upload_is_kept_whole_and_never_overwritten(tmp_path: Path, studies: Path, opened: Open) -> None:
    store = opened(studies)
    upload = tmp_path / "tmp123"
    upload.write_bytes(b"an upload")
    image = store.add_image("cine-7", upload, ".nii.gz")
    assert image.path.read_bytes() == b"an upload"
    assert image.suffix == ".nii.gz"
    upload.write_bytes(b"garbage")
    for taken in ("cine-7", "heart"):
        with pytest.raises(Refusal) as refused:
            store.add_image(taken, upload, ".nii.gz")
        assert (refused.value.code, refused.value.http_status) == ("IMAGE_EXISTS", 409)
    assert store.image("cine-7").path.read_bytes() == b"an upload"
    assert (studies / "heart.nii.gz").read_bytes() == b"heart"


@pytest.mark.parametrize("bad", ["", "../x", "a/b", ".hidden", "a\n", "a b", "ä", "x" * 129, "a\0"])
def test_bad_ids_and_suffixes_are_refused(bad: str, tmp_path: Path, opened: Open) -> None:
    store = opened()
    upload = tmp_path / "m.py"
    upload.write_bytes(b"import os")
    with pytest.raises(Refusal) as refused:
        store.add_image(bad, upload, ".nii.gz")
    assert refused.value.code == "BAD_IMAGE_ID"
    with pytest.raises(Refusal) as refused:
        store.add_image("fine", upload)
    assert refused.value.code == "BAD_SUFFIX"
    assert store.images() == []


def test_a_removed_image_is_listed_no_longer_but_kept(tmp_path: Path, studies: Path, opened: Open) -> None:
    store = opened(studies)
    upload = tmp_path / "first.nii.gz"
    upload.write_bytes(b"first")
    first = store.add_image("up", upload)
    label = store.add_label("up", upload, author=None, info={})
    store.remove_image("up")
    store.remove_image("heart")
    store.scan()
    assert ids(store) == ["chest", "patient001__ed"]
    assert first.path.read_bytes() == b"first"
    assert label.path.read_bytes() == b"first"
    upload.write_bytes(b"second")
    assert store.add_image("up", upload).path.read_bytes() == b"second"
    assert store.labels("up") == []
    assert [one.id for one in store.labels("up", deleted=True)] == [label.id]
    assert opened(studies).image("up").path.read_bytes() == b"second"


def test_checksum_follows_the_file(studies: Path, opened: Open) -> None:
    store = opened(studies)
    # by sha256sum
    of_heart = "3cb968a982080be1d7a5df98dc49673a8c052d2642ef7730b7753cee5b87c3dd"
    of_hurt = "49002d515d1605d8e4928cdccea435328773268fb951e9dae201212284d374a5"
    assert store.checksum("heart") == of_heart
    assert store.image("heart").sha256 == of_heart
    (studies / "heart.nii.gz").write_bytes(b"hurt")
    assert store.checksum("heart") == of_hurt


def test_a_folder_kept_elsewhere_can_be_an_image(tmp_path: Path, studies: Path, opened: Open) -> None:
    store = opened(studies)
    for place in ("cache1", "cache2"):
        (tmp_path / place).mkdir()
        assert store.refer_image("1.2.826.0.1", tmp_path / place, {"modality": "MR"}).path == tmp_path / place
    store.scan()
    assert store.image("1.2.826.0.1").info == {"modality": "MR"}
    with pytest.raises(Refusal):
        store.refer_image("heart", tmp_path / "cache1")


def test_info_is_laid_over_and_survives(studies: Path, opened: Open) -> None:
    store = opened(studies)
    store.set_image_info("heart", {"a": 1, "b": {"c": [1.5]}})
    store.set_image_info("heart", {"a": 2})
    assert opened(studies).image_info("heart") == {"a": 2, "b": {"c": [1.5]}}


@pytest.mark.parametrize("bad", [{"x": float("nan")}, {"x": [float("inf")]}, {"x": object()}, [1], {"x": {1, 2}}])
def test_info_that_is_no_json_is_refused(bad: object, studies: Path, opened: Open) -> None:
    store = opened(studies)
    with pytest.raises(Refusal) as refused:
        store.set_image_info("heart", bad)  # type: ignore[arg-type]
    assert refused.value.code == "BAD_INFO"
    assert store.image_info("heart") == {}


def test_two_processes_worth_of_stores_see_each_other(studies: Path, opened: Open, tmp_path: Path) -> None:
    one, other = opened(studies), opened(studies)
    upload = tmp_path / "x.nii.gz"
    upload.write_bytes(b"x")
    one.add_image("x", upload)
    assert other.image("x").path == one.image("x").path
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda store: _added(store, upload), [one, other] * 8))
    assert sorted(outcomes) == ["IMAGE_EXISTS"] * 15 + ["added"]
    assert ids(one).count("contested") == 1


def _added(store: Store, upload: Path) -> str:
    try:
        store.add_image("contested", upload)
    except Refusal as refusal:
        return refusal.code
    return "added"
