"""What is known about one chest film: its picture, the model's answer, what a person said. numpy, and Pillow for PNG.

A picture is a ``Cine`` of one frame and one slice, so that NIfTI is read and written as for a heart.
"""

from .answer import Answer, answer_of
from .film import Film, Said
from .picture import NoFilm, is_dicom, read_picture

__all__ = ["Answer", "Film", "NoFilm", "Said", "answer_of", "is_dicom", "read_picture"]
