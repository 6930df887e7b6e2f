"""The version of a model that the user's store serves, for doors that work without a server."""

from pathlib import Path

from radloop import places
from radloop.models import Bundle, card, load_bundle
from radloop.models.versions import Versions, Weights
from radloop.store import Store
from radloop.store.versions import FOLDER, VersionRow, note_shipped, served


def served_bundle(model: str, data: Path | None = None, variant: str | None = None) -> tuple[Bundle, dict[str, str]]:
    """The served version, and why versions before it in turn cannot be used, by name.

    The shipped one where the data folder (default: the user's) knows no versions; none is made by looking.
    A ``variant`` is always the shipped one of that name.
    """
    if variant is not None:
        return load_bundle(model, **card(model).settings_of(variant)), {}
    folder = places.data(data)
    if not (folder / FOLDER / model).is_dir():
        return load_bundle(model), {}
    with Store(folder) as store:
        return Versions(model).first_good(candidates(store, model))


def candidates(store: Store, model: str) -> list[Weights]:
    """The version that is to answer, then those to fall back on."""
    about = card(model)
    if about.weights.is_file():
        note_shipped(store, model, about.version, about.weights)
    return [weights_of(row) for row in served(store, model)]


def weights_of(row: VersionRow) -> Weights:
    return Weights(row.name, row.weights, row.sha256, row.settings)
