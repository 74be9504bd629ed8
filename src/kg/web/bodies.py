"""Bodies that arrive slowly, or never: what they may hold up, and for how long.

Notes
-----
The server hands a request to a thread before its body has come, and the thread waits for the rest in the server's own
code, where no time-out reaches it. Sixteen clients that stop in the middle of a body would stop the service. Therefore:

- No more than half of the threads may wait for bodies; whoever sends another one gets 503. Queries by GET go on.
- A connection that has brought hardly anything for fifteen seconds, from an address whose body is overdue, is cut. The
  server doesn't tell which connection a request came by, so it is found by the kernel's count of what it has received;
  an address that leaves bodies unsent may so lose its other connections that are silent for as long.
- A body that ends before its announced length is refused: the beginning of an update may be another update.
"""

import contextlib
import io
import logging
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from kg.web.problem import RequestRefused

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from _typeshed.wsgi import WSGIEnvironment

logger = logging.getLogger(__name__)

#: How long a request waits for its turn to be read.
PATIENCE_S: Final = 2.0
#: After so many seconds a body is overdue.
OVERDUE_S: Final = 5.0
#: A connection of an overdue address must bring this much in this time, or take something.
WINDOW_S: Final = 15.0
LEAST_BYTES: Final = 8 * 1024
_LOOK_S: Final = 2.0
_PIECE_BYTES: Final = 65_536
# Of the kernel's struct tcp_info: the bytes that the other side has acknowledged, and those received from it.
_COUNTS: Final = struct.Struct("@QQ")
_COUNTS_AT: Final = 120
_INFO_BYTES: Final = _COUNTS_AT + _COUNTS.size


class Bodies:
    """The bodies that are being read.

    Parameters
    ----------
    most
        How many may be read at the same time.
    """

    def __init__(self, most: int) -> None:
        self.places = threading.BoundedSemaphore(most)
        self.reading: set[Body] = set()
        self._watched = False
        self._lock = threading.Lock()

    def body_of(self, environ: "WSGIEnvironment") -> "Body | None":
        """Put a request's body under supervision, if it has one."""
        length = environ.get("CONTENT_LENGTH", "")
        if length in {"", "0"} and "HTTP_TRANSFER_ENCODING" not in environ:
            return None
        body = Body(self, environ["wsgi.input"], length, environ.get("REMOTE_ADDR", ""))
        environ["wsgi.input"] = body
        return body

    def watch(self) -> None:
        """See to it that somebody looks at what takes long."""
        if self._watched or sys.platform != "linux":
            return
        with self._lock:
            if not self._watched:
                self._watched = True
                threading.Thread(target=self._look, name="kg-bodies", daemon=True).start()

    def _look(self) -> None:
        seen: dict[tuple[int, Any], tuple[float, int, int]] = {}
        while True:
            time.sleep(_LOOK_S)
            now = time.monotonic()
            overdue = {body.address for body in list(self.reading) if now - body.since > OVERDUE_S}
            try:
                seen = cut_silent(overdue, seen, now) if overdue else {}
            except Exception:
                logger.exception("the connections can't be looked at")


class Body(io.RawIOBase):
    """A request's body, which takes a place among those that are read until it is whole."""

    def __init__(self, bodies: Bodies, inner: Any, length: str, address: str) -> None:
        self._bodies = bodies
        self._inner = inner
        self._left = int(length) if length.isascii() and length.isdigit() else None
        self._held = False
        self.address = address
        self.since = 0.0

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Read a piece.

        Raises
        ------
        RequestRefused
            503 if too many bodies are read already, 400 if the body ends before its length.
        """
        view = memoryview(buffer)
        if not self._held and self._left != 0:
            self._begin()
        piece = self._inner.read(min(len(view), _PIECE_BYTES)) if self._left != 0 else b""
        view[: len(piece)] = piece
        if self._left is not None:
            self._left -= len(piece)
            if self._left > 0 and not piece and len(view):
                self.release()
                raise RequestRefused(
                    HTTPStatus.BAD_REQUEST, "The body ended before its announced length.", "Send it whole."
                )
        if self._left == 0 or not piece:
            self.release()
        return len(piece)

    def _begin(self) -> None:
        if not self._bodies.places.acquire(timeout=PATIENCE_S):
            raise RequestRefused(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "As many bodies are being received as the service takes at the same time.",
                "Try again in a few seconds; a query that fits into an address can be sent by GET.",
                {"Retry-After": "5"},
            )
        self._held = True
        self.since = time.monotonic()
        self._bodies.reading.add(self)
        self._bodies.watch()

    def release(self) -> None:
        """Leave the place to another body."""
        if self._held:
            self._held = False
            self._left = 0
            self._bodies.reading.discard(self)
            self._bodies.places.release()


def cut_silent(
    addresses: set[str], seen: dict[tuple[int, Any], tuple[float, int, int]], now: float
) -> dict[tuple[int, Any], tuple[float, int, int]]:
    """Cut connections of some addresses that have brought too little; return what is to be remembered of the others.

    Parameters
    ----------
    addresses
        Whose connections are looked at.
    seen
        What was returned last: since when a connection has done so little, and what it had taken and brought then.
    now
        The monotonic time.
    """
    remembered: dict[tuple[int, Any], tuple[float, int, int]] = {}
    for descriptor, connection in _connections():
        with connection, contextlib.suppress(OSError):
            peer = connection.getpeername()
            if peer[0] not in addresses:
                continue
            info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_BYTES)
            if len(info) < _INFO_BYTES:
                continue
            taken, brought = _COUNTS.unpack_from(info, _COUNTS_AT)
            since, taken_then, brought_then = seen.get((descriptor, peer), (now, taken, brought))
            if taken != taken_then or brought - brought_then >= LEAST_BYTES:
                since, taken_then, brought_then = now, taken, brought
            if now - since < WINDOW_S:
                remembered[descriptor, peer] = (since, taken_then, brought_then)
                continue
            logger.warning("a connection of %s that brought nothing is cut", peer[0])
            connection.shutdown(socket.SHUT_RDWR)
    return remembered


def _connections() -> Iterator[tuple[int, socket.socket]]:
    """Yield the internet sockets of this process, each as a duplicate that the caller closes."""
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - numbers are wanted, not paths
        with contextlib.suppress(OSError):
            if not os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):  # noqa: PTH115 - as above
                continue
            connection = socket.socket(fileno=os.dup(int(name)))
            if connection.family in {socket.AF_INET, socket.AF_INET6} and connection.type == socket.SOCK_STREAM:
                yield int(name), connection
            else:
                connection.close()
