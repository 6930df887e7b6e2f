"""What a chest film is and what is said about one: pixels, sets of labelled films, scores, heat maps, the report.

Knows pictures and DICOM; asks no network. Probabilities come in as plain data.
"""

from radloop.chest.films import read_film, righted
from radloop.chest.folder import find_films

__all__ = ["find_films", "read_film", "righted"]
