"""Submitted labels: every one is kept, the newest is current, and what was reviewed is told as it was said."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from radloop.answers import Review
from radloop.refusal import Refusal
from radloop.store import Store

Open = Callable[..., Store]
LabelFile = Callable[..., Path]


def test_every_label_is_kept_and_the_newest_is_current(studies: Path, opened: Open, label_file: LabelFile) -> None:
    store = opened(studies)
    first = store.add_label("heart", label_file(b"one"), author="anna", info={})
    second = store.add_label("heart", label_file(b"two"), author="ben", info={})
    draft = store.add_label("heart", label_file(b"three"), tag="original", author=None, info={})
    assert (first.supersedes, second.supersedes, draft.supersedes) == (None, first.id, None)
    assert store.label("heart") == second
    assert store.label("heart", "original") == draft
    assert [label.path.read_bytes() for label in store.labels("heart")] == [b"three", b"two", b"one"]
    assert [label.author for label in store.labels("heart")] == [None, "ben", "anna"]
    assert opened(studies).labels("heart") == store.labels("heart")


def test_a_label_says_which_picture_it_was_drawn_on(studies: Path, opened: Open, label_file: LabelFile) -> None:
    store = opened(studies)
    assert store.add_label("heart", label_file(), author=None, info={}).image_sha256 == store.checksum("heart")


def test_a_deleted_label_is_marked_and_the_one_before_is_current_again(
    studies: Path, opened: Open, label_file: LabelFile
) -> None:
    store = opened(studies)
    first = store.add_label("heart", label_file(b"one"), author="anna", info={})
    second = store.add_label("heart", label_file(b"two"), author="anna", info={})
    store.remove_label(second.id)
    assert store.label("heart") == first
    assert second.path.read_bytes() == b"two"
    assert store.label_by_id(second.id).deleted is not None
    store.remove_label(first.id)
    for call in (lambda: store.label("heart"), lambda: store.remove_label(first.id)):
        with pytest.raises(Refusal) as refused:
            call()
        assert refused.value.http_status == 404
    assert store.summary() == {"total": 3, "completed": 0, "label_tags": {}}


@pytest.mark.parametrize(
    ("info", "kept"),
    [
        ({}, {"author": "anna", "from_version": None, "reviewed": None, "assumed_reviewed": True}),
        ({"reviewed": {}}, {"author": "anna", "from_version": None, "reviewed": {}, "assumed_reviewed": False}),
        (
            {"reviewed": {"1": "all", "12": [3, 4]}, "from_version": "v3", "label_info": [{"name": "LV", "idx": 3}]},
            {
                "author": "anna",
                "from_version": "v3",
                "reviewed": {"1": "all", "12": [3, 4]},
                "assumed_reviewed": False,
                "label_info": [{"name": "LV", "idx": 3}],
            },
        ),
        (
            {"author": "dr.else"},
            {
                "author": "anna",
                "claimed_author": "dr.else",
                "from_version": None,
                "reviewed": None,
                "assumed_reviewed": True,
            },
        ),
    ],
)
def test_what_is_told_about_a_label(
    info: dict[str, Any], kept: dict[str, Any], studies: Path, opened: Open, label_file: LabelFile
) -> None:
    store = opened(studies)
    label = store.add_label("heart", label_file(), author="anna", info=info)
    assert label.info == kept
    assert opened(studies).label_info(label.id) == kept


def test_with_nobody_known_the_claim_stands_as_a_claim(studies: Path, opened: Open, label_file: LabelFile) -> None:
    label = opened(studies).add_label("heart", label_file(), author=None, info={"author": "dr.else"})
    assert label.author is None
    assert label.info["author"] == "dr.else"


def test_a_later_review_is_no_longer_assumed(studies: Path, opened: Open, label_file: LabelFile) -> None:
    store = opened(studies)
    label = store.add_label("heart", label_file(), author="anna", info={"level": "easy"})
    store.set_label_info(label.id, {"reviewed": {"2": [1]}})
    info = store.label_info(label.id)
    assert info["reviewed"] == {"2": [1]}
    assert info["assumed_reviewed"] is False
    assert (info["author"], info["level"]) == ("anna", "easy")
    store.set_label_info(label.id, {"author": "ben"})
    assert store.label_info(label.id)["author"] == "anna"


@pytest.mark.parametrize(
    "reviewed",
    [{"0": "all"}, {"-1": [1]}, {"one": [1]}, {"1": [0]}, {"1": "some"}, {"1": [1.5]}, [1, 2], "all", {"1\n": "all"}],
)
def test_a_review_that_means_nothing_is_refused_and_nothing_is_kept(
    reviewed: object, studies: Path, opened: Open, label_file: LabelFile
) -> None:
    store = opened(studies)
    with pytest.raises(Refusal) as refused:
        store.add_label("heart", label_file(), author=None, info={"reviewed": reviewed})
    assert refused.value.code == "BAD_REVIEW"
    assert "reviewed" in refused.value.sentence
    assert store.labels("heart") == []


def test_which_slices_a_review_covers() -> None:
    review = Review.model_validate({"reviewed": {"1": "all", "12": [3, 4]}})
    assert review.covers(1, 9)
    assert review.covers(12, 3)
    assert not review.covers(12, 5)
    assert not review.covers(2, 1)
    assert Review().covers(7, 7)
    assert Review().assumed_reviewed
    assert not Review(reviewed={}).covers(1, 1)


@pytest.mark.parametrize(
    ("image", "name", "tag", "code", "status"),
    [
        ("nobody", "a.nii.gz", "final", "NO_SUCH_IMAGE", 404),
        ("heart", "a.txt", "final", "BAD_SUFFIX", 415),
        ("heart", "a.nii.gz", "../x", "BAD_TAG", 400),
        ("heart", "a.nii.gz", "", "BAD_TAG", 400),
    ],
)
def test_a_label_that_cannot_be_kept(
    image: str, name: str, tag: str, code: str, status: int, studies: Path, opened: Open, tmp_path: Path
) -> None:
    store = opened(studies)
    (tmp_path / name).write_bytes(b"label")
    with pytest.raises(Refusal) as refused:
        store.add_label(image, tmp_path / name, tag=tag, author=None, info={})
    assert (refused.value.code, refused.value.http_status) == (code, status)
    assert not list((tmp_path / "data").rglob("*.nii.gz"))


def test_many_people_submit_at_once(studies: Path, opened: Open, label_file: LabelFile) -> None:
    stores = [opened(studies), opened(studies)]
    file = label_file()
    with ThreadPoolExecutor(12) as pool:
        kept = list(pool.map(lambda n: stores[n % 2].add_label("heart", file, author=f"p{n}", info={}).id, range(36)))
    found = stores[0].labels("heart")
    assert sorted(label.id for label in found) == sorted(kept)
    assert [label.supersedes for label in found] == [label.id for label in found[1:]] + [None]


def test_lists_for_monai_label_s_clients(studies: Path, opened: Open, label_file: LabelFile) -> None:
    store = opened(studies)
    store.add_label("heart", label_file(), author="anna", info={})
    store.add_label("heart", label_file(), author="anna", info={})
    store.add_label("chest", label_file(), tag="original", author=None, info={})
    assert store.summary() == {"total": 3, "completed": 1, "label_tags": {"final": 1, "original": 1}}
    listing = store.listing()
    assert sorted(listing["objects"]) == ["chest", "heart", "patient001__ed"]
    heart = listing["objects"]["heart"]
    assert heart["image"]["ext"] == ".nii.gz"
    assert heart["image"]["info"]["name"] == "heart.nii.gz"
    assert list(heart["labels"]) == ["final"]
    assert heart["labels"]["final"]["info"]["author"] == "anna"
    assert str(studies.parent) not in json.dumps(listing, allow_nan=False)
    assert [(image.id, label.author) for image, label in store.labelled()] == [("heart", "anna")]


def test_the_next_image_to_label(studies: Path, opened: Open, label_file: LabelFile) -> None:
    store = opened(studies)
    assert store.next_unlabelled().id == "chest"  # type: ignore[union-attr]
    assert store.next_unlabelled(without=["chest"]).id == "heart"  # type: ignore[union-attr]
    store.add_label("chest", label_file(), author=None, info={})
    drawn = {store.next_unlabelled("random").id for _ in range(60)}  # type: ignore[union-attr]
    assert drawn == {"heart", "patient001__ed"}
    for image in ("heart", "patient001__ed"):
        store.add_label(image, label_file(), author=None, info={})
    assert store.next_unlabelled() is None
    assert store.next_unlabelled("random") is None
