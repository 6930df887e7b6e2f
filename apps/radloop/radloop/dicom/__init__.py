"""DICOM in and out: the short-axis cine among a study's objects, and what is said about it as SEG and SR.

read_study(folder)        the cine of each study, told by geometry, without reading pixels
read_cine_dicom(folder)   its voxels, and the Source: which object each plane came from
read_film(file)           a radiograph, from DICOM or any other file
"""

import pydicom.config

from radloop.dicom.film import film_of, read_film
from radloop.dicom.find import DicomCine
from radloop.dicom.source import Source
from radloop.dicom.study import each_study, read_cine_dicom, read_study

# Archives are full of values that the standard forbids (dates of zeros, UIDs with leading zeros). They
# are read and handed on as they are, without a warning each.
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
pydicom.config.settings.writing_validation_mode = pydicom.config.IGNORE

__all__ = ["DicomCine", "Source", "each_study", "film_of", "read_cine_dicom", "read_film", "read_study"]
