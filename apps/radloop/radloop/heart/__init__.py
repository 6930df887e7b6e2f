"""What follows from a labelled heart: volumes, ejection fraction, mass, doubts, a diagnosis, and pictures of them.

Label maps in (``radloop.images``), ``radloop.answers`` out; knows nothing of networks or files of images.
"""

from radloop.heart.diagnosis import DiagnosisModel
from radloop.heart.features import features
from radloop.heart.measure import measure
from radloop.heart.volumes import LV, MYO, RV, ejection_fraction, volume_curves

__all__ = ["LV", "MYO", "RV", "DiagnosisModel", "ejection_fraction", "features", "measure", "volume_curves"]
