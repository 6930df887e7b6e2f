"""From settings to a listening server."""

import ipaddress
import logging
import socket
from urllib.parse import urlsplit

from radloop import places
from radloop.refusal import Refusal
from radloop.server.catalogue import Catalogue
from radloop.server.settings import Settings
from radloop.workers import Pool

SHUTDOWN_S = 3
"""How long answers under way may still take once the server is asked to stop."""


def serve(settings: Settings) -> None:
    listener = _listen(settings)
    _check_studies(settings)
    catalogue = Catalogue.of(places.bundles())
    pool = Pool(
        "radloop.tasks.service:open",
        {"models": catalogue.names},
        count=settings.workers,
        waiting_limit=settings.queue,
        niceness=settings.niceness,
    )
    pool.start()  # before FastAPI is imported: the workers' imports take longer

    import uvicorn

    from radloop.server.app import create_app

    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    try:
        app = create_app(settings, catalogue=catalogue, pool=pool)
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,  # its lines carry query strings
                server_header=False,
                timeout_graceful_shutdown=SHUTDOWN_S,
            )
        )
        host, port = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        where = f"{settings.shown_studies} at http://{shown}:{port}"
        print(f"radloop serves {where} (research use only; stop with Ctrl-C)", flush=True)
        server.run(sockets=[listener])
    finally:
        pool.close()


def _check_studies(settings: Settings) -> None:
    """A folder has to be there; another server may come later, but needs an address."""
    folder = settings.studies_folder
    if folder is not None and not folder.is_dir():
        raise Refusal("NO_STUDIES", f"{folder}: there is no such folder to serve images from.")
    if folder is None and not urlsplit(settings.shown_studies).hostname:
        raise Refusal("NO_STUDIES", f"{settings.shown_studies}: this is no address of a DICOMweb server.")


def _listen(settings: Settings) -> socket.socket:
    """Bind before anything is started, so that a port in use is said at once."""
    try:
        address = ipaddress.ip_address("127.0.0.1" if settings.host == "localhost" else settings.host)
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        raise Refusal(
            "NOT_LOOPBACK",
            f"{settings.host}: radloop serves this machine only (127.0.0.1); there is no access control yet.",
        )
    listener = socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((str(address), settings.port))
    except OSError as fault:
        listener.close()
        raise Refusal(
            "PORT", f"Port {settings.port} on {settings.host} cannot be used ({fault.strerror}); choose another."
        ) from fault
    listener.listen(2048)
    return listener
