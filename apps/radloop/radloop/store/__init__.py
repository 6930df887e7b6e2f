"""What is kept: images, the labels that people submitted, and who did what when. Nothing is overwritten.

Files lie as files in the data folder (``labels/<image id>/<label id>.nii.gz``, ``images/`` for uploads), with a
journal an image (``journal/``) that says what they are; ``store.sqlite`` answers questions about them, and
can be made anew from them. The studies folder is watched and only read. A file's id is its name without
suffix (``image_id_of``); a file that would get an id already given away gets a checksum appended.
"""

from radloop.store.names import IMAGE_SUFFIXES, LABEL_SUFFIXES, image_id_of
from radloop.store.rows import ImageRow, LabelRow
from radloop.store.store import Store

__all__ = ["IMAGE_SUFFIXES", "LABEL_SUFFIXES", "ImageRow", "LabelRow", "Store", "image_id_of"]
