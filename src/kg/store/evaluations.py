"""Where readers' queries are evaluated: in killable processes, or in this one where the store can't be shared.

A remote store evaluates them itself: they end at their deadline, and when they are stopped, by closing the connection.
All are one `Queryable`: each query has a name, conditions, and a place in the register until ten minutes after its
end.
"""

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from kg.errors import (
    KGError,
    QueryCancelled,
    QueryFailed,
    QueryOutOfMemory,
    QueryRefused,
    QueryTimedOut,
    ResultIncomplete,
    ResultNotXml,
    StoreError,
)
from kg.model.vocabulary import PREFIXES
from kg.store import lexer
from kg.store.embedded import EmbeddedStore, graphs_of, translate
from kg.store.examine import examine
from kg.store.formats import ResultFormat, agreed
from kg.store.meter import Full, Meter
from kg.store.pool import Worker, WorkerPool
from kg.store.protocol import STORE_DATASET, UNCONDITIONAL, Conditions, Dataset, Queryable, Reader, Result
from kg.store.remote import RemoteStore
from kg.store.running import QueryState, Register, Ticket
from kg.store.snapshot import FOLDER, Snapshots
from kg.store.worker import BLOCK_BYTES, HEAD

#: How long a query may take before its reader learns that it runs.
PATIENCE_S: Final = 2.0
_TRIES: Final = 3
_MOST_PAYLOAD: Final = 64 * 1024 * 1024
#: A worker that ends sooner than this was on its way out already.
_DEAD_S: Final = 0.5
_LEFT: Final = "Its reader went away."


class Evaluations:
    """Evaluates readers' queries over a store.

    Parameters
    ----------
    store
        What is asked.
    most
        The conditions beyond which no query may go.
    size
        How many queries run at full priority; the machine's processors are a good number.
    memory_mb
        What each may take.
    at_once
        How many may wait and run at the same time.
    """

    def __init__(self, store: Reader, most: Conditions, *, size: int, memory_mb: int, at_once: int) -> None:
        self._store = store
        self._most = most
        self._memory_mb = memory_mb
        self._register = Register(at_once)
        self._pool: WorkerPool | None = None
        if isinstance(store, EmbeddedStore) and store.folder is not None and not store.read_only:
            self._pool = WorkerPool(Snapshots(store, store.folder / FOLDER), size, memory_mb)

    def query(
        self,
        operation: str,
        media_type: str | None,
        dataset: Dataset = STORE_DATASET,
        base: str | None = None,
        conditions: Conditions = UNCONDITIONAL,
    ) -> Result:
        """Evaluate a query; return as soon as its result begins, or after two seconds.

        Raises
        ------
        QuerySyntaxError, NotAcceptable, InvalidTerm, QueryIdRefused
            For what is wrong with the request.
        QueryStopped
            If it is stopped before there is anything of its result, or if there is no place for it.
        QueryFailed, StoreError
            If it can't be evaluated.
        """
        prologue = lexer.prologue(operation)
        form, result_format = agreed(prologue, media_type)
        graphs = graphs_of(dataset, operation, base)
        conditions = conditions.within(self._most)
        ticket = self._register.enter(conditions.name, form, conditions.timeout_s)
        try:
            if self._pool is None:
                return self._here(operation, result_format, dataset, base, conditions, ticket)
            named = None if graphs is None else tuple([graph.value for graph in part] for part in graphs)
            prefixes = {**PREFIXES, **prologue.prefixes} if result_format.name == "turtle" else None
            request = (
                *(operation, base, named, result_format.name, prefixes),
                *(conditions.max_rows, conditions.max_bytes),
            )
            return self._apart(self._pool, operation, result_format, request, conditions, ticket)
        except KGError as error:
            self._register.leave(ticket, False, getattr(error, "reason", str(error)))
            raise
        except BaseException:
            self._register.leave(ticket, False, "The service failed.")
            raise

    def under(self, conditions: Conditions) -> Queryable:
        """Return what evaluates under these conditions."""
        return _Under(self, conditions)

    def _apart(
        self,
        pool: WorkerPool,
        operation: str,
        result_format: ResultFormat,
        request: tuple[object, ...],
        conditions: Conditions,
        ticket: Ticket,
    ) -> Result:
        answer = Answer(
            pool, partial(_asked, pool, "query", request, ticket), ticket, self._register, conditions, operation
        )
        answer.await_first(PATIENCE_S)
        return Result(ticket.form, result_format.media_type, answer, size_bytes=answer.size_bytes, id=ticket.id)

    def _here(
        self,
        operation: str,
        result_format: ResultFormat,
        dataset: Dataset,
        base: str | None,
        conditions: Conditions,
        ticket: Ticket,
    ) -> Result:
        if isinstance(self._store, RemoteStore):
            result = self._elsewhere(self._store, operation, result_format, dataset, base, conditions, ticket)
        else:
            ticket.begin(lambda: None)
            result = self._store.query(operation, result_format.media_type, dataset, base)
        chunks = _metered(result.chunks, result_format.name, conditions, ticket, self._register)
        # Whether it is whole shows only when it has passed the meter.
        return Result(result.form, result.media_type, chunks, result.headers, id=ticket.id)

    def _elsewhere(
        self,
        store: RemoteStore,
        operation: str,
        result_format: ResultFormat,
        dataset: Dataset,
        base: str | None,
        conditions: Conditions,
        ticket: Ticket,
    ) -> Result:
        result, answer = store.begin(operation, result_format.media_type, dataset, base, conditions.timeout_s)
        ticket.begin(answer.close)
        try:
            answer.await_first(min(PATIENCE_S, conditions.timeout_s))
        except KGError as error:
            answer.close()
            raise ticket.verdict or error from None
        if ticket.verdict is not None:
            raise ticket.verdict
        return result

    def rehearse(self, update: str, base: str | None = None) -> None:
        """Apply an update to an empty dataset, in a process of its own, to learn whether it parses.

        Raises
        ------
        QuerySyntaxError
            If it doesn't.
        QueryStopped
            If it takes too long or too much memory, or the engine's parser ends with it.
        """
        if self._pool is None:
            from kg.store.embedded import rehearse

            rehearse(update, base)
            return
        self._apart_and_back(self._pool, "rehearse", (update, base), update)

    def examine(self, data: bytes, media_type: str, base: str | None, most_bytes: int) -> None:
        """Look at RDF that somebody sends, in a process of its own: see `kg.store.examine`.

        Raises
        ------
        QueryRefused
            If it nests too deeply or becomes too large.
        QueryStopped
            If it takes too long or too much memory, or the engine's parser ends with it.
        """
        if self._pool is None:
            examine(data, media_type, base, most_bytes)
            return
        self._apart_and_back(self._pool, "examine", (data, media_type, base, most_bytes), "")

    def _apart_and_back(self, pool: WorkerPool, kind: str, request: tuple[object, ...], operation: str) -> None:
        ticket = self._register.enter("", "ask", self._most.timeout_s)
        try:
            ask = partial(_asked, pool, kind, request, ticket)
            for _ in Answer(pool, ask, ticket, self._register, UNCONDITIONAL, operation):
                pass
        finally:
            self._register.leave(ticket, False)

    def state(self, name: str) -> QueryState | None:
        """Return what is known of a query, None where nothing is."""
        ticket = self._register.find(name)
        return None if ticket is None else ticket.state()

    def stop(self, name: str) -> QueryState | None:
        """Stop a query if it runs; return what is known of it then, None where nothing is."""
        ticket = self._register.find(name)
        if ticket is None:
            return None
        if ticket.phase != "ended":
            failure = QueryCancelled()
            ticket.stop(failure)
            self._register.leave(ticket, False, failure.reason)
        return ticket.state()

    def running(self) -> list[QueryState]:
        """Return the queries that wait and run, the oldest first. Their ids are secrets of those who sent them."""
        return [ticket.state() for ticket in self._register.active()]

    def processes(self) -> list[int]:
        """Return the ids of the worker processes."""
        return [] if self._pool is None else self._pool.pids()

    def ready(self, timeout_s: float) -> bool:
        """Wait until the workers have started; say whether they have."""
        return self._pool is None or self._pool.ready(timeout_s)

    def close(self) -> None:
        """Stop everything; nothing can be evaluated afterwards."""
        if self._pool is not None:
            self._pool.close()


@dataclass(frozen=True, slots=True)
class _Under:
    evaluations: Evaluations
    conditions: Conditions

    def query(
        self, operation: str, media_type: str | None, dataset: Dataset = STORE_DATASET, base: str | None = None
    ) -> Result:
        """Evaluate a query under the conditions."""
        return self.evaluations.query(operation, media_type, dataset, base, self.conditions)


def _asked(pool: WorkerPool, kind: str, request: object, ticket: Ticket) -> Worker:
    """Return a worker that was sent a request."""
    for _ in range(_TRIES):
        worker = pool.take(ticket)
        try:
            worker.send(kind, request)
        except OSError:
            # It ended while it was idle, or was stopped already: nobody's query was lost with it.
            pool.discard(worker)
            if ticket.verdict is not None:
                raise ticket.verdict from None
        except BaseException:
            pool.discard(worker)
            raise
        else:
            return worker
    raise StoreError("The worker processes of the service end as soon as they have started.")


class Answer(Iterator[bytes]):
    """What a worker sends, as chunks; an empty one where nothing has come for a tenth of a second."""

    def __init__(
        self,
        pool: WorkerPool,
        ask: Callable[[], Worker],
        ticket: Ticket,
        register: Register,
        conditions: Conditions,
        operation: str,
    ) -> None:
        self._pool = pool
        self._ask = ask
        self._asked_again = 0
        self._worker: Worker | None = ask()
        self._ticket = ticket
        self._register = register
        self._conditions = conditions
        self._operation = operation
        self._pending = b""
        self._first: bytes | None = None
        self.size_bytes: int | None = None

    def await_first(self, timeout_s: float) -> None:
        """Wait until something comes, for so many seconds at most."""
        until = time.monotonic() + timeout_s
        while self._worker is not None:
            block = self._receive()
            if block or self._worker is None:
                self._first = block
                if self._worker is None:
                    self.size_bytes = len(block or b"")
                return
            if time.monotonic() >= until:
                return

    def __next__(self) -> bytes:
        if self._first is not None:
            block, self._first = self._first, None
            if block:
                return block
        if self._worker is None:
            raise StopIteration
        block = self._receive()
        if block or self._worker is not None:
            return block
        raise StopIteration

    def _receive(self) -> bytes:
        """Return the next part; nothing where none has come in time, and at the end, when the worker is gone."""
        worker = self._worker
        if worker is None:
            return b""
        try:
            frame = self._frame(worker)
        except BaseException as error:
            self._finish(False, getattr(error, "reason", str(error)), kill=True)
            raise
        if frame is None:
            return b""
        kind, worn, payload = frame
        self._ticket.sent_bytes += len(payload)
        if kind == b"D":
            return payload
        if kind in {b"W", b"E"}:
            self._finish(True, None, worn=worn)
            return payload
        failure = self._failure(kind, payload)
        self._finish(False, getattr(failure, "reason", str(failure)), worn=worn)
        raise failure

    def _frame(self, worker: Worker) -> tuple[bytes, bool, bytes] | None:
        """Return the next frame, None where it hasn't come in time."""
        pending = self._pending
        while True:
            if len(pending) >= HEAD.size:
                kind, worn, length = HEAD.unpack_from(pending)
                if length > _MOST_PAYLOAD:
                    raise QueryFailed("The worker's answer can't be read.")
                end = HEAD.size + length
                if len(pending) >= end:
                    self._pending = pending[end:]
                    return kind, bool(worn), pending[HEAD.size : end]
            try:
                block = worker.channel.recv(BLOCK_BYTES + HEAD.size)
            except BlockingIOError:
                self._pending = pending
                return None
            except OSError:
                block = b""
            if not block:
                failure = self._ticket.verdict or worker.verdict(self._pool.memory_mb)
                if pending or not self._was_dead(worker):
                    raise failure
                self._asked_again += 1
                self._pool.discard(worker)
                worker = self._worker = self._ask()
                continue
            pending = pending + block if pending else block

    def _was_dead(self, worker: Worker) -> bool:
        """Whether a worker had been killed before it came to the query: its end of the line stays open for a while."""
        ticket = self._ticket
        return (
            ticket.verdict is None
            and ticket.sent_bytes == 0
            and self._asked_again < _TRIES
            and worker.process.returncode == -signal.SIGKILL
            and time.monotonic() - ticket.begun < _DEAD_S
        )

    def _failure(self, kind: bytes, payload: bytes) -> KGError:
        name, _, said = payload.partition(b"\n")
        if kind == b"L":
            return incomplete(name.decode(), None if said == b"-" else said, self._conditions)
        message = said.decode("utf-8", "replace")
        match name:
            case b"syntax":
                return translate(SyntaxError(message), self._operation)
            case b"refused":
                reason, _, advice = message.partition("\n")
                return QueryRefused(reason, advice)
            case b"memory":
                return QueryOutOfMemory(self._pool.memory_mb)
            case b"xml":
                return ResultNotXml(int(message))
            case b"store":
                return StoreError(f"A worker can't open the store: {message}")
        return translate(RuntimeError(message), self._operation)

    def _finish(self, complete: bool, reason: str | None, *, worn: bool = False, kill: bool = False) -> None:
        worker, self._worker = self._worker, None
        if worker is None:
            return
        self._register.leave(self._ticket, complete, reason)
        if kill:
            self._pool.discard(worker)
        else:
            self._pool.give_back(worker, worn=worn)

    def close(self) -> None:
        """Stop the evaluation if it runs: its reader wants no more."""
        self._first = None
        if self._worker is not None:
            self._finish(False, _LEFT, kill=True)

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.close()


def incomplete(limit: str, closing: bytes | None, conditions: Conditions) -> ResultIncomplete:
    """Return the error for a result that ends at a limit."""
    if limit == "rows":
        return ResultIncomplete("rows", conditions.max_rows, "KG_QUERY_MAX_ROWS", closing)
    return ResultIncomplete("bytes", conditions.max_bytes, "KG_QUERY_MAX_RESULT_MB", closing)


def _metered(
    chunks: Iterator[bytes], name: str, conditions: Conditions, ticket: Ticket, register: Register
) -> Iterator[bytes]:
    """Yield a result that is evaluated in this process, within its conditions as far as they can be kept there."""
    meter = Meter(name, conditions.max_rows, conditions.max_bytes)
    close: Callable[[], None] | None = getattr(chunks, "close", None)
    reason: str | None = _LEFT
    try:
        for chunk in chunks:
            if ticket.verdict is not None:
                raise ticket.verdict
            if time.monotonic() - ticket.begun > ticket.timeout_s:
                raise QueryTimedOut(ticket.timeout_s)
            try:
                block = meter.feed(chunk)
            except Full as full:
                if full.last:
                    yield full.last
                failure = incomplete(full.limit, full.closing, conditions)
            else:
                ticket.sent_bytes += len(block)
                if block:
                    yield block
                continue
            raise failure
        if rest := meter.rest():
            yield rest
        reason = None
    except KGError as error:
        reason = getattr(error, "reason", str(error))
        raise
    finally:
        register.leave(ticket, reason is None, reason)
        if close is not None:
            close()
