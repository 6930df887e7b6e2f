"""One exam: its cine, its label map, what was measured, what a person has reviewed. No Slicer, no Qt, no network.

Arrays are ``(t, k, j, i)``: frame, slice, row, column, the order of the voxels in a NIfTI file. Frames and slices
count from 0 in code (``*_index``) and from 1 in JSON and on the screen.
"""

from .cine import Cine, LabelMap
from .exam import Exam
from .labels import LABELS, Label, label_info, labels_of
from .nifti import NotReadable, read_cine, read_label_map, write_cine, write_label_map
from .review import Review, fingerprints
from .volumes import figures_of, measurements_of

__all__ = [
    "Cine",
    "Exam",
    "LABELS",
    "Label",
    "LabelMap",
    "NotReadable",
    "Review",
    "figures_of",
    "fingerprints",
    "label_info",
    "labels_of",
    "measurements_of",
    "read_cine",
    "read_label_map",
    "write_cine",
    "write_label_map",
]
