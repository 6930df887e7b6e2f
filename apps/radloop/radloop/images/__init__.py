"""Pictures in space and time: what a cine and its labels are, and how files hold them.

Knows NIfTI and NRRD, voxel grids in mm (RAS+) and frame times in ms; refuses files that cannot be
trusted before anything large is allocated. Knows nothing of hearts, models or HTTP.
"""

from radloop.images.bounds import Limits, limit_to
from radloop.images.cine import (
    count_frames,
    read_cine,
    read_label,
    read_label_of,
    write_cine,
    write_label,
    write_label_nrrd,
)
from radloop.images.folder import case_name, find_images, is_named_as_picture
from radloop.images.picture import Cine, LabelMap, Remark
from radloop.images.whole_file import replace_whole

__all__ = [
    "Cine",
    "LabelMap",
    "Limits",
    "Remark",
    "case_name",
    "count_frames",
    "find_images",
    "is_named_as_picture",
    "limit_to",
    "read_cine",
    "read_label",
    "read_label_of",
    "replace_whole",
    "write_cine",
    "write_label",
    "write_label_nrrd",
]
