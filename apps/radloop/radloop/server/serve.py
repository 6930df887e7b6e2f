"""From settings to a listening server."""

import asyncio
import ipaddress
import logging
import socket
import tempfile
import threading
from pathlib import Path

from radloop import places
from radloop.refusal import Refusal
from radloop.server.catalogue import Catalogue
from radloop.server.settings import Settings
from radloop.workers import Pool

FINISH_S, SHUTDOWN_S = 2, 5
"""How long answers under way may still take once the server is asked to stop; what comes no more is let go after that.

Whoever waits for a worker is told so in between, while there is still a connection to tell him through."""

OPENER = "radloop.tasks.service:open"


def serve(settings: Settings) -> None:
    _check_access(settings)
    _check_studies(settings)
    listener = _listen(settings)
    limits = {"max_side": settings.side_limit, "max_voxels": settings.voxels_limit_m * 1_000_000}
    catalogue = Catalogue.of(places.bundles())
    pool = Pool(
        OPENER,
        {"models": catalogue.names, "limits": limits},
        count=settings.workers,
        waiting_limit=settings.queue,
        niceness=settings.niceness,
    )
    pool.start()  # before FastAPI is imported: the workers' imports take longer

    import uvicorn

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            app.state.context.stopping.set()
            asyncio.get_running_loop().call_later(FINISH_S, threading.Thread(target=pool.close).start)
            await super().shutdown(sockets)

    from radloop.images import Limits, limit_to
    from radloop.server.app import create_app

    limit_to(Limits(**limits))
    _log(settings.log_level)
    try:
        app = create_app(settings, catalogue=catalogue, pool=pool)
        server = Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,  # its lines carry query strings
                server_header=False,
                lifespan="on",  # else what goes wrong at start is passed over in silence
                ssl_certfile=settings.tls_cert,
                ssl_keyfile=settings.tls_key,
                proxy_headers=settings.behind_proxy,
                forwarded_allow_ips=list(settings.proxies),
                timeout_graceful_shutdown=SHUTDOWN_S,
            )
        )
        host, port = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        scheme = "https" if settings.speaks_tls else "http"
        where = f"{settings.shown_studies} at {scheme}://{shown}:{port}"
        print(f"radloop serves {where} (research use only; stop with Ctrl-C)", flush=True)
        server.run(sockets=[listener])
    finally:
        pool.close()
        tempfile.tempdir = None  # what is written of a fault of ours must outlive the next start


def _check_studies(settings: Settings) -> None:
    """A folder has to be there; another server may come later, but needs an address."""
    folder = settings.studies_folder
    if folder is not None and not folder.is_dir():
        raise Refusal("NO_STUDIES", f"{folder}: there is no such folder to serve images from.")
    if folder is None and not _is_address(str(settings.archive)):
        raise Refusal("NO_STUDIES", f"{settings.shown_studies}: this is no address of a DICOMweb server.")


def _is_address(text: str) -> bool:
    import httpx  # which asks that server later

    try:
        url = httpx.URL(text)
        return bool(url.host) and (url.port or 80) < 1 << 16
    except (httpx.InvalidURL, ValueError):  # the latter of names that are none
        return False


def _check_access(settings: Settings) -> None:
    """Off this machine nobody is served without a token and TLS."""
    if settings.tls_cert is None and settings.tls_key is not None:
        raise Refusal("NO_TLS", "--tls-key needs --tls-cert, the certificate that the key belongs to.")
    for file in (settings.tls_cert, settings.tls_key):
        if file is not None and not file.is_file():
            raise Refusal("NO_TLS", f"{file}: there is no such file to speak TLS with.")
    if settings.tls_cert is not None:
        _check_certificate(settings.tls_cert, settings.tls_key)
    if not (settings.loopback or settings.speaks_tls or settings.behind_proxy):
        raise Refusal(
            "NO_TLS",
            f"{settings.host}: tokens and images would cross the network in the clear; give --tls-cert and --tls-key, "
            "or --behind-proxy where a proxy in front of the server speaks TLS.",
        )
    if settings.asks_for_tokens and not _any_token(settings):
        raise Refusal(
            "NO_TOKEN",
            "Nobody could use this server, for it asks for tokens and none was made yet: "
            "radloop token create NAME --role admin (with the same --data).",
        )


def _check_certificate(cert: Path, key: Path | None) -> None:
    import ssl

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password=lambda: "")
    except OSError as fault:  # what ssl raises is one, too
        both = f"{cert} and {key} are" if key else f"{cert} is"
        raise Refusal(
            "NO_TLS",
            f"{both} no certificate with its key to speak TLS with ({fault.strerror or fault}): both in PEM, "
            "made for each other, the key without a password.",
        ) from None


def _any_token(settings: Settings) -> bool:
    from radloop.store import Store
    from radloop.store.tokens import Tokens

    with Store(places.data(settings.home)) as store:
        return any(token.usable for token in Tokens(store.database).all())


def _log(level: str) -> None:
    from radloop.server.logs import FORMAT

    logging.basicConfig(format=FORMAT)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(logging.Formatter(FORMAT))
    logging.getLogger().setLevel(logging.WARNING)  # other people's libraries tell of what they were given
    logging.getLogger("radloop").setLevel(level.upper())
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    logging.raiseExceptions = False  # a line that finds no room is lost, and nothing else is


def _is_news(record: logging.LogRecord) -> bool:
    """Requests that are let go at the end are counted in a line of their own; where each was just then is no fault."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def _listen(settings: Settings) -> socket.socket:
    """Bind before anything is started, so that a port in use is said at once."""
    try:
        address = ipaddress.ip_address("127.0.0.1" if settings.host == "localhost" else settings.host)
    except ValueError:
        raise Refusal("HOST", f"{settings.host}: is no address to listen on; give an IP address, as 0.0.0.0.") from None
    # asyncio sends at once (TCP_NODELAY) only on sockets that name TCP; else each answer waits 40 ms for an ACK.
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
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
