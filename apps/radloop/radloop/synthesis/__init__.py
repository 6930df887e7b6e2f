"""Hearts on demand: an analytic beating heart in a chest, with volumes that are known."""

from radloop.synthesis.phantom import Phantom, make_phantom
from radloop.synthesis.samples import write_samples

__all__ = ["Phantom", "make_phantom", "write_samples"]
