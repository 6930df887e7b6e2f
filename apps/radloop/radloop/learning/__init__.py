"""How good a model is, which case should be labelled next, and what a new version learns from.

Of cines and of radiographs; see ``own_classes`` for a classifier of a user's own classes.
"""

from radloop.learning.evaluation import CaseScore, counted, evaluate_patient, summarise
from radloop.learning.patients import find_patients, part_of, patients_of

__all__ = ["CaseScore", "counted", "evaluate_patient", "find_patients", "part_of", "patients_of", "summarise"]
