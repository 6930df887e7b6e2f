"""The words of every request and answer: pydantic models, the one spelling of each field."""

from radloop.answers.chest import Classification, ClassLabel
from radloop.answers.heart import Curves, Diagnosis, Measurements, Warning
from radloop.answers.review import Review

__all__ = ["ClassLabel", "Classification", "Curves", "Diagnosis", "Measurements", "Review", "Warning"]
