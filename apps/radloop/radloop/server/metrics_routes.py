"""``/metrics``: what a monitoring system asks for, in Prometheus' form."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST
from prometheus_client.exposition import generate_latest

from radloop.server.context import Here
from radloop.server.openapi import TEXT

router = APIRouter(tags=["Health"])


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": TEXT}}})
def metrics(here: Here) -> Response:
    """Counts of requests, the queue, images and room on the disk."""
    here.watch.look()
    waiting, running, ready = here.pool.counts()
    summary = here.store.summary()
    values = {
        "queue_waiting": waiting,
        "queue_running": running,
        "queue_expected_wait_seconds": here.pool.expected_wait_s(),
        "workers_ready": ready,
        "images": summary["total"],
        "images_labelled": summary["completed"],
        "disk_free_bytes": here.disk.free,
        "disk_full": float(here.disk.is_full()),
    }
    for name, value in values.items():
        here.metrics.now[name].set(value)
    return Response(generate_latest(here.metrics.registry), media_type=CONTENT_TYPE_LATEST)
