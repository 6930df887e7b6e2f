"""Which version of each model answers: named in every request to a worker, so that publishing needs no restart."""

import logging
import threading
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radloop import places
from radloop.refusal import Refusal
from radloop.server.catalogue import Catalogue
from radloop.store import Store
from radloop.store.versions import VersionRow, check_whole, note_shipped, publish, served, version
from radloop.workers import Busy, Job, Pool, Unavailable

log = logging.getLogger(__name__)

CHECK_LIMIT_S = 120.0
"""Of loading a version."""


@dataclass(frozen=True)
class _Found:
    """Of the versions ``of``, to be tried in turn, the one that a worker could use, or None; why not the first."""

    of: list[str]
    version: str | None
    reason: str | None


class Serving:
    """Asks the pool on behalf of the routes, and knows what the workers found of each version.

    ``facts`` are those of ``Catalogue.with_states``: ``versions``, ``faults``, and ``reasons``, why another
    version answers than the one that was published; ``metrics`` of those that answer, and ``classes``, where a
    version has its own.
    """

    def __init__(self, store: Store, pool: Pool, catalogue: Catalogue, bundles: Path) -> None:
        self._store = store
        self._pool = pool
        self._lock = threading.Lock()
        # By model: the versions that a worker was told to use last, and what came of it.
        self._asked: dict[str, list[str]] = {}
        self._found: dict[str, _Found] = {}
        self._models = catalogue.names
        for model in self._models:
            weights = places.weights(bundles / model)[0]
            if weights.is_file():
                try:
                    note_shipped(store, model, catalogue.models[model].version, weights)
                except Refusal as refusal:  # a full disk: what is known already, or what is shipped, answers
                    log.error("the shipped weights of %s could not be kept: %s", model, refusal.sentence)

    def submit(self, what: str, arguments: dict[str, Any], *, time_limit_s: float) -> Job:
        """Queue a request for ``arguments["model"]`` with the version that is served now. Raises ``Busy``."""
        model = arguments["model"]
        rows = served(self._store, model)
        names = [row.name for row in rows]
        job = self._pool.submit(what, {**arguments, "versions": named(rows)}, time_limit_s=time_limit_s)
        job.future.add_done_callback(lambda future: self._note(model, names, future))
        return job

    def look(self) -> dict[str, list[VersionRow]]:
        """What is to be served, by model, newest first; a worker is told to load it where that has changed."""
        rows = {model: served(self._store, model) for model in self._models}
        for model in self._models:
            names = [row.name for row in rows[model]]
            with self._lock:
                if not names or self._asked.get(model) == names:
                    continue
                self._asked[model] = names
            try:
                self.submit("use", {"model": model}, time_limit_s=CHECK_LIMIT_S)
            except Busy:
                with self._lock:
                    del self._asked[model]
        return rows

    def facts(self) -> dict[str, Any] | None:
        """What the workers said when they opened, and since; None before that."""
        rows = self.look()
        opened = self._pool.facts
        with self._lock:
            found, asked = dict(self._found), set(self._asked)
        if opened is None or asked - found.keys():  # what is served is still being loaded
            return None
        facts: dict[str, Any] = {"versions": dict(opened["versions"]), "faults": dict(opened["faults"])}
        facts |= {"reasons": {}, "metrics": {}, "classes": {}}
        for model, one in found.items():
            if one.version is None:
                facts["faults"][model] = one.reason
            else:
                facts["faults"].pop(model, None)
                facts["versions"][model] = one.version
                facts["reasons"][model] = one.reason
                answering = next((row for row in rows[model] if row.name == one.version), None)
                facts["metrics"][model] = answering.metrics if answering else {}
                facts["classes"][model] = (
                    answering.settings.get("classification", {}).get("classes") if answering else None
                )
        return facts

    def served(self, model: str) -> VersionRow | None:
        """The version that answers: of those that are to be tried in turn, the one that the workers could use."""
        rows = served(self._store, model)
        with self._lock:
            found = self._found.get(model)
        if found is not None and found.of == [row.name for row in rows]:
            return next((row for row in rows if row.name == found.version), None)
        return rows[0] if rows else None  # not tried yet

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
        names = [one.name for one in served(self._store, model)]
        with self._lock:
            self._asked[model], self._found[model] = names, _Found(names, name, None)
        return row

    def _note(self, model: str, names: list[str], future: "Future[dict[str, Any]]") -> None:
        found = None
        try:
            result = future.result()
            if "version" in result:  # else no version had a part in it
                instead = f"Version {result['version']} answers instead."
                reasons = [*result["passed_over"].values(), instead] if result["passed_over"] else []
                found = _Found(names, result["version"], " ".join(reasons) or None)
        except (Unavailable, CancelledError, RuntimeError):
            pass
        except Refusal as refusal:
            if refusal.code == "NO_VERSION":
                found = _Found(names, None, refusal.sentence)
        with self._lock:
            if names != self._asked.get(model):  # another version has been published since
                return
            if found is not None:
                self._found[model] = found
            elif model not in self._found or self._found[model].of != names:  # to be asked once more
                del self._asked[model]


def named(rows: list[VersionRow]) -> list[dict[str, Any]]:
    """Versions as a worker is told them."""
    return [
        {"version": row.name, "file": str(row.weights), "sha256": row.sha256, "settings": row.settings} for row in rows
    ]
