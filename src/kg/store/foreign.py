"""What other SPARQL services answer, read into terms, and written anew in the formats of the house.

Notes
-----
A result is asked for in JSON, triples in N-Triples, and both are written anew by the engine: services spell CSV, TSV
and Turtle in ways of their own. What is in the way of a parser of the standard is mended in the bytes: Virtuoso 7
names blank nodes by an address, has booleans of 0 and 1, and answers an ASK with a table of one number.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from queue import Empty, Full, Queue
from typing import Any, Final, cast

import pyoxigraph as ox

from kg.errors import KGError, QueryFailed, ResultIncomplete, StoreError
from kg.model.vocabulary import PREFIXES
from kg.store.formats import ResultFormat
from kg.store.wire import Exchange
from kg.store.worker import BLOCK_BYTES, cleaned, write_turtle

JSON: Final = "application/sparql-results+json"
NTRIPLES: Final = "application/n-triples"
_CAP_HEADER: Final = "x-sparql-maxrows"
_PART_HEADER: Final = "x-sql-state"
#: What is put for what in JSON; a quotation mark within a string is escaped, so no text of a reader is meant.
_MENDED: Final = (
    (b'"type": "bnode", "value": "nodeID://', b'"type": "bnode", "value": "'),
    (
        b'"datatype": "http://www.w3.org/2001/XMLSchema#boolean", "value": "1"',
        b'"datatype": "http://www.w3.org/2001/XMLSchema#boolean", "value": "true"',
    ),
    (
        b'"datatype": "http://www.w3.org/2001/XMLSchema#boolean", "value": "0"',
        b'"datatype": "http://www.w3.org/2001/XMLSchema#boolean", "value": "false"',
    ),
)
_LONGEST: Final = max(len(before) for before, _ in _MENDED)
_TICK_S: Final = 0.1
_WAITING_BLOCKS: Final = 8


class Input:
    """A body as a file that a parser reads."""

    def __init__(self, blocks: Iterator[bytes], *, mended: bool) -> None:
        self._blocks = blocks
        self._mended = mended
        self._held = b""
        self._ready = b""
        #: What ended the body before its end.
        self.failure: KGError | None = None

    def read(self, size: int = -1) -> bytes:
        """Return so many bytes at most, none at the end."""
        if size < 0:
            parts = [self._ready]
            while block := self._next():
                parts.append(block)
            self._ready = b""
            return b"".join(parts)
        if not self._ready:
            self._ready = self._next()
        taken, self._ready = self._ready[:size], self._ready[size:]
        return taken

    def _next(self) -> bytes:
        try:
            return self._block()
        except KGError as error:
            self.failure = error
            raise

    def _block(self) -> bytes:
        for block in self._blocks:
            if not self._mended:
                if block:
                    return block
                continue
            whole = mended(self._held + block)
            # What is to be mended may begin in one block and end in the next.
            keep = min(len(whole), _LONGEST - 1)
            self._held = whole[len(whole) - keep :]
            if ready := whole[: len(whole) - keep]:
                return ready
        rest, self._held = self._held, b""
        return rest


def mended(text: bytes) -> bytes:
    """Return JSON as the standard has it."""
    for before, after in _MENDED:
        text = text.replace(before, after)
    return text


def solutions(body: bytes, *, mend: bool) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the variables and the solutions of a result in JSON.

    Raises
    ------
    StoreError
        If it is none.
    """
    found = _parsed(mended(body) if mend else body)
    if not isinstance(found, ox.QuerySolutions):
        raise StoreError("The remote store sent no result of a SELECT.")
    names = [variable.value for variable in found.variables]
    return names, [
        {name: term for name, term in zip(names, row, strict=True) if term is not None} for row in _rows(found)
    ]


def _rows(found: ox.QuerySolutions) -> list[ox.QuerySolution]:
    try:
        return list(found)
    except (SyntaxError, ValueError) as error:
        raise StoreError(f"The remote store sent a result that can't be read: {error}") from None


def boolean(body: bytes) -> bool:
    """Return the answer of an ASK in JSON.

    Raises
    ------
    StoreError
        If it is none.
    """
    found = _parsed(body)
    if isinstance(found, ox.QueryBoolean):
        return bool(found)
    if isinstance(found, ox.QuerySolutions) and len(found.variables) == 1:
        return any(getattr(row[0], "value", "0") not in {"0", "false"} for row in _rows(found))
    raise StoreError("The remote store sent no answer of an ASK.")


def _parsed(body: bytes) -> ox.QuerySolutions | ox.QueryBoolean:
    try:
        return ox.parse_query_results(body, ox.QueryResultsFormat.JSON)
    except (SyntaxError, ValueError) as error:
        raise StoreError(f"The remote store sent a result that can't be read: {error}") from None


def triples(source: "bytes | Input") -> Iterator[ox.Triple]:
    """Yield the triples of N-Triples.

    Raises
    ------
    StoreError
        If they can't be read.
    """
    try:
        for quad in ox.parse(cast(Any, source), ox.RdfFormat.N_TRIPLES):
            yield quad.triple
    except (SyntaxError, ValueError) as error:
        raise StoreError(f"The remote store sent RDF that can't be read: {error}") from None


def cap_of(headers: Mapping[str, str]) -> int | None:
    """Return the number of rows at which the service says that it has cut a result."""
    told = headers.get(_CAP_HEADER, "")
    return int(told) if told.isdigit() else None


def is_part(headers: Mapping[str, str]) -> bool:
    """Whether the service says that it gave up on the way (Virtuoso's state S1TAT)."""
    return bool(headers.get(_PART_HEADER))


def cut(rows: int, *, closing: bytes | None = b"") -> ResultIncomplete:
    """Return the error for a result that ends where the service cuts results."""
    return ResultIncomplete("rows", rows, "the remote store's own", closing)


class Stopped(Exception):
    """Nobody reads any more."""


class _Output:
    """A file that a serialiser writes to: its blocks wait for whoever reads them."""

    def __init__(self, queue: "Queue[bytes | BaseException | None]", stopped: threading.Event, *, xml: bool) -> None:
        self._queue = queue
        self._stopped = stopped
        self._xml = xml
        self._parts: list[bytes] = []
        self._size = 0
        self._since = time.monotonic()

    def write(self, block: bytes) -> int:
        self._parts.append(bytes(block))
        self._size += len(block)
        if self._size >= BLOCK_BYTES or time.monotonic() - self._since > _TICK_S:
            self.flush()
        return len(block)

    def flush(self) -> None:
        if self._parts:
            block = b"".join(self._parts)
            self._parts, self._size, self._since = [], 0, time.monotonic()
            self.put(cleaned(block) if self._xml else block)

    def put(self, item: "bytes | BaseException | None") -> None:
        while True:
            if self._stopped.is_set():
                raise Stopped
            with contextlib.suppress(Full):
                self._queue.put(item, timeout=_TICK_S)
                return


#: Sends the request, given what is to be told how to cut it.
Send = Callable[[Callable[[Callable[[], None]], None]], Exchange]


class Answer(Iterator[bytes]):
    """A reader's result: asked for, read and written anew in a thread of its own; an empty chunk: nothing has come yet.

    Parameters
    ----------
    send
        Sends the request.
    wanted
        The format to write.
    mend
        Whether the service's JSON needs it.
    cap
        At how many rows the service cuts a result without saying so; None: it never does.
    bounded
        The most solutions that the query itself asks for, by a LIMIT; None: any number.
    prefixes
        The query's own, for Turtle.
    explain
        Makes the reader's error of the service's.
    """

    def __init__(
        self,
        send: Send,
        wanted: ResultFormat,
        *,
        mend: bool,
        cap: int | None,
        bounded: int | None,
        prefixes: Mapping[str, str],
        explain: Callable[[KGError], KGError],
    ) -> None:
        self._send = send
        self._wanted = wanted
        self._mend = mend
        self._cap = cap
        self._bounded = bounded
        self._prefixes = {**PREFIXES, **prefixes}
        self._explain = explain
        self._queue: Queue[bytes | BaseException | None] = Queue(_WAITING_BLOCKS)
        self._stopped = threading.Event()
        self._cut: Callable[[], None] | None = None
        self._first: bytes | BaseException | None = None
        self._ended = False
        self._incomplete: ResultIncomplete | None = None
        # It isn't held back by the interpreter's end; its request ends with the process.
        threading.Thread(target=self._work, name="kg-remote-answer", daemon=True).start()

    def await_first(self, timeout_s: float) -> None:
        """Wait until something comes, for so many seconds at most.

        Raises
        ------
        KGError
            If the service refuses, or fails, before there is anything of the result.
        """
        until = time.monotonic() + timeout_s
        while not self._ended and self._first is None and not self._stopped.is_set():
            left = until - time.monotonic()
            if left <= 0:
                return
            with contextlib.suppress(Empty):
                item = self._queue.get(timeout=min(_TICK_S, left))
                if isinstance(item, ResultIncomplete):
                    self._first = item
                elif isinstance(item, BaseException):
                    self._ended = True
                    raise item
                elif item is None:
                    self._ended = True
                else:
                    self._first = item

    def __next__(self) -> bytes:
        first, self._first = self._first, None
        if first is not None:
            return self._given(first)
        if self._ended:
            raise StopIteration
        if self._stopped.is_set():
            return b""
        try:
            item = self._queue.get(timeout=_TICK_S)
        except Empty:
            return b""
        return self._given(item)

    def _given(self, item: bytes | BaseException | None) -> bytes:
        if isinstance(item, bytes):
            return item
        self._ended = True
        if item is None:
            raise StopIteration
        raise item

    def close(self) -> None:
        """Cut the request off: nobody reads any more."""
        self._stopped.set()
        if not self._ended and self._cut is not None:
            self._cut()

    def _learn(self, cut_off: Callable[[], None]) -> None:
        self._cut = cut_off
        if self._stopped.is_set():
            cut_off()

    def _work(self) -> None:
        output = _Output(self._queue, self._stopped, xml=self._wanted.name in {"xml", "rdfxml"})
        item: BaseException | None = None
        exchange: Exchange | None = None
        source: Input | None = None
        try:
            exchange = self._send(self._learn)
            source = Input(exchange.blocks(), mended=self._mend)
            self._write(exchange.headers, source, output)
            output.flush()
            item = self._incomplete
        except Stopped:
            pass
        except KGError as error:
            item = self._explain(error)
        except (SyntaxError, ValueError, OSError) as error:
            # What failed while the parser read is the parser's error now.
            failure = None if source is None else source.failure
            item = failure or StoreError(f"The remote store sent a result that can't be read: {error}")
        except BaseException as error:  # noqa: BLE001 - none may be lost: its reader would wait for ever
            item = QueryFailed(f"The remote store's answer couldn't be passed on: {error}")
        finally:
            if exchange is not None:
                exchange.close()
        if item is not None:
            # The engine's iterators hang on the frames of a traceback, and must die in the thread that made them.
            item.__context__ = item.__cause__ = None
            item = item.with_traceback(None)
        with contextlib.suppress(Stopped):
            output.put(item)

    def _write(self, headers: Mapping[str, str], source: Input, output: _Output) -> None:
        if is_part(headers):
            raise QueryFailed("The remote store gave up on the way and sent a part of the result.")
        target = self._wanted.engine
        if isinstance(target, ox.QueryResultsFormat):
            found = ox.parse_query_results(cast(Any, source), ox.QueryResultsFormat.JSON)
            if self._mend and isinstance(found, ox.QuerySolutions) and self._asks(found):
                self._boolean(found, output, target)
                return
            found.serialize(cast(Any, output), format=target)
            cap = cap_of(headers)
            if cap is not None and (self._bounded is None or self._bounded > cap):
                self._incomplete = cut(cap)
            return
        counted = _Counted(triples(source))
        if target == ox.RdfFormat.TURTLE:
            write_turtle(counted, output, self._prefixes)
        else:
            ox.serialize(counted, cast(Any, output), target)
        if self._cap is not None and counted.number >= self._cap:
            self._incomplete = cut(self._cap)

    @staticmethod
    def _asks(found: ox.QuerySolutions) -> bool:
        return [variable.value for variable in found.variables] == ["__ASK_RETVAL"]

    @staticmethod
    def _boolean(found: ox.QuerySolutions, output: _Output, target: ox.QueryResultsFormat) -> None:
        answer = any(getattr(row[0], "value", "0") not in {"0", "false"} for row in found)
        document = b'{"head":{},"boolean":true}' if answer else b'{"head":{},"boolean":false}'
        ox.parse_query_results(document, ox.QueryResultsFormat.JSON).serialize(cast(Any, output), format=target)


class _Counted(Iterator[ox.Triple]):
    def __init__(self, source: Iterator[ox.Triple]) -> None:
        self._source = source
        self.number = 0

    def __next__(self) -> ox.Triple:
        triple = next(self._source)
        self.number += 1
        return triple
