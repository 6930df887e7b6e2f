"""How cxr_classifier's films are listed, drawn and changed for training."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cxr_classifier_code.augment import augmented, ranks
from cxr_classifier_code.films import Entry, Films, listed, read_films
from cxr_classifier_code.kinds import MADE, OF_FILMS, other_kinds
from cxr_classifier_code.network import NETWORKS, build, options_for
from cxr_classifier_code.picture import standardised
from cxr_classifier_code.sampling import RandomFilms, chances
from cxr_classifier_code.training import warm_cosine
from radloop import places


def films(*groups: tuple[str, str, int]) -> Films:
    """So many films of each label and view, of noise."""
    entries = [Entry(f"{i}", label, f"p{i}", view, "train", Path()) for label, view, n in groups for i in range(n)]
    classes = tuple(sorted({e.label for e in entries}))
    pictures = torch.randint(0, 256, (len(entries), 1, 40, 40), generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([classes.index(e.label) for e in entries])
    return Films(pictures.to(torch.uint8), labels, tuple(entries), classes)


def test_no_view_says_anything_of_the_class():
    some = films(("normal", "AP", 25), ("normal", "PA", 10), ("pneumonia", "AP", 18), ("pneumonia", "PA", 19))
    share = chances(some, "class_and_view")
    groups = [(e.label, e.view) for e in some.entries]
    for group in set(groups):
        assert share[[g == group for g in groups]].sum() == pytest.approx(0.25)


def test_classes_are_equally_likely_and_without_balance_films_are():
    some = films(("normal", "", 5), ("pneumonia", "", 95))
    assert chances(some, "class")[:5].sum() == pytest.approx(0.5)
    assert chances(some, "none") == pytest.approx(np.full(100, 0.01))


def test_a_batch_can_be_made_again_and_the_next_is_another():
    batches = RandomFilms(films(("a", "", 20), ("b", "", 20)), size=32, batch_size=8)
    first, again, next_one = batches[0], batches[0], batches[1]
    assert torch.equal(first["image"], again["image"])
    assert not torch.equal(first["image"], next_one["image"])
    batches.epoch = 1
    assert not torch.equal(first["image"], batches[0]["image"])


def test_a_batch_is_standardised_and_its_labels_are_shares():
    batch = RandomFilms(films(("a", "", 20), ("b", "", 20)), size=32, batch_size=16, mixup=0)[0]
    assert batch["image"].shape == (16, 1, 32, 32)
    assert batch["image"].abs().max() <= 3
    assert batch["label"].sum(dim=1).tolist() == [1.0] * 16


def test_films_of_another_collection_have_their_share():
    own, other = films(("a", "", 20), ("b", "", 20)), films(("a", "", 20), ("b", "", 20))
    other.pictures[:] = 0
    batch = RandomFilms(own, 32, batch_size=20, mixup=0, strength=0, also=other, also_share=0.25)[0]
    assert int((batch["image"].abs().amax(dim=(1, 2, 3)) == 0).sum()) == 5


def test_strength_none_leaves_films_as_they_are():
    pictures = torch.rand(4, 1, 32, 32)
    assert torch.allclose(augmented(pictures, 32, 0, strength=0, mirror=False), standardised(pictures), atol=1e-3)


def test_ranks_even_out_any_contrast_curve():
    picture = torch.rand(2, 1, 16, 16)
    assert torch.allclose(ranks(picture), ranks(picture**3))


def test_an_archive_and_an_index_list_the_same_films(tmp_path):
    images = np.random.default_rng(0).integers(0, 255, (6, 28, 28), dtype=np.uint8)
    labels = np.array([0, 1, 1, 0, 1, 0])
    np.savez(
        tmp_path / "set.npz",
        train_images=images[:4],
        train_labels=labels[:4, None],
        val_images=images[4:],
        val_labels=labels[4:, None],
    )
    rows = ["file,label,patient,part"]
    for i in range(6):
        Image.fromarray(images[i]).save(tmp_path / f"{i}.png")
        rows.append(f"{i}.png,{'xy'[labels[i]]},{i},{'train' if i < 4 else 'val'}")
    (tmp_path / "index.csv").write_text("\n".join(rows))
    archive, index = read_films(str(tmp_path / "set.npz"), "xy", 28), read_films(str(tmp_path), "xy", 28)
    assert torch.equal(archive.pictures, index.pictures)
    assert torch.equal(archive.labels, index.labels)
    assert [e.part for e in archive.entries] == [e.part for e in index.entries]


def test_a_class_that_nobody_has_is_said(tmp_path):
    (tmp_path / "index.csv").write_text("file,label,patient,part\na.png,x,1,train\n")
    with pytest.raises(ValueError, match="no film of the classes y"):
        listed(str(tmp_path), ["y"])


@pytest.mark.parametrize("size", [28, 64])
@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_takes_small_pictures(name, size):
    network = build(name, 3, **options_for(name, size)).eval()
    with torch.inference_mode():
        assert network(torch.randn(2, 1, size, size)).shape == (2, 3)


def test_a_network_that_there_is_not_is_said():
    with pytest.raises(ValueError, match="resnet18"):
        build("transformer", 2)


def test_the_rate_rises_falls_and_never_ends_at_nothing():
    rates = [warm_cosine(t / 100) for t in range(101)]
    assert max(rates) == pytest.approx(1)
    assert rates.index(max(rates)) == 5
    assert rates[-1] == pytest.approx(0.01)
    assert min(rates) > 0


def test_kinds_that_teach_abstention_are_those_fixed_as_seen_and_none_that_judge():
    import json

    kinds = json.loads((places.bundles() / "cxr_classifier" / "configs" / "kinds.json").read_text())
    assert set(MADE) | set(OF_FILMS) == set(kinds["seen"])
    assert not set(kinds["seen"]) & set(kinds["unseen"])
    assert len(kinds["unseen"]) >= 12


def test_other_kinds_can_be_made_again():
    film = np.random.default_rng(0).random((64, 64)).astype(np.float32)
    first, again = other_kinds([film], 3, seed=1), other_kinds([film], 3, seed=1)
    for name, pictures in first.items():
        assert all(np.array_equal(a, b) for a, b in zip(pictures, again[name], strict=True)), name
        assert all(np.isfinite(p).all() and p.min() >= -1e-6 and p.max() <= 1 + 1e-6 for p in pictures), name
