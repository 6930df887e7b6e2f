"""When the frames of a cine were taken, as far as a header can be believed."""

import numpy as np
from numpy.typing import NDArray

MS_PER_UNIT = {"s": 1e3, "sec": 1e3, "ms": 1.0, "msec": 1.0, "us": 1e-3, "usec": 1e-3}


def believable_times_ms(times_ms: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """``times_ms`` (t,) if they can be a heart's: rising, on average 1 to 500 ms apart; else None.

    0 is an unfilled field, and half a second or more (1 s is what programs write that do not know)
    shows no beat. One frame alone tells no time between frames.
    """
    if times_ms.size < 2 or not np.all(np.isfinite(times_ms)) or np.any(np.diff(times_ms) <= 0):
        return None
    step = (times_ms[-1] - times_ms[0]) / (times_ms.size - 1)
    return times_ms if 1 <= step < 500 else None


def even_times_ms(step_ms: float, n_frames: int) -> NDArray[np.float64] | None:
    """Times of frames ``step_ms`` apart, from 0, or None where that step cannot be believed."""
    if not np.isfinite(step_ms):
        return None
    return believable_times_ms(np.arange(n_frames, dtype=np.float64) * step_ms)
