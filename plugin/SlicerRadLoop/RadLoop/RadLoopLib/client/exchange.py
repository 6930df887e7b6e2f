"""Whole conversations with a server, each one job: fetch a cine, have it analysed, open a label, submit one."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

from ..exam import Cine, LabelMap, NotReadable, read_cine, read_label_map, write_cine, write_label_map
from .faults import Fault, Refused, Strange
from .job import Ticket
from .server import HEART, Server

TAG = "final"  # MONAI Label's word for a label that a person stands for


@dataclass(frozen=True)
class Analysis:
    """The model's answer."""

    measurements: dict[str, Any]
    labels: LabelMap


@dataclass(frozen=True)
class EarlierLabel:
    """A label that was submitted before, with what was said of it."""

    labels: LabelMap
    info: dict[str, Any]
    tag: str


def fetch_cine(server: Server, image: str, ticket: Ticket) -> Cine:
    data = server.image(image, ticket)
    ticket.say("Reading the cine")
    try:
        return read_cine(data)
    except NotReadable as error:
        raise Strange(f"{image}: {error}") from error


def analyse_image(server: Server, image: str, cine: Cine, ticket: Ticket) -> Analysis:
    """The answer for an image of the server. ``cine`` is its picture, on whose grid the label has to be."""
    return _analysis(server, {"image": image}, cine, ticket)


def analyse_cine(server: Server, name: str, cine: Cine, ticket: Ticket) -> Analysis:
    """The answer for a cine that only the scene has. It is lent to the server for this one question."""
    ticket.say("Packing the cine")
    session = server.open_session(f"{name}.nii.gz", write_cine(cine), ticket)
    try:
        return _analysis(server, {"session_id": session}, cine, ticket)
    finally:
        with contextlib.suppress(Fault):  # it expires by itself
            server.close_session(session, Ticket())


def open_label(server: Server, image: str, tag: str, cine: Cine, ticket: Ticket) -> EarlierLabel:
    info = server.label_info(image, tag, ticket)
    return EarlierLabel(_label_map(server.label(image, tag, ticket), cine), info, tag)


def submit(
    server: Server,
    image: str,
    labels: LabelMap,
    info: dict[str, Any],
    ticket: Ticket,
    *,
    new_cine: Cine | None = None,
) -> str:
    """Put a label on the server, with its cine first where the server does not have it. Returns the image's id.

    Sending the same again does no harm: the label is replaced by itself. The label is read back, so that what is
    called submitted is there.
    """
    ticket.say("Packing the label")
    data = write_label_map(labels)
    if new_cine is not None:
        image = add_image(server, image, write_cine(new_cine), ticket)
    server.put_label(image, TAG, "label.nii.gz", data, info, ticket)
    kept = _label_map(server.label(image, TAG, ticket), Cine(labels.voxels, labels.ijk_to_ras, None))
    if (kept.voxels != labels.voxels).any():
        raise Strange("The server gives back another label than was sent; it was not submitted.")
    return image


def add_image(server: Server, image: str, data: bytes, ticket: Ticket, words: str = "Sending the cine") -> str:
    """Add a ``.nii.gz`` to the server's cases, unless it is there already, and give its id."""
    try:
        return server.add_image(image, f"{image}.nii.gz", data, ticket, words)
    except Refused as refusal:
        # Taken: by this very cine, when an earlier attempt got half way, or by another one.
        if refusal.status == 409 and server.has_image(image, data, ticket):
            return image
        raise


def _analysis(server: Server, where: dict[str, str], cine: Cine, ticket: Ticket) -> Analysis:
    measurements, data = server.infer(HEART, where, {}, ticket)
    ticket.say("Reading the answer")
    n_frames = len(cine.voxels)
    curves = measurements.get("curves") or {}
    if measurements.get("n_frames") != n_frames or any(len(curve) != n_frames for curve in curves.values()):
        raise Strange("The figures in the server's answer are not of this cine.")
    return Analysis(measurements, _label_map(data, cine))


def _label_map(data: bytes, cine: Cine) -> LabelMap:
    try:
        labels = read_label_map(data)
    except NotReadable as error:
        raise Strange(str(error)) from error
    if not labels.fits(cine):
        size, other = ("×".join(map(str, shape[::-1])) for shape in (labels.voxels.shape, cine.voxels.shape))
        raise Strange(f"The label ({size}) does not lie on the grid of the cine ({other}).")
    return LabelMap(labels.voxels, cine.ijk_to_ras)
