"""HTTP: MONAI Label's REST API on a light process that keeps the store and sends the work to its workers.

Imports neither torch nor MONAI, and FastAPI only once the workers are on their way: see ``run``.
"""

from radloop.server.settings import Settings

__all__ = ["Settings", "run"]


def run(settings: Settings) -> None:
    """Serve until interrupted. Raises ``Refusal`` where the settings or the port cannot be used."""
    from radloop.server.serve import serve

    serve(settings)
