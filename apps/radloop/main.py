"""What MONAI Label looks for in an app folder: a class made from its ``MONAILabelApp``."""

from radloop.tasks.app import RadloopApp

__all__ = ["RadloopApp"]
