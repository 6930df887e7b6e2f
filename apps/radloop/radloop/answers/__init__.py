"""The words of every request and answer: pydantic models, the one spelling of each field."""

from radloop.answers.heart import Curves, Diagnosis, Measurements, Warning

__all__ = ["Curves", "Diagnosis", "Measurements", "Warning"]
