"""The register of queries: what waits, what runs, and for ten minutes how each ended.

Whoever holds a query's id may look at it and stop it, so an id is a secret that can't be guessed: a client's own is
taken only if it may be one.
"""

import datetime
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from typing import Literal as Choice

from kg.errors import KGError, QueryBusy, QueryIdRefused
from kg.store.protocol import Form

REMEMBERED_S: Final = 600.0
REMEMBERED: Final = 2_000
#: How long a query waits for a place before it is sent away.
PATIENCE_S: Final = 2.0

_ID: Final = re.compile(r"[A-Za-z0-9_-]{22,128}")
_HEX: Final = re.compile(r"[0-9A-Fa-f-]*")
_BITS: Final = 128
_LEAST_DIFFERENT: Final = 8

Phase = Choice["waiting", "running", "ended"]


@dataclass(frozen=True, slots=True)
class QueryState:
    """What is known of a query.

    Attributes
    ----------
    id
        Its name.
    form
        SELECT, ASK, CONSTRUCT or DESCRIBE, in small letters.
    phase
        Whether it waits for a worker, runs, or has ended.
    started
        When it came, in UTC.
    seconds
        For how long it has run, or ran, without the waiting.
    sent_bytes
        How much of its result has been taken from the engine.
    complete
        Whether the result is whole; None until it has ended.
    reason
        Why it isn't.
    """

    id: str
    form: Form
    phase: Phase
    started: datetime.datetime
    seconds: float
    sent_bytes: int
    complete: bool | None
    reason: str | None


@dataclass(eq=False, slots=True)
class Ticket:
    """A query in the register. Its own thread changes it, and others only by `stop`."""

    id: str
    form: Form
    timeout_s: float
    started_at: float = field(default_factory=time.time)
    phase: Phase = "waiting"
    begun: float = 0.0
    ended: float = 0.0
    sent_bytes: int = 0
    complete: bool | None = None
    reason: str | None = None
    #: Why it was stopped, once it was.
    verdict: KGError | None = None
    #: Ends the evaluation, where one has begun.
    end: Callable[[], None] | None = None

    def begin(self, end: Callable[[], None]) -> None:
        """Count the time from now on."""
        self.begun = time.monotonic()
        self.end = end
        self.phase = "running"
        if self.verdict is not None:
            end()

    def stop(self, verdict: KGError) -> None:
        """End the evaluation, with the error that its reader is to get."""
        if self.phase != "ended" and self.verdict is None:
            self.verdict = verdict
            if (end := self.end) is not None:
                end()

    def state(self) -> QueryState:
        """Return what is known now."""
        until = self.ended or time.monotonic()
        return QueryState(
            self.id,
            self.form,
            self.phase,
            datetime.datetime.fromtimestamp(self.started_at, datetime.UTC),
            max(0.0, until - self.begun) if self.begun else 0.0,
            self.sent_bytes,
            self.complete,
            self.reason,
        )


class Register:
    """The queries of a service.

    Parameters
    ----------
    most
        How many may wait for a worker and run at the same time.
    """

    def __init__(self, most: int) -> None:
        self._places = threading.BoundedSemaphore(most)
        self._lock = threading.Lock()
        self._active: dict[str, Ticket] = {}
        self._past: OrderedDict[str, Ticket] = OrderedDict()

    def enter(self, name: str, form: Form, timeout_s: float) -> Ticket:
        """Take in a query under a client's name for it, or under a new one where that is empty.

        Raises
        ------
        QueryIdRefused
            If the name could be guessed, or is another query's.
        QueryBusy
            If as many wait and run as may.
        """
        if name:
            check_id(name)
        else:
            name = secrets.token_urlsafe(24)
        if not self._places.acquire(timeout=PATIENCE_S):
            raise QueryBusy("As many queries wait and run as the service takes at the same time.")
        ticket = Ticket(name, form, timeout_s)
        with self._lock:
            if name not in self._active and name not in self._past:
                self._active[name] = ticket
                return ticket
        self._places.release()
        raise QueryIdRefused("it is another query's already")

    def leave(self, ticket: Ticket, complete: bool, reason: str | None = None) -> None:
        """Note how a query ended; the first word holds."""
        now = time.monotonic()
        with self._lock:
            if self._active.pop(ticket.id, None) is None:
                return
            ticket.ended, ticket.phase, ticket.complete, ticket.reason = now, "ended", complete, reason
            ticket.end = None
            self._places.release()
            self._past[ticket.id] = ticket
            while self._past:
                oldest = next(iter(self._past.values()))
                if len(self._past) <= REMEMBERED and oldest.ended > now - REMEMBERED_S:
                    break
                del self._past[oldest.id]

    def find(self, name: str) -> Ticket | None:
        """Return a query that waits, runs, or ended less than ten minutes ago."""
        with self._lock:
            ticket = self._active.get(name) or self._past.get(name)
        if ticket is not None and ticket.ended and ticket.ended < time.monotonic() - REMEMBERED_S:
            return None
        return ticket

    def active(self) -> list[Ticket]:
        """Return what waits and runs, the oldest first."""
        with self._lock:
            return list(self._active.values())


def check_id(name: str) -> None:
    """Refuse a query id that can't have been drawn by lot from 2^128.

    Raises
    ------
    QueryIdRefused
        If it is too short for its alphabet, or has hardly any different characters.
    """
    digits = name.replace("-", "") if _HEX.fullmatch(name) else name
    bits = len(digits) * (4 if _HEX.fullmatch(name) else 6)
    if not _ID.fullmatch(name) or bits < _BITS or len(set(digits)) < _LEAST_DIFFERENT:
        raise QueryIdRefused(
            "a query id is at least 128 random bits: 32 hexadecimal digits, or 22 letters, digits, - and _"
        )
