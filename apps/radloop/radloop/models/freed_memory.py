"""What becomes of memory that a network frees."""

import ctypes

# For glibc's mallopt (malloc.h): which memory goes straight back to the system.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT = 1 << 30


def keep_freed_memory() -> None:
    """Have the memory of one layer's output serve for the next one's, where the C library can be told to.

    A network frees and takes the same large blocks all the time. Each given back to the system and cleared by it anew
    costs a cine a fifth of its time, and films that are read in batches a third.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, KEPT)
        mallopt(M_TRIM_THRESHOLD, KEPT)
