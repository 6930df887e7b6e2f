"""What the networks are and how they are asked: a bundle's folder in, predictions out.

Knows bundles, weights and engines; not what a heart or a chest is, nor any server.
"""

from radloop.models.bundle import Bundle, load_bundle
from radloop.models.catalog import BundleCard, card, cards
from radloop.models.prediction import Prediction, Reading

__all__ = ["Bundle", "BundleCard", "Prediction", "Reading", "card", "cards", "load_bundle"]
