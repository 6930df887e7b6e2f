"""What the networks are and how they are asked: a bundle's folder in, predictions out.

Knows bundles, weights and engines; not what a heart is, nor any server.
"""

from radloop.models.bundle import Bundle, load_bundle
from radloop.models.catalog import BundleCard, card, cards
from radloop.models.prediction import Prediction

__all__ = ["Bundle", "BundleCard", "Prediction", "card", "cards", "load_bundle"]
