"""A line between client and server that can be slow, silent, or cut: a TCP relay in threads."""

import contextlib
import socket
import threading
import time
from urllib.parse import urlsplit


class TroubledLine:
    """Relays to a server. Change ``down_bytes``, ``up_bytes``, ``bytes_per_s`` at any time.

    down_bytes, up_bytes : how much of an answer, of a request, goes through before the line is cut; None: all.
    bytes_per_s : speed of answers; None: as fast as it goes; 0: silence.
    """

    def __init__(self, url: str) -> None:
        self._there = (urlsplit(url).hostname, urlsplit(url).port)
        self.down_bytes = self.up_bytes = self.bytes_per_s = None
        self.open_connections = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:  # closed
                return
            try:
                far = socket.create_connection(self._there)
            except OSError:  # no server: nobody is there for the client either
                near.close()
                continue
            self.open_connections += 1
            both = (near, far)
            threading.Thread(target=self._relay, args=(near, far, "up_bytes", both), daemon=True).start()
            threading.Thread(target=self._relay, args=(far, near, "down_bytes", both), daemon=True).start()

    def _relay(self, source, target, limit, both) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                most = getattr(self, limit)
                if most is not None and passed + len(data) > most:
                    target.sendall(data[: most - passed])
                    break
                if limit == "down_bytes":
                    while self.bytes_per_s == 0:
                        time.sleep(0.01)
                        if both[0].fileno() < 0:
                            return
                    if self.bytes_per_s:
                        time.sleep(len(data) / self.bytes_per_s)
                target.sendall(data)
                passed += len(data)
        for end in both:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        if limit == "down_bytes":
            self.open_connections -= 1
