"""Hearts whose group is known, for fitting the diagnosis: as experts drew them and as the model draws them."""

from pathlib import Path

from radloop.heart.fit import KnownHeart
from radloop.images import read_cine, read_label
from radloop.learning.evaluation import PHASES, draw_pair, read_info
from radloop.models import Bundle


def known_hearts(folder: Path, bundle: Bundle) -> list[KnownHeart]:
    """Reference and predicted labels of one patient; none where ``info.json`` names no group."""
    group = read_info(folder).get("group")
    if group is None:
        return []
    stills = {p: read_cine(folder / f"{p}.nii.gz") for p in PHASES}
    drawn = {p: read_label(folder / f"{p}_gt.nii.gz")[..., 0] for p in PHASES}
    predicted = {p: label[..., 0] for p, label in draw_pair(stills, bundle).items()}
    spacing = stills["ed"].spacing_mm
    return [KnownHeart(folder.name, group, labels["ed"], labels["es"], spacing) for labels in (drawn, predicted)]
