"""Whether the process lives, and whether it can work."""

from fastapi import APIRouter, Response

from radloop.answers.service import Health
from radloop.server.context import Here

router = APIRouter(tags=["Health"])


@router.get("/healthz")
async def healthz() -> Health:
    return Health(status="ok")


@router.get("/readyz", responses={503: {"model": Health, "description": "Not yet, or not any more"}})
def readyz(here: Here, response: Response) -> Health:
    """200 once every model is in memory, and as long as what is submitted can be kept."""
    if (fault := here.disk.fault()) is not None:
        response.status_code = 503
        return Health(status="failed", reason=fault)
    states = here.catalogue.with_states(here.serving.facts(), here.pool.fault).values()
    for state in ("failed", "loading"):
        for model in states:
            if model.state == state:
                response.status_code = 503
                return Health(status=state, reason=model.reason)
    if here.pool.counts()[2] == 0:
        response.status_code = 503
        return Health(status="loading")
    # Another version than the published one may answer: the operator should know.
    said = " ".join(model.reason for model in states if model.reason)
    return Health(status="ok", reason=said or None)
