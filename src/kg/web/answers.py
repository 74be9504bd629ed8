"""Results that were asked for before: kept whole, until the store is written to or others take their place."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

_MOST_BYTES: Final = 32 * 1024 * 1024
_MOST_ANSWERS: Final = 4_096
#: What an entry takes beside its body and its query.
_OWN_BYTES: Final = 1_024


class Bodied(Protocol):
    """Whatever has a body of bytes."""

    @property
    def body(self) -> bytes:
        """The bytes."""


A = TypeVar("A", bound=Bodied)


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """A whole result: its bytes, media type and query form."""

    body: bytes
    media_type: str
    form: str


class Answers(Generic[A]):
    """A bounded memory of results for one version of the store at a time.

    Examples
    --------
    >>> answers = Answers()
    >>> answers.keep("1", "query", KeptAnswer(b"a", "text/csv", "select"))
    >>> answers.find("1", "query").body, answers.find("2", "query")
    (b'a', None)
    """

    def __init__(self, max_bytes: int = _MOST_BYTES, max_answers: int = _MOST_ANSWERS) -> None:
        self._max_bytes = max_bytes
        self._max_answers = max_answers
        self._lock = threading.Lock()
        self._version = ""
        self._bytes = 0
        self._kept: OrderedDict[Hashable, tuple[A, int]] = OrderedDict()

    def find(self, version: str, key: Hashable) -> A | None:
        """Return what was kept for a key, if the store is still the same."""
        with self._lock:
            if version != self._version or key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def keep(self, version: str, key: Hashable, answer: A, query_bytes: int = 0) -> None:
        """Keep an answer; those of other versions go, and then those that weren't asked for the longest."""
        size = len(answer.body) + query_bytes + _OWN_BYTES
        with self._lock:
            if version != self._version:
                self._kept.clear()
                self._version, self._bytes = version, 0
            if key in self._kept:
                self._bytes -= self._kept.pop(key)[1]
            self._kept[key] = (answer, size)
            self._bytes += size
            while self._bytes > self._max_bytes or len(self._kept) > self._max_answers:
                self._bytes -= self._kept.popitem(last=False)[1][1]
