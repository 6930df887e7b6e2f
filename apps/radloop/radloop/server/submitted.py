"""A label as it arrives, looked at before it is kept."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from radloop.answers import ClassLabel
from radloop.refusal import Refusal
from radloop.store.infos import reviewed_info

if TYPE_CHECKING:
    from radloop.images import Cine

_KEPT_WHOLE = 200
"""More keys than this is no description of a label."""


def look_through(label: Path, image: Path, params: dict[str, Any]) -> dict[str, Any]:
    """What is known of a submitted label from its file and ``params``; to be kept with it.

    The label must lie on the image's own grid: all of its frames, or one, which ``params["frame"]`` (from 1) names.
    A single frame whose number nobody told counts as reviewed nowhere: it cannot be said where it belongs.
    Raises ``Refusal`` for labels that are none, or lie elsewhere.
    """
    from radloop.images import read_cine, read_label_of  # numpy waits for the first picture

    _check_count(params)
    cine = read_cine(image)
    one_of_many = read_label_of(label, cine).shape[3] < cine.n_frames
    frame = params.get("frame")
    if frame is not None and (type(frame) is not int or not 1 <= frame <= cine.n_frames):
        raise Refusal("NO_SUCH_FRAME", f"params: frame must be a number from 1 to {cine.n_frames}.", http_status=400)
    info = dict(params)
    info.setdefault("author", params.get("client_id"))
    if one_of_many and params.get("reviewed") is None:
        info |= {"reviewed": {} if frame is None else {str(frame): "all"}, "assumed_reviewed": frame is not None}
    _check_places(reviewed_info(info, None)["reviewed"] or {}, cine)
    return info


def named_class(label: Path, image: Path, classes: Iterable[str], params: dict[str, Any]) -> dict[str, Any]:
    """What is known of a submitted class, from its JSON file (``{"label": NAME}``) and ``params``; to be kept with it.

    Raises ``Refusal`` for a file that names no class, or none of ``classes``, and where the image is no radiograph.
    """
    from radloop.dicom.files import looks_like_dicom
    from radloop.images import read_radiograph

    _check_count(params)
    if not looks_like_dicom(image):  # objects of the archive were looked at when they became images
        read_radiograph(image)
    try:
        said = ClassLabel.model_validate_json(label.read_bytes())
    except ValidationError:
        raise Refusal("NO_CLASS", f'{label.name}: names no class; {{"label": "NAME"}} is expected.') from None
    known = list(classes)
    if said.label not in known:
        raise Refusal("NO_SUCH_CLASS", f"{label.name}: {said.label[:64]!r} is none of: {', '.join(known) or 'none'}.")
    return {**params, "author": params.get("author", params.get("client_id")), "label": said.label}


def _check_places(reviewed: dict[str, Any], cine: "Cine") -> None:
    """Refuse frames and slices (from 1) that the image does not have."""
    slices = cine.voxels.shape[2]
    for frame, named in reviewed.items():
        if int(frame) > cine.n_frames:
            sentence = f"params: reviewed names frame {frame}; the image has frames 1 to {cine.n_frames}."
            raise Refusal("NO_SUCH_FRAME", sentence, http_status=400)
        if beyond := [one for one in named if one > slices] if named != "all" else []:
            sentence = f"params: reviewed names slice {beyond[0]}; the image has slices 1 to {slices}."
            raise Refusal("NO_SUCH_SLICE", sentence, http_status=400)


def _check_count(params: dict[str, Any]) -> None:
    if len(params) > _KEPT_WHOLE:
        raise Refusal("BAD_INFO", f"params: more than {_KEPT_WHOLE} keys.", http_status=400)
