"""Pictures in space and time: what a cine, its labels and a radiograph are, and how files hold them.

Knows NIfTI, NRRD, PNG and JPEG, voxel grids in mm (RAS+) and frame times in ms; refuses files that cannot be
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
from radloop.images.picture import Cine, HeatMap, LabelMap, Radiograph, Remark
from radloop.images.radiograph import read_radiograph, write_heat_map
from radloop.images.whole_file import check_folder, replace_whole

__all__ = [
    "Cine",
    "HeatMap",
    "LabelMap",
    "Limits",
    "Radiograph",
    "Remark",
    "case_name",
    "check_folder",
    "count_frames",
    "find_images",
    "is_named_as_picture",
    "limit_to",
    "read_cine",
    "read_label",
    "read_label_of",
    "read_radiograph",
    "replace_whole",
    "write_cine",
    "write_heat_map",
    "write_label",
    "write_label_nrrd",
]
