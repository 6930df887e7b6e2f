"""The MONAI Label app: what a request to a model is answered with, whoever asks.

``analyse_cine`` decides what an answer contains. Doors into it: ``tasks.app`` (stock MONAI Label),
``tasks.service`` (the workers of ``radloop serve``), and the command line. Nothing heavy is imported here.
"""

from radloop.tasks.analysis import analyse_cine

__all__ = ["analyse_cine"]
