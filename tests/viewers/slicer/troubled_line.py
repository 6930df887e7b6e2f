"""A line between client and server that can be slow, silent, or cut: a TCP relay in threads."""

import contextlib
import socket
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class _Call:
    """One connection through the line; ``client_left`` once the client sends no more."""

    near: socket.socket
    far: socket.socket
    client_left: threading.Event = field(default_factory=threading.Event)

    def cut(self) -> None:
        for end in (self.near, self.far):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


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
            threading.Thread(target=self._carry, args=(_Call(near, far),), daemon=True).start()

    def _carry(self, call: _Call) -> None:
        """Relay both ways until both have ended: closing earlier would throw away what is still on its way, and a
        number of a closed socket may be that of a new one already."""
        up = threading.Thread(target=self._relay, args=(call, call.near, call.far, "up_bytes"), daemon=True)
        up.start()
        self._relay(call, call.far, call.near, "down_bytes")
        up.join()
        call.near.close()
        call.far.close()
        self.open_connections -= 1

    def _relay(self, call: _Call, source: socket.socket, target: socket.socket, limit: str) -> None:
        passed = 0
        try:
            while data := source.recv(4096):
                most = getattr(self, limit)
                if most is not None and passed + len(data) > most:
                    target.sendall(data[: most - passed])
                    call.cut()
                    return
                if limit == "down_bytes":
                    while self.bytes_per_s == 0 and not call.client_left.is_set():
                        time.sleep(0.01)
                    if self.bytes_per_s:
                        time.sleep(len(data) / self.bytes_per_s)
                target.sendall(data)
                passed += len(data)
            target.shutdown(socket.SHUT_WR)  # this way has ended; the other has not
        except OSError:  # one of the two is gone without a word
            call.cut()
        finally:
            if limit == "up_bytes":
                call.client_left.set()
