"""The pool of worker processes: who is idle, who waits, and who has to go.

Notes
-----
*A request's own thread* takes a worker, talks to it and gives it back: between the two stand a lock and a list. One
further thread, the keeper, starts and buries workers and looks at the clock.

*Seats.* As many queries run at full priority as there are workers. A query that has run for a second is slowed down by
the scheduler (nice) and leaves its seat to a new worker, so it never holds the last free one. As many again, and at
least four, may run on like that; beyond them a query that reaches its first second is stopped, since those that run
were there before it.

*A kill* is SIGKILL, whatever the worker does. Its memory and processor are the system's again within milliseconds.
"""

import contextlib
import logging
import marshal
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from pathlib import Path
from typing import IO, Any, Final

import pyoxigraph as ox

from kg.errors import KGError, QueryBusy, QueryCrashed, QueryOutOfMemory, QueryTimedOut, StoreError
from kg.store.running import Ticket
from kg.store.snapshot import Snapshot, Snapshots
from kg.store.worker import LENGTH

logger = logging.getLogger(__name__)

#: A reader of a worker's answer is woken this often, to look whether somebody still waits for it.
TICK_S: Final = 0.1
_SLOW_S: Final = 1.0
_SLOW_LEAST: Final = 4
_NICE: Final = 19
_KEEPER_S: Final = 0.05
#: Longest wait for a worker.
_QUEUE_S: Final = 10.0
_IDLE_KEEPER_S: Final = 1.0
_STILL_S: Final = 0.5
_BURIAL_S: Final = 5.0
_AGAIN_S: Final = 1.0
_TAIL_BYTES: Final = 4_096
_ENDING: Final = "The service is ending."

_SOURCE: Final = (
    "import sys; sys.path[:0] = sys.argv[3:]; from kg.store.worker import main; main(*map(int, sys.argv[1:3]))"
)


class Worker:
    """A worker process as the serving process sees it."""

    def __init__(self, memory_mb: int) -> None:
        ours, theirs = socket.socketpair()
        self.channel = ours
        # A blocking socket with a time-out of the system's: one call a block, and no poll before it.
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", 0, int(TICK_S * 1e6)))
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the worker
        places = dict.fromkeys(str(Path(str(module)).parent.parent) for module in (ox.__file__, Path(__file__).parent))
        try:
            # No site packages, no settings: the worker sees what it needs, and starts in half the time.
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-I", "-S", "-c", _SOURCE),
                    *(str(theirs.fileno()), str(memory_mb * 1024 * 1024)),
                    *places,
                ],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._said,
                env={name: os.environ[name] for name in ("PATH", "TMPDIR", "LANG") if name in os.environ},
                process_group=0,
            )
        except BaseException:
            ours.close()
            self._said.close()
            raise
        finally:
            theirs.close()
        self.snapshot: Snapshot | None = None
        self.slow = False
        self.ticket: Ticket | None = None

    @property
    def pid(self) -> int:
        """The process's id."""
        return self.process.pid

    def send(self, kind: str, request: Any) -> None:
        """Send a request; the worker reads it as soon as it has nothing else to do."""
        payload = marshal.dumps((kind, "" if self.snapshot is None else str(self.snapshot.folder), request))
        self.channel.sendall(LENGTH.pack(len(payload)) + payload)

    def kill(self) -> None:
        """End the process, whatever it does."""
        self.process.kill()

    def slow_down(self) -> None:
        """Let everything else go first. It can't be undone, so the worker won't be used again."""
        self.slow = True
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self.pid, _NICE)

    def verdict(self, memory_mb: int) -> KGError:
        """Say why a process that nobody killed has ended."""
        code = self.process.wait(_BURIAL_S)
        said = self._tail()
        if "memory allocation" in said or "bad_alloc" in said or "MemoryError" in said:
            return QueryOutOfMemory(memory_mb)
        if code >= 0:
            logger.error("a worker ended with code %d: %s", code, said)
            return QueryCrashed(f"code {code}")
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        how = {"SIGSEGV": "its stack overflowed", "SIGABRT": "it gave up"}.get(name, "it was killed")
        logger.warning("a worker ended by %s: %s", name, said)
        return QueryCrashed(f"{how}, {name}")

    def _tail(self) -> str:
        end = self._said.seek(0, os.SEEK_END)
        self._said.seek(max(0, end - _TAIL_BYTES))
        return self._said.read().decode("utf-8", "replace").strip()

    def bury(self) -> None:
        """Wait for a process that was killed, and let go of it."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(_BURIAL_S)
        self.close()

    def close(self) -> None:
        """Let go of a process that has ended."""
        self.channel.close()
        self._said.close()


class _Waiter:
    """A thread that waits for a worker."""

    __slots__ = ("lock", "worker")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.lock.acquire()
        self.worker: Worker | None = None


class WorkerPool:
    """Worker processes over the snapshots of a store.

    Parameters
    ----------
    snapshots
        What they read.
    size
        How many queries run at full priority.
    memory_mb
        What each worker may take beyond what it begins with.
    """

    def __init__(self, snapshots: Snapshots, size: int, memory_mb: int) -> None:
        self.snapshots = snapshots
        self.size = size
        self.memory_mb = memory_mb
        self.most_slow = max(_SLOW_LEAST, size)
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self._waiting: deque[_Waiter] = deque()
        self._busy: set[Worker] = set()
        self._dying: list[Worker] = []
        self._closed = False
        self._next_start = 0.0
        self._seen = ("", 0.0)
        self._wake = threading.Event()
        self._asleep = False
        self._keeper = threading.Thread(target=self._keep, name="kg-keeper", daemon=True)
        self._keeper.start()

    # What a request's thread does

    def take(self, ticket: Ticket) -> Worker:
        """Return a worker that holds all that was acknowledged until now.

        Raises
        ------
        QueryBusy
            If none comes free in time.
        SnapshotFailed
            If the store can't be copied.
        """
        with self._lock:
            if self._closed:
                raise StoreError(_ENDING)
            worker = self._idle.pop() if self._idle else None
            if worker is None:
                waiter = _Waiter()
                self._waiting.append(waiter)
            else:
                self._busy.add(worker)
        if worker is None:
            worker = self._wait(waiter, min(_QUEUE_S, ticket.timeout_s))
        if self._asleep:
            self._wake.set()
        try:
            self._renew(worker)
        except BaseException:
            self.give_back(worker)
            raise
        worker.ticket = ticket
        ticket.begin(lambda: self._end(worker, ticket))
        return worker

    def _end(self, worker: Worker, ticket: Ticket) -> None:
        # A query that ended just now has left its worker to another one.
        with self._lock:
            if worker.ticket is ticket:
                worker.kill()
        self._wake.set()

    def _wait(self, waiter: _Waiter, timeout_s: float) -> Worker:
        self._wake.set()
        if not waiter.lock.acquire(timeout=timeout_s):
            with self._lock, contextlib.suppress(ValueError):
                self._waiting.remove(waiter)
        # It may have been given one just when the time was over.
        if waiter.worker is None:
            raise QueryBusy("Every worker of the service was busy with other queries.")
        return waiter.worker

    def _renew(self, worker: Worker) -> None:
        """Let a worker hold the latest snapshot."""
        held = worker.snapshot
        if held is not None and held.version == self.snapshots.version:
            return
        worker.snapshot = self.snapshots.take()
        if held is not None:
            self.snapshots.give_back(held)

    def give_back(self, worker: Worker, *, worn: bool = False) -> None:
        """Take back a worker that has answered; one that was slowed down or has grown is replaced."""
        with self._lock:
            worker.ticket = None
            if not (worn or worker.slow or self._closed):
                if self._waiting:
                    waiter = self._waiting.popleft()
                    waiter.worker = worker
                    waiter.lock.release()
                else:
                    self._busy.discard(worker)
                    self._idle.append(worker)
                return
        self.discard(worker)

    def discard(self, worker: Worker) -> None:
        """Kill a worker, whose place a new one takes."""
        worker.kill()
        with self._lock:
            self._busy.discard(worker)
            if worker in self._idle:
                self._idle.remove(worker)
            closed = self._closed
            if not closed and worker not in self._dying:
                self._dying.append(worker)
        if closed:
            worker.bury()
        self._wake.set()

    # What the keeper does

    def _keep(self) -> None:
        quiet = 0
        while not self._closed:
            try:
                self._tick()
            except Exception:
                logger.exception("the keeper of the workers stumbled")
            # Nothing runs, nobody waits: sleep longer, and let the next query wake the keeper.
            quiet = 0 if self._busy or self._waiting or self._dying or len(self._idle) < self.size else quiet + 1
            self._asleep = quiet > 20
            self._wake.wait(_IDLE_KEEPER_S if self._asleep else _KEEPER_S)
            self._wake.clear()

    def _tick(self) -> None:
        now = time.monotonic()
        self._bury()
        for worker in list(self._busy):
            ticket = worker.ticket
            if ticket is None or not ticket.begun:
                continue
            if ticket.verdict is not None:
                # Its reader may sleep for long; the process must not be left unburied, nor its seat empty.
                worker.process.poll()
                continue
            age = now - ticket.begun
            if age >= ticket.timeout_s:
                ticket.stop(QueryTimedOut(ticket.timeout_s))
            elif age >= _SLOW_S and not worker.slow:
                self._slow_down(worker, ticket)
        with self._lock:
            idle = list(self._idle)
        for worker in idle:
            if worker.process.poll() is not None:
                logger.warning("an idle worker has ended: %s", worker.verdict(self.memory_mb))
                self.discard(worker)
        self._fill(now)
        self._refresh(now)

    def _slow_down(self, worker: Worker, ticket: Ticket) -> None:
        if sum(other.slow for other in self._busy) < self.most_slow:
            worker.slow_down()
        else:
            ticket.stop(
                QueryBusy(
                    f"{self.most_slow} queries that take long run already, and this one turned out to be another.", 15
                )
            )

    def _bury(self) -> None:
        with self._lock:
            dying, self._dying = self._dying, []
        for worker in dying:
            if worker.process.poll() is None:
                with self._lock:
                    self._dying.append(worker)
                continue
            worker.close()
            if worker.snapshot is not None:
                self.snapshots.give_back(worker.snapshot)
                worker.snapshot = None

    def _fill(self, now: float) -> None:
        """Start workers until there is one for each seat."""
        while not self._closed and now >= self._next_start:
            with self._lock:
                seated = len(self._idle) + sum(not w.slow and w.process.returncode is None for w in self._busy)
            if seated >= self.size:
                return
            try:
                worker = Worker(self.memory_mb)
            except OSError as error:
                logger.error("no worker can be started: %s", error)  # noqa: TRY400 - the message says it all
                self._next_start = now + _AGAIN_S
                return
            with self._lock:
                self._busy.add(worker)
            with contextlib.suppress(KGError, OSError):
                # It opens the snapshot while nobody waits for it yet.
                self._renew(worker)
                worker.send("open", None)
            self.give_back(worker)

    def _refresh(self, now: float) -> None:
        """Let idle workers take up a new version once the writing has paused, and so free the old one."""
        version = self.snapshots.version
        if version != self._seen[0]:
            self._seen = (version, now)
            return
        if now - self._seen[1] < _STILL_S:
            return
        for _ in range(self.size):
            with self._lock:
                stale = next((w for w in self._idle if w.snapshot is None or w.snapshot.version != version), None)
                if stale is None:
                    return
                self._idle.remove(stale)
                self._busy.add(stale)
            try:
                self._renew(stale)
                stale.send("open", None)
            except (KGError, OSError) as error:
                logger.warning("an idle worker can't take up the new version: %s", error)
                self._seen = (version, now)
                self.give_back(stale)
                return
            self.give_back(stale)

    # Beginning and end

    def ready(self, timeout_s: float) -> bool:
        """Wait until every seat has a worker."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            with self._lock:
                if len(self._idle) >= self.size:
                    return True
            time.sleep(0.01)
        return False

    def pids(self) -> list[int]:
        """Return the ids of the processes that live."""
        with self._lock:
            workers = [*self._idle, *self._busy, *self._dying]
        return sorted(worker.pid for worker in workers if worker.process.returncode is None)

    def close(self) -> None:
        """Kill every worker, and remove the snapshots."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._wake.set()
        if threading.current_thread() is not self._keeper:
            self._keeper.join(_BURIAL_S)
        with self._lock:
            unused = [*self._idle, *self._dying]
            busy = list(self._busy)
            self._idle, self._dying = [], []
            waiting, self._waiting = list(self._waiting), deque()
        for waiter in waiting:
            waiter.lock.release()
        for worker in busy:
            # Whoever reads its answer finds that it has ended, and buries it.
            if worker.ticket is not None:
                worker.ticket.stop(StoreError(_ENDING))
            worker.kill()
        for worker in unused:
            worker.kill()
        for worker in unused:
            worker.bury()
        for worker in busy:
            with contextlib.suppress(subprocess.TimeoutExpired):
                worker.process.wait(_BURIAL_S)
        self.snapshots.close()
