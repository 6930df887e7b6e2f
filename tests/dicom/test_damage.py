"""Whatever happens to the bytes of a study, it is read, or refused in a sentence."""

import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radloop.dicom import read_cine_dicom
from radloop.dicom.make import Form, make_study
from radloop.dicom.web import Archive
from radloop.images import Cine
from radloop.refusal import Refusal

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom tells what it finds


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, phantom: Callable[..., Cine]) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    for form in ("one-series", "enhanced"):
        make_study(phantom((9, 8, 3, 3)), folder / form, form=form, beside=False)
    return folder


def spoil(content: bytes, chance: random.Random) -> bytes:
    """Cut somewhere, or a few bytes changed; most of them in the header."""
    if chance.random() < 0.2:
        return content[: chance.randrange(len(content))]
    spoilt = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 8])):
        spoilt[chance.randrange(132, chance.choice([min(4000, len(content)), len(content)]))] = chance.randrange(256)
    return bytes(spoilt)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), form=st.sampled_from(("one-series", "enhanced")))
def test_a_damaged_study_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, whole: Path, seed: int, form: Form
) -> None:
    chance = random.Random(seed)
    folder = tmp_path_factory.mktemp("damaged") / "study"
    shutil.copytree(whole / form, folder)
    paths = sorted(folder.iterdir())
    for path in chance.sample(paths, min(len(paths), chance.choice([1, 3]))):
        path.write_bytes(spoil(path.read_bytes(), chance))
    with suppress(Refusal):
        read_cine_dicom(folder)
    archive = Archive(folder)
    for row in [*archive.search("studies", []), *archive.search("instances", [])]:
        with suppress(Refusal):
            list(archive.metadata(row["0020000D"]["Value"][0]))
    for cine in archive.cines():
        with suppress(Refusal):
            archive.cine(cine.id)
    kept = Archive(folder / "new")
    stored = kept.store([path.read_bytes() for path in paths])
    assert bool(stored.kept) != bool(stored.refused)
