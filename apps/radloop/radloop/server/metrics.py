"""Counts and present values of one server, for a monitoring system."""

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics

from radloop import __version__


class Metrics:
    """Counts of one server. Labels are routes of the table, never addresses: those would hold ids."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "radloop_requests", "Requests that were answered", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "radloop_request_seconds",
            "Time to the first byte of the answer",
            ["route"],
            buckets=(0.005, 0.02, 0.1, 0.5, 1, 5, 20, 60, 300),
            registry=self.registry,
        )
        about = Gauge("radloop_build_info", "The version that runs", ["version"], registry=self.registry)
        about.labels(__version__).set(1)
        self.now = {
            name: Gauge(f"radloop_{name}", text, registry=self.registry)
            for name, text in (
                ("queue_waiting", "Requests that wait for a worker"),
                ("queue_running", "Requests that workers work on"),
                ("queue_expected_wait_seconds", "How long a request would wait that came now"),
                ("workers_ready", "Workers that can take a request"),
                ("images", "Images of the store"),
                ("images_labelled", "Images with a final label"),
                ("disk_free_bytes", "Free room where the data folder is"),
                ("disk_full", "1 while nothing is kept because the disk is full"),
            )
        }

    def answered(self, method: str, route: str, status: int, began: float) -> None:
        """``began`` is of ``time.monotonic``."""
        self.requests.labels(method, route, str(status)).inc()
        self.seconds.labels(route).observe(time.monotonic() - began)
