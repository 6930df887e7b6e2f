"""Taking over what other programs kept: a studies folder of MONAI Label's own server, a folder laid out like ACDC."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from radloop.refusal import Refusal
from radloop.store.files import sha256_of
from radloop.store.names import IMAGE_SUFFIXES, LABEL_SUFFIXES, image_id_of, is_image_id, split_suffix, told_apart
from radloop.store.store import Store


@dataclass
class Imported:
    """What came of an import; ``refused`` names a file and says why it was left out."""

    images: int = 0
    labels: int = 0
    there_already: int = 0
    refused: list[str] = field(default_factory=list)


def import_monailabel(store: Store, folder: Path) -> Imported:
    """Take images and labels from a studies folder of MONAI Label's own server, whose files are only read.

    Its ``datastore_v2.json`` adds what is known of them; where a crash left that file torn, the files speak
    alone. Doing it again adds nothing.
    """
    index = _index_of(folder)
    objects: dict[str, Any] = index.get("objects") or {}
    images_dir = folder / str(index.get("images_dir") or ".")
    labels_dir = folder / str(index.get("labels_dir") or "labels")
    done = Imported()
    for path in sorted(images_dir.iterdir()):
        split = split_suffix(path.name, IMAGE_SUFFIXES)
        if split is None or not path.is_file():
            continue
        entry = objects.get(split[0]) or {}
        image_id = split[0] if is_image_id(split[0]) else told_apart(split[0], path.name)
        if not _image(store, image_id, path, _info(entry.get("image")), done):
            continue
        for label in sorted(labels_dir.glob("*/*")):
            found = split_suffix(label.name, LABEL_SUFFIXES)
            if found is not None and found[0] == split[0]:
                tag = label.parent.name
                _label(store, image_id, label, tag, _info((entry.get("labels") or {}).get(tag)), done)
    return done


def import_acdc(store: Store, folder: Path) -> Imported:
    """Take the pairs ``NAME.nii.gz`` and ``NAME_gt.nii.gz`` of a folder laid out like ACDC, whose files are only read.

    Ids are those that the folder would give as a studies folder (``patient001__ed``). ``info.json`` beside an
    image becomes its info. Images without a label of their own name are taken too.
    """
    done = Imported()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        split = split_suffix(path.name, IMAGE_SUFFIXES)
        if split is None or not path.is_file() or split[0].endswith("_gt") or "/." in f"/{name}":
            continue
        image_id = image_id_of(name)
        about = path.parent / "info.json"
        if not _image(store, image_id, path, _json(about) if about.is_file() else {}, done):
            continue
        label = path.with_name(f"{split[0]}_gt{path.name[len(split[0]) :]}")
        if label.is_file():
            _label(store, image_id, label, "final", {}, done)
    return done


def _image(store: Store, image_id: str, path: Path, info: dict[str, Any], done: Imported) -> bool:
    """Whether the store now has this image under this id."""
    try:
        store.add_image(image_id, path)
        if info:
            store.set_image_info(image_id, info)
        done.images += 1
    except Refusal as refusal:
        if refusal.code != "IMAGE_EXISTS" or store.checksum(image_id) != sha256_of(path):
            done.refused.append(f"{path.name}: {refusal.sentence}")
            return False
        done.there_already += 1
        if info and not store.image_info(image_id):
            store.set_image_info(image_id, info)
    return True


def _label(store: Store, image_id: str, path: Path, tag: str, info: dict[str, Any], done: Imported) -> None:
    try:
        digest = sha256_of(path)
        if any(one.sha256 == digest and one.tag == tag for one in store.labels(image_id, deleted=True)):
            done.there_already += 1
            return
        store.add_label(image_id, path, tag=tag, author=None, info=info)
        done.labels += 1
    except Refusal as refusal:
        done.refused.append(f"{tag}/{path.name}: {refusal.sentence}")


def _index_of(folder: Path) -> dict[str, Any]:
    path = folder / "datastore_v2.json"
    if not folder.is_dir():
        raise Refusal("NO_FOLDER", f"{folder} is no folder.")
    return _json(path) if path.is_file() else {}


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _info(entry: object) -> dict[str, Any]:
    info = entry.get("info") if isinstance(entry, dict) else None
    return info if isinstance(info, dict) else {}
