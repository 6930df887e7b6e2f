"""MONAI without what only training uses."""

import sys
import types


def import_light() -> None:
    """Import torch and monai; 1.2 of some 3.3 s sooner than plainly.

    ``import monai`` imports ignite, and that wants one class of ``torch.distributed.optim``, which loads sharded
    training and a symbolic algebra system. A process that only infers never uses it, so it finds an empty class.
    Never to be called where something is trained. Measured in ``benchmarks/startup.py``.
    """
    import torch

    if "torch.distributed.optim" not in sys.modules:
        stand_in = types.ModuleType("torch.distributed.optim")
        stand_in.ZeroRedundancyOptimizer = type("ZeroRedundancyOptimizer", (), {})  # type: ignore[attr-defined]
        sys.modules["torch.distributed.optim"] = stand_in
        torch.distributed.optim = stand_in  # type: ignore[attr-defined]
    import monai  # noqa: F401
