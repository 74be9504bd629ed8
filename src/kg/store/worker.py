"""The process that evaluates one query at a time over a read-only snapshot, and can be killed.

`kg.store.pool` starts it by exec, with one end of a socket pair, and talks to it in frames. It imports the engine and
as little else as it can, so that a new one is soon there. It ends when the other end of its socket is closed, which the
kernel does however the serving process ends.

Notes
-----
*Frames.* A request is its length (4 bytes) and a marshalled tuple: both ends are the same interpreter, and only the
serving process sends it. An answer is a kind, a flag, a length and that many bytes, and is read without trusting it:

- ``W`` the whole result; ``D`` a part of it; ``E`` its end;
- ``L`` its end at a limit: ``rows`` or ``bytes``, a line feed, and what closes the document (``-`` where nothing does);
- ``X`` a failure: its kind, a line feed and the engine's message.

The flag says that the worker has grown and should be replaced.

*Limits.* Memory is bounded by RLIMIT_AS, under which an allocation fails, and the process with it. Time is bounded from
outside.
"""

import _thread
import marshal
import os
import re
import resource
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

import pyoxigraph as ox

from kg.errors import QueryRefused, ResultNotXml
from kg.store.dataset import evaluate
from kg.store.examine import examine_apart
from kg.store.meter import NO_LIMIT, Full, Meter

BLOCK_BYTES: Final = 65_536
#: A result that ends within a block and this time goes out in one frame; later, what is there goes out at once.
_TOGETHER_S: Final = 0.02
#: A worker that keeps more than this beyond what it began with is replaced.
_GROWN_BYTES: Final = 256 * 1024 * 1024
_BATCH_TRIPLES: Final = 2_000

HEAD: Final = struct.Struct("<cBI")
LENGTH: Final = struct.Struct("<I")

_ENGINE_FORMATS: Final[dict[str, ox.QueryResultsFormat | ox.RdfFormat]] = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "jsonld": ox.RdfFormat.JSON_LD,
    "rdfxml": ox.RdfFormat.RDF_XML,
}
# A carriage return would be read back as a line feed, and XML 1.0 has no spelling for the other control characters.
_NOT_XML: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def cleaned(block: bytes) -> bytes:
    """Return a part of an XML document with its carriage returns escaped.

    Raises
    ------
    ResultNotXml
        If it holds a character that XML can't carry.
    """
    if bad := _NOT_XML.search(block):
        raise ResultNotXml(bad.group()[0])
    return block.replace(b"\r", b"&#xD;") if b"\r" in block else block


def write_turtle(triples: Iterable[ox.Triple], out: Any, prefixes: dict[str, str], max_rows: int = NO_LIMIT) -> None:
    """Write Turtle with prefixes, which the results' own serialiser can't.

    `serialize` keeps the GIL, so that writing to a pipe that is full would stop its reader too: it writes to memory, a
    batch at a time, and Python writes that.
    """
    remaining = iter(triples)
    head = ox.serialize((), format=ox.RdfFormat.TURTLE, prefixes=prefixes) or b""
    out.write(head)
    written = 0
    while batch := list(islice(remaining, min(_BATCH_TRIPLES, max_rows - written))):
        out.write((ox.serialize(batch, format=ox.RdfFormat.TURTLE, prefixes=prefixes) or b"").removeprefix(head))
        written += len(batch)
    if written >= max_rows and next(remaining, None) is not None:
        raise Full("rows", b"", b"")


class Writer:
    """What the engine writes to: a file that counts, gathers blocks and sends them as frames."""

    def __init__(self, channel: socket.socket, name: str, max_rows: int, max_bytes: int) -> None:
        self._channel = channel
        self._meter = Meter(name, max_rows, max_bytes)
        self._xml = name in {"xml", "rdfxml"}
        self._parts: list[bytes] = []
        self._size = 0
        self._sent = False
        self._over = False
        self._due = time.monotonic() + _TOGETHER_S

    def write(self, block: bytes) -> int:
        """Take in a block; once a limit is reached, what the engine still has in hand falls away."""
        if self._over:
            return len(block)
        self._parts.append(block)
        self._size += len(block)
        if self._size >= BLOCK_BYTES or time.monotonic() >= self._due:
            self._send(b"D", self._feed())
            self._due = time.monotonic() + _TOGETHER_S
        return len(block)

    def flush(self) -> None:
        """Do nothing: what is gathered goes out soon enough."""

    def end(self) -> None:
        """Send what is left, and that it is the end."""
        block = self._feed() + self._meter.rest()
        if not self._sent:
            self._send(b"W", block)
            return
        if block:
            self._send(b"D", block)
        self._send(b"E", b"")

    def cut(self, full: Full) -> None:
        """Send what is left up to a limit, and that it was reached."""
        # Where it wasn't the meter that found the limit, something is gathered still.
        block = full.last if self._over else self._feed() + full.last
        if block:
            self._send(b"D", block)
        self._send(b"L", full.limit.encode() + b"\n" + (b"-" if full.closing is None else full.closing))

    def _feed(self) -> bytes:
        block = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts = []
        self._size = 0
        try:
            return self._meter.feed(block)
        except Full:
            self._over = True
            raise

    def _send(self, kind: bytes, payload: bytes) -> None:
        if self._xml and kind in b"DW":
            payload = cleaned(payload)
        flag = 0
        if kind != b"D":
            flag = time.monotonic() > self._due and _has_grown()
        self._sent = True
        self._channel.sendall(HEAD.pack(kind, flag, len(payload)) + payload)


_began_bytes = 0


def _has_grown() -> bool:
    return _began_bytes > 0 and _memory_pages()[1] * resource.getpagesize() > _began_bytes + _GROWN_BYTES


def _memory_pages() -> tuple[int, int]:
    """Return the pages of the process's address space, and those that are resident."""
    with open("/proc/self/statm", encoding="ascii") as told:  # noqa: PTH123 - the worker imports no pathlib
        size, resident = told.read().split()[:2]
    return int(size), int(resident)


def answer(channel: socket.socket, engine: ox.Store, request: tuple[Any, ...]) -> None:
    """Evaluate one query and send its result."""
    text, base, graphs, name, prefixes, max_rows, max_bytes = request
    if graphs is not None:
        graphs = tuple([ox.NamedNode(iri) for iri in part] for part in graphs)
    writer = Writer(channel, name, max_rows, max_bytes)
    try:
        results = evaluate(engine, text, base, graphs)
        if isinstance(results, ox.QueryTriples) and name == "turtle":
            write_turtle(results, writer, prefixes, max_rows)
        else:
            results.serialize(writer, format=_ENGINE_FORMATS[name])
        writer.end()
    except Full as full:
        writer.cut(full)
    except (ConnectionError, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - the engine's panics are no Exception, and none may be lost
        _fail(channel, error)


def _fail(channel: socket.socket, error: BaseException) -> None:
    kind = {SyntaxError: "syntax", MemoryError: "memory"}.get(type(error), "failed")
    said = str(error)
    if isinstance(error, ResultNotXml):
        kind, said = "xml", str(error.character)
    if isinstance(error, QueryRefused):
        kind, said = "refused", f"{error.reason}\n{error.advice}"
    payload = f"{kind}\n{said}".encode("utf-8", "replace")
    channel.sendall(HEAD.pack(b"X", 0 if isinstance(error, Exception) else 1, len(payload)) + payload)


def rehearse(channel: socket.socket, text: str, base: str | None) -> None:
    """Apply an update to an empty dataset, to learn whether it parses; send nothing or its failure."""
    try:
        ox.Store().update(text, base_iri=base)
    except (SyntaxError, MemoryError) as error:
        _fail(channel, error)
        return
    except (RuntimeError, OSError, ValueError):
        # A graph that isn't there, say: that tells nothing of the update.
        pass
    channel.sendall(HEAD.pack(b"W", int(_has_grown()), 0))


def examine(channel: socket.socket, *what: Any) -> None:
    """Read a graph that somebody sends; send nothing or why the writer mustn't."""
    try:
        examine_apart(*what)
    except (QueryRefused, MemoryError, RuntimeError, OSError) as error:
        _fail(channel, error)
        return
    channel.sendall(HEAD.pack(b"W", int(_has_grown()), 0))


_BESIDE: Final = {"rehearse": rehearse, "examine": examine}


def serve(channel: socket.socket, memory_bytes: int) -> None:
    """Answer requests one after another, until the other end is closed."""
    engine: ox.Store | None = None
    opened = ""
    for kind, folder, request in _requests(channel):
        if folder != opened:
            # Two open copies would take twice the memory.
            engine, opened = None, ""
        if kind in _BESIDE:
            _BESIDE[kind](channel, *request)
            continue
        try:
            if engine is None:
                _unbind()
                engine, opened = ox.Store.read_only(folder), folder
                _bind(memory_bytes)
        except (OSError, RuntimeError, ValueError) as error:
            if kind == "query":
                payload = f"store\n{error}".encode("utf-8", "replace")
                channel.sendall(HEAD.pack(b"X", 1, len(payload)) + payload)
            continue
        if kind == "query":
            answer(channel, engine, request)


def _requests(channel: socket.socket) -> Iterator[tuple[str, str, Any]]:
    pending = bytearray()
    while True:
        while len(pending) < LENGTH.size or len(pending) - LENGTH.size < LENGTH.unpack_from(pending)[0]:
            block = channel.recv(BLOCK_BYTES)
            if not block:
                return
            pending += block
        end = LENGTH.size + LENGTH.unpack_from(pending)[0]
        request = marshal.loads(memoryview(pending)[LENGTH.size : end])  # noqa: S302 - our own process's
        del pending[:end]
        yield request


def _watch(channel: socket.socket) -> None:
    """Wait until the other end is closed, and end at once: the query that runs has nobody to answer any more."""
    watched = select.poll()
    watched.register(channel, 0)
    watched.poll()
    os.kill(os.getpid(), signal.SIGKILL)


def _bind(memory_bytes: int) -> None:
    """Bound the memory from here on: what the engine has taken to open a snapshot isn't the query's."""
    global _began_bytes
    if sys.platform == "linux":
        size, resident = _memory_pages()
        _began_bytes = resident * resource.getpagesize()
        limit = size * resource.getpagesize() + memory_bytes
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


def _unbind() -> None:
    """Let the engine open a snapshot: the stacks of its threads alone reserve more than a small limit."""
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def main(descriptor: int, memory_bytes: int) -> None:
    """Run as a process of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel = socket.socket(fileno=descriptor)
    _thread.start_new_thread(_watch, (channel,))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # Where the whole machine runs out of memory, the kernel takes a worker and not the service.
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as score:  # noqa: PTH123
            score.write("1000")
    _bind(memory_bytes)
    try:
        serve(channel, memory_bytes)
    except ConnectionError:
        return
