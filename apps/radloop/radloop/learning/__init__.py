"""How good a model is, which case should be labelled next, and what a new version learns from.

So far the first of these.
"""

from radloop.learning.evaluation import CaseScore, counted, evaluate_patient, summarise
from radloop.learning.patients import find_patients, part_of, patients_of

__all__ = ["CaseScore", "counted", "evaluate_patient", "find_patients", "part_of", "patients_of", "summarise"]
