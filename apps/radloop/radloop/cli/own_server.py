"""A server for the length of a command."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from radloop.refusal import Refusal

START_LIMIT_S = 120


@contextmanager
def own_server(studies: Path, scratch: Path) -> Iterator[str]:
    """A server of ``studies`` on a free port of this machine, ready to infer; ended when the block is left.

    ``scratch`` takes its data and its log. Yields the address. Raises Refusal where it does not start.
    """
    import requests

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "radloop", "serve", "--port", str(port), "--data", str(scratch / "data")]
    command += ["--studies", str(studies)]
    url = f"http://127.0.0.1:{port}"
    click.echo(f"starting the server on {url}")
    log = (scratch / "server.log").open("w+")
    began = time.monotonic()
    server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=os.environ)
    try:
        while True:
            if server.poll() is not None or time.monotonic() - began > START_LIMIT_S:
                log.seek(0)
                raise Refusal("NO_SERVER", f"the server did not start: {log.read().strip()[-400:]}")
            try:
                if requests.get(f"{url}/readyz", timeout=5).ok:
                    break
            except (requests.ConnectionError, requests.Timeout):
                pass
            time.sleep(0.1)
        click.echo(f"ready after {time.monotonic() - began:.1f} s")
        yield url
    finally:
        server.terminate()
        server.wait(timeout=30)
        log.close()
