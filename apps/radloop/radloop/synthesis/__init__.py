"""Pictures on demand: an analytic beating heart in a chest, with volumes that are known, and radiograph-like films."""

from radloop.synthesis.film import Film, make_film
from radloop.synthesis.phantom import Phantom, make_phantom
from radloop.synthesis.samples import write_samples

__all__ = ["Film", "Phantom", "make_film", "make_phantom", "write_samples"]
