"""The one table of routes: who may use each, and what the audit table says of it. What is not in it is not there."""

from dataclasses import dataclass
from typing import Any

from starlette.routing import compile_path

from radloop.store.tokens import Role


@dataclass(frozen=True)
class Rule:
    """``role``: the least that may; None where nobody is asked. ``did``: the words of the audit table; "" is not told.

    ``id``: the parameters, of path or query, that name what it was done to; the first that is there counts.
    ``view``: done over and over, told once an hour for each person and id. ``keeps``: needs room on the disk.
    """

    role: Role | None
    did: str = ""
    id: tuple[str, ...] = ()
    view: bool = False
    keeps: bool = False


def _everybody() -> Rule:
    return Rule(None)


def _read(did: str = "", *id: str) -> Rule:
    return Rule("reader", did, id, view=True)


def _ask(did: str, *id: str, role: Role = "reader") -> Rule:
    return Rule(role, did, id, keeps=True)


def _keep(did: str, *id: str, role: Role = "annotator", view: bool = False) -> Rule:
    return Rule(role, did, id, view=view, keeps=True)


_STUDIES = "/dicom-web/studies"
_SERIES = _STUDIES + "/{study}/series/{series}"
_INSTANCE = _SERIES + "/instances/{instance}"
_search, _fetch = _read("archive searched", "series", "study"), _read("series read", "series", "study")

RULES: dict[str, Rule] = {
    "GET /healthz": _everybody(),
    "GET /readyz": _everybody(),
    "GET /login": _everybody(),
    "POST /login": Rule(None, "logged in"),
    "POST /logout": _everybody(),
    "GET /auth/": _everybody(),
    "POST /auth/token": Rule(None, "logged in"),
    "GET /auth/token/valid": _read(),
    "GET /metrics": _read(),
    "GET /openapi.json": _read(),
    "GET /info/": _read(),
    "GET /logs/": Rule("admin", "log read"),
    "GET /logs/gpu": Rule("admin"),
    # -- analysing
    "POST /infer/{model}": _ask("analysed", "image"),
    "PUT /session/": _ask("session made"),
    "GET /session/{session_id}": _read(),
    "DELETE /session/{session_id}": _ask("session removed"),
    "POST /activelearning/{strategy}": _ask("next image taken"),
    # -- jobs and versions of models
    "GET /train/": _read(),
    "POST /train/": _ask("training asked for", role="admin"),
    "POST /train/{model}": _ask("training asked for", role="admin"),
    "DELETE /train/": _ask("training stopped", role="admin"),
    "GET /batch/infer": _read(),
    "POST /batch/infer/{model}": _ask("batch analysis asked for", role="admin"),
    "DELETE /batch/infer": _ask("batch analysis stopped", role="admin"),
    "GET /scoring/": _read(),
    "POST /scoring/": _ask("scoring asked for", role="annotator"),
    "POST /scoring/{method}": _ask("scoring asked for", role="annotator"),
    "DELETE /scoring/": _ask("scoring stopped", role="admin"),
    "GET /radloop/jobs": _read(),
    "GET /radloop/jobs/{job}": _read(),
    "GET /radloop/jobs/{job}/log": Rule("admin", "log read", ("job",)),
    "GET /radloop/jobs/{job}/events": _read(),
    "POST /radloop/jobs/{job}/cancel": _ask("job stopped", "job", role="admin"),
    "POST /radloop/jobs/{job}/resume": _ask("job resumed", "job", role="admin"),
    "GET /radloop/versions": _read(),
    "GET /radloop/versions/{model}": _read(),
    "POST /radloop/versions/{model}/rollback": _ask("version rolled back", "model", role="admin"),
    "POST /radloop/versions/{model}/{version}/publish": _ask("version published", "model", role="admin"),
    "GET /model/info/{model}": _read(),
    "GET /model/{model}": Rule("admin", "weights read", ("model",)),
    # -- images and labels
    "GET /datastore/": _read(),
    "PUT /datastore/": _keep("image added", "image"),
    "DELETE /datastore/": _keep("image removed", "id", role="admin"),
    "PUT /datastore/image": _keep("image added", "image"),
    "DELETE /datastore/image": _keep("image removed", "id", role="admin"),
    "HEAD /datastore/image": _read(),
    "GET /datastore/image": _read("image read", "image"),
    "GET /datastore/image/info": _read(),
    "PUT /datastore/image/info": _keep("image described", "image"),
    "PUT /datastore/label": _keep("label submitted", "image"),
    "DELETE /datastore/label": _keep("label removed", "id", role="admin"),
    "HEAD /datastore/label": _read(),
    "GET /datastore/label": _read("label read", "label"),
    "GET /datastore/label/info": _read(),
    "PUT /datastore/label/info": _keep("label described", "label"),
    "PUT /datastore/updatelabelinfo": _keep("label described", "label"),
    "GET /datastore/dataset": Rule("annotator", "data set read"),
    # -- the panels
    "GET /radloop/films": _read(),
    "POST /radloop/classify": _ask("analysed", "image"),
    "GET /radloop/cases": _read(),
    "POST /radloop/analyse": _ask("analysed", "image"),
    "POST /radloop/measure": Rule("reader", keeps=True),
    "GET /radloop/labels": _read(),
    "GET /radloop/label": _read("label read", "image"),
    "PUT /radloop/labels": _keep("label submitted", "image"),
    "GET /radloop/draft": _read(),
    "PUT /radloop/draft": _keep("draft kept", "image", view=True),
    "DELETE /radloop/draft": _keep("draft removed", "image"),
    "POST /radloop/export": _keep("SEG and SR stored", "image"),
    # -- the viewer and the archive that it reads
    "GET /ohif": _read(),
    "HEAD /ohif": _read(),
    "GET /ohif/{path:path}": _read(),
    "HEAD /ohif/{path:path}": _read(),
    f"GET {_STUDIES}": _search,
    "GET /dicom-web/series": _search,
    "GET /dicom-web/instances": _search,
    f"GET {_STUDIES}/{{study}}/series": _search,
    f"GET {_STUDIES}/{{study}}/instances": _search,
    f"GET {_SERIES}/instances": _search,
    f"GET {_STUDIES}/{{study}}/metadata": _fetch,
    f"GET {_SERIES}/metadata": _fetch,
    f"GET {_INSTANCE}/metadata": _fetch,
    f"GET {_INSTANCE}/frames/{{numbers}}": _fetch,
    f"GET {_STUDIES}/{{study}}": _fetch,
    f"GET {_SERIES}": _fetch,
    f"GET {_INSTANCE}": _fetch,
    f"POST {_STUDIES}": _keep("objects stored"),
    f"POST {_STUDIES}/{{study}}": _keep("objects stored", "study"),
}


@dataclass(frozen=True)
class Found:
    """The rule of a request; ``route`` is its path as the table has it, ``values`` what stands in its places."""

    rule: Rule
    route: str
    values: dict[str, Any]


_PATTERNS = [
    (method, route, compile_path(route)[0], rule)
    for method, _, route, rule in ((*key.partition(" "), rule) for key, rule in RULES.items())
]


def find(method: str, path: str) -> Found | None:
    """The rule of a request, if the table has one."""
    for of, route, pattern, rule in _PATTERNS:
        if of == method and (match := pattern.match(path)):
            return Found(rule, route, match.groupdict())
    return None


def methods_of(path: str) -> list[str]:
    """The methods that the table has for a path: none where it has not got the path at all."""
    return sorted({of for of, _, pattern, _ in _PATTERNS if pattern.match(path)})
