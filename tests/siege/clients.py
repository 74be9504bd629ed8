"""Who besieges a service, and who works with it meanwhile: plain sockets, with a bound on every wait."""

import contextlib
import itertools
import re
import socket
import statistics
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

#: After so long without an answer a request counts as hanging.
PATIENCE_S = 60.0
TOKEN = "siege-token-0123456789"  # noqa: S105 - of services that live for a test
QUERY = "application/sparql-query"
UPDATE = "application/sparql-update"
_COUNT = itertools.count()


@dataclass(frozen=True)
class Answer:
    """What came back: status 0 where the connection was closed without an answer, -1 where none came in time."""

    status: int
    seconds: float
    head: bytes = b""
    body: bytes = b""

    @property
    def whole(self) -> bool:
        """Whether the service called the result whole and in order."""
        return b"kg-complete: true" in self.head.lower()


def connect(port: int, *, receive_bytes: int = 0) -> socket.socket:
    """Open a connection; one with a small buffer makes its sender wait."""
    connection = socket.socket()
    if receive_bytes:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    connection.settimeout(PATIENCE_S)
    connection.connect(("127.0.0.1", port))
    return connection


def send(port: int, request: bytes, *, most_bytes: int = 200_000_000) -> Answer:
    """Send the bytes of a request, and read until its answer ends."""
    started = time.monotonic()

    def answer(status: int, data: bytes = b"") -> Answer:
        head, _, body = data.partition(b"\r\n\r\n")
        return Answer(status, time.monotonic() - started, head, body)

    data = bytearray()
    try:
        with connect(port) as connection:
            # A refusal may come, and the connection be closed, before everything was sent.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(request)
            while len(data) < most_bytes and time.monotonic() - started < PATIENCE_S:
                block = connection.recv(262_144)
                data += block
                if not block or _ended(data):
                    break
    except TimeoutError:
        return answer(-1, bytes(data))
    except OSError:
        pass
    status = re.match(rb"HTTP/1\.1 (\d{3})", data)
    if status is None:
        return answer(0)
    return answer(int(status[1]) if time.monotonic() - started < PATIENCE_S else -1, bytes(data))


def _ended(data: bytearray) -> bool:
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return False
    head = bytes(data[:end]).lower()
    if length := re.search(rb"\r\ncontent-length: (\d+)", head):
        return len(data) - end - 4 >= int(length[1])
    return b"chunked" not in head or data.endswith(b"\r\n0\r\n\r\n")


def request(
    method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | Iterable[tuple[str, str]] = ()
) -> bytes:
    """Return the bytes of a request."""
    pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
    if body is not None:
        pairs.append(("Content-Length", str(len(body))))
    lines = "".join(f"{name}: {value}\r\n" for name, value in pairs)
    return f"{method} {path} HTTP/1.1\r\nHost: siege\r\n{lines}\r\n".encode() + (body or b"")


def ask(port: int, query: str, accept: str = "text/csv", **parameters: str) -> Answer:
    """Send a query by GET."""
    path = f"/sparql?{urlencode({'query': query, **parameters})}"
    return send(port, request("GET", path, headers={"Accept": accept}))


def post(port: int, query: str, accept: str = "text/csv") -> Answer:
    """Send a query as a body."""
    return send(port, request("POST", "/sparql", query.encode(), {"Accept": accept, "Content-Type": QUERY}))


def update(port: int, text: str | bytes) -> Answer:
    """Send an update."""
    data = text if isinstance(text, bytes) else text.encode()
    headers = {"Content-Type": UPDATE, "Authorization": f"Bearer {TOKEN}"}
    return send(port, request("POST", "/update", data, headers))


def put(port: int, graph: str, data: bytes, media_type: str = "text/turtle") -> Answer:
    """Replace a graph."""
    headers = {"Content-Type": media_type, "Authorization": f"Bearer {TOKEN}"}
    return send(port, request("PUT", f"/graphs?{urlencode({'graph': graph})}", data, headers))


@dataclass
class Reader:
    """A client that asks small questions, one after another, and knows the answers."""

    port: int
    questions: list[tuple[str, bytes]]
    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> "Reader":
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        return self

    def _work(self) -> None:
        for query, expected in itertools.cycle(self.questions):
            if self._ended.is_set():
                return
            # A comment of its own: nothing that was kept answers it.
            answer = ask(self.port, f"{query} # {next(_COUNT)}")
            self.seconds.append(answer.seconds)
            if answer.status != 200 or sorted(answer.body.split()) != sorted(expected.split()):
                self.wrong.append(f"{answer.status} after {answer.seconds:.2f} s: {answer.body[:200]!r}")
            time.sleep(0.005)

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        assert self._thread is not None
        self._thread.join(2 * PATIENCE_S)
        assert not self._thread.is_alive()

    def figures(self) -> str:
        """Say how it went."""
        times = sorted(self.seconds)
        middle, most = statistics.median(times) * 1000, times[int(len(times) * 0.95)] * 1000
        return (
            f"{len(times):,} small queries, {len(self.wrong)} not right; median {middle:.1f} ms, "
            f"95th percentile {most:.0f} ms, longest {times[-1] * 1000:.0f} ms"
        )
