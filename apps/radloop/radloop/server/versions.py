"""Which version of each model answers: named in every request to a worker, so that publishing needs no restart."""

import threading
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any

from radloop.refusal import Refusal
from radloop.server.catalogue import Catalogue
from radloop.store import Store
from radloop.store.versions import VersionRow, check_whole, note_shipped, publish, served, version
from radloop.workers import Busy, Job, Pool, Unavailable

CHECK_LIMIT_S = 120.0


class Serving:
    """Asks the pool on behalf of the routes, and knows what the workers found of each version.

    ``facts`` are those of ``Catalogue.with_states``: ``versions``, ``faults``, and ``reasons``, why another
    version answers than the one that was published.
    """

    def __init__(self, store: Store, pool: Pool, catalogue: Catalogue, bundles: Path) -> None:
        self._store = store
        self._pool = pool
        self._lock = threading.Lock()
        self._asked: dict[str, list[str]] = {}
        self._found: dict[str, tuple[str | None, str | None]] = {}
        self._models = catalogue.names
        for model in self._models:
            weights = bundles / model / "models" / "model.pt"
            if weights.is_file():
                note_shipped(store, model, catalogue.models[model].version, weights)

    def submit(self, what: str, arguments: dict[str, Any], *, time_limit_s: float) -> Job:
        """Queue a request for ``arguments["model"]`` with the version that is served now. Raises ``Busy``."""
        model = arguments["model"]
        rows = served(self._store, model)
        job = self._pool.submit(what, {**arguments, "versions": named(rows)}, time_limit_s=time_limit_s)
        job.future.add_done_callback(lambda future: self._note(model, future))
        return job

    def look(self) -> None:
        """Have a worker load what is to be served, where that has changed; does not wait."""
        for model in self._models:
            names = [row.name for row in served(self._store, model)]
            with self._lock:
                if not names or self._asked.get(model) == names:
                    continue
                self._asked[model] = names
            try:
                self.submit("use", {"model": model}, time_limit_s=CHECK_LIMIT_S)
            except Busy:
                with self._lock:
                    del self._asked[model]

    def facts(self) -> dict[str, Any] | None:
        """What the workers said when they opened, and since; None before that."""
        self.look()
        opened = self._pool.facts
        with self._lock:
            found, asked = dict(self._found), set(self._asked)
        if opened is None or asked - found.keys():  # what is served is still being loaded
            return None
        facts: dict[str, Any] = {"versions": dict(opened["versions"]), "faults": dict(opened["faults"]), "reasons": {}}
        for model, (name, reason) in found.items():
            if name is None:
                facts["faults"][model] = reason
            else:
                facts["faults"].pop(model, None)
                facts["versions"][model] = name
                facts["reasons"][model] = reason
        return facts

    def served(self, model: str) -> VersionRow | None:
        """The version that answers: of those that are to be tried in turn, the one that the workers could use."""
        rows = served(self._store, model)
        with self._lock:
            name = self._found.get(model, (None, None))[0]
        return next((row for row in rows if row.name == name), rows[0] if rows else None)

    def publish(self, model: str, name: str, author: str | None) -> VersionRow:
        """Have a version answer from now on, once a worker has loaded it.

        Raises ``Refusal``: NO_SUCH_VERSION, VERSION_DAMAGED, SERVED_ALREADY, and BAD_VERSION where it does not load.
        """
        row = version(self._store, model, name)
        check_whole(row)
        tried = {"model": model, "versions": named([row])}
        try:
            self._pool.submit("use", tried, time_limit_s=CHECK_LIMIT_S).future.result()
        except Refusal as refusal:
            raise Refusal("BAD_VERSION", refusal.sentence, http_status=409) from refusal
        row = publish(self._store, model, name, author)
        self.look()
        return row

    def _note(self, model: str, future: "Future[dict[str, Any]]") -> None:
        try:
            result = future.result()
        except (Unavailable, CancelledError, RuntimeError):
            with self._lock:
                if model not in self._found:  # to be asked once more
                    self._asked.pop(model, None)
            return
        except Refusal as refusal:
            if refusal.code == "NO_VERSION":
                self._keep(model, None, refusal.sentence)
            return
        if "version" not in result:  # no version had a part in it
            return
        passed_over = result["passed_over"]
        answers = f"Version {result['version']} answers instead."
        self._keep(model, result["version"], f"{' '.join(passed_over.values())} {answers}" if passed_over else None)

    def _keep(self, model: str, name: str | None, reason: str | None) -> None:
        with self._lock:
            self._found[model] = name, reason


def named(rows: list[VersionRow]) -> list[dict[str, str]]:
    """Versions as a worker is told them."""
    return [{"version": row.name, "file": str(row.weights), "sha256": row.sha256} for row in rows]
