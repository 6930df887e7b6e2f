"""The short form of ``fuzz.py``: a few cases for each operation."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import fuzz

from radloop.store import Store
from radloop.store.tokens import Tokens


def test_no_request_that_the_document_allows_or_forbids_breaks_the_server(
    serve: Callable[..., Any], tmp_path: Path
) -> None:
    studies, known = fuzz.throw_away(tmp_path)
    with Store(tmp_path / "data") as store:
        _, token = Tokens(store.database).create("fuzz", "admin", days=1)
    with serve(studies, tmp_path, access="true") as server:
        server.wait_ready()
        statuses, wrong = fuzz.fuzz(server.base, token, known, cases=100, number=7, say=print)
        assert not wrong, "\n".join(wrong)
        assert statuses[200] > 20
        assert statuses.total() >= 100
        assert "Traceback" not in server.log
