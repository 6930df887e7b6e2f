"""Processes that do the heavy work beside the server, which knows neither what they do nor how.

A pool starts its processes at once, each opens a service by name ("package.module:open"), and is then sent
requests of plain data. What comes back is plain data, progress, or a refusal.
"""

from radloop.workers.pool import Busy, Job, Pool, Unavailable

__all__ = ["Busy", "Job", "Pool", "Unavailable"]
