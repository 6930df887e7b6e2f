"""Processes that do the heavy work beside the server, which knows neither what they do nor how.

A pool starts its processes at once, each opens a service by name ("package.module:open"), and is then sent
requests of plain data. What comes back is plain data, progress, or a refusal. A job that outlives a request has
a process ``Apart``. All of them end when the server ends, however it ends.
"""

from radloop.workers.apart import Apart, GivenUp, Told
from radloop.workers.pool import Busy, Job, Pool
from radloop.workers.worker import Died, Unavailable

__all__ = ["Apart", "Busy", "Died", "GivenUp", "Job", "Pool", "Told", "Unavailable"]
