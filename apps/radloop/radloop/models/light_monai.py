"""MONAI without what only training in several processes uses."""

import sys
import types

from radloop.models.freed_memory import keep_freed_memory


def import_light() -> None:
    """Import torch and monai; 1.7 of some 3.8 s sooner than plainly.

    ``import monai`` imports ignite, and that wants one class of ``torch.distributed.optim``, which loads sharded
    training and a symbolic algebra system; and it looks for matplotlib, for plots in notebooks. Neither is used
    here, so an empty class and no matplotlib are found. Never to be called where training is spread over processes.
    Measured in ``benchmarks/startup.py``. What networks free from then on is kept.
    """
    keep_freed_memory()
    import torch

    if "torch.distributed.optim" not in sys.modules:
        stand_in = types.ModuleType("torch.distributed.optim")
        stand_in.ZeroRedundancyOptimizer = type("ZeroRedundancyOptimizer", (), {})  # type: ignore[attr-defined]
        sys.modules["torch.distributed.optim"] = stand_in
        torch.distributed.optim = stand_in  # type: ignore[attr-defined]
    plots = {} if "matplotlib.pyplot" in sys.modules else {"matplotlib.pyplot": None}
    sys.modules.update(plots)  # type: ignore[arg-type]  # None: Python's own word for "cannot be imported"
    import monai  # noqa: F401

    for name in plots:
        del sys.modules[name]
