"""``/activelearning/{strategy}``: which image to look at next."""

import time
from typing import Annotated, Any

from fastapi import APIRouter, Body

from radloop.answers.service import StrategyInfo
from radloop.refusal import Refusal
from radloop.server.context import Here
from radloop.server.deeds import current

router = APIRouter(tags=["Active learning"])

STRATEGIES = {
    "first": StrategyInfo(description="The first image without a final label"),
    "random": StrategyInfo(description="Any image without a final label"),
}


@router.post("/activelearning/{strategy}")
def next_sample(here: Here, strategy: str, params: Annotated[dict[str, Any] | None, Body()] = None) -> dict[str, Any]:
    """An image without a final label, or an empty object where none is left."""
    if strategy not in STRATEGIES:
        raise Refusal(
            "NO_SUCH_STRATEGY",
            f"There is no strategy of that name; there are: {', '.join(STRATEGIES)}.",
            http_status=404,
        )
    here.watch.look()
    chosen = here.store.next_unlabelled("first" if strategy == "first" else "random")
    if chosen is None:
        return {}
    current().id = chosen.id
    # Clients look for ``path`` on their own disk before they download; the server's paths are not theirs.
    return {**chosen.info, "id": chosen.id, "name": f"{chosen.id}{chosen.suffix}", "path": "", "ts": int(time.time())}
