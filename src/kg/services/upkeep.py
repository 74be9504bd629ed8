"""Upkeep: keeps what is built from a store in step with the store, while readers ask for it."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar
from weakref import WeakKeyDictionary

from kg.errors import StoreError
from kg.store.protocol import Reader

T = TypeVar("T")

#: A reader waits for what is built in less than this; while more takes longer, the one before answers.
PATIENCE_S: Final = 1.0

_log: Final = logging.getLogger(__name__)


class Upkeep(Generic[T]):
    """Something that takes a while to build from a store, built anew once the store has another version.

    Parameters
    ----------
    build
        Makes it from a store. The second argument tells whether the work is still wanted: it isn't any more once the
        process is about to end.
    patience_s
        Longest time that a reader waits while there is an older one.

    Notes
    -----
    The first one is built by the reader who asks for it, and others who ask meanwhile wait for it. Later ones are
    built in a thread of their own. A store that is written to all the time keeps at most half of one core busy with
    this: after a build that took longer than the patience there is a pause of the same length.
    """

    def __init__(self, build: Callable[[Reader, Callable[[], bool]], T], patience_s: float = PATIENCE_S) -> None:
        self._build = build
        self._patience_s = patience_s
        self._kept: WeakKeyDictionary[Reader, _Kept[T]] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def of(self, store: Reader) -> tuple[T, bool]:
        """Return it for a store, and whether it is of the version that the store has now.

        Raises
        ------
        KGError
            If the store can't be read, and there is no older one that could answer.
        """
        with self._lock:
            kept = self._kept.setdefault(store, _Kept())
        with kept.first:
            if kept.built is None:
                self._make(store, kept)
        return self._latest(store, kept)

    def _latest(self, store: Reader, kept: "_Kept[T]") -> tuple[T, bool]:
        with kept.changed:
            patience = self._patience_s if kept.took_s <= self._patience_s else 0.0
            until = time.monotonic() + patience
            while True:
                assert kept.built is not None  # noqa: S101 - `of` built it
                if kept.version == store.version:
                    return kept.built, True
                if not kept.building and time.monotonic() >= kept.rests_until:
                    kept.building = True
                    # It isn't a daemon: those are stopped in the midst of the engine's work, which aborts the process.
                    threading.Thread(target=self._remake, args=(store, kept), name="kg-upkeep").start()
                left = until - time.monotonic()
                if left <= 0:
                    return kept.built, False
                kept.changed.wait(left)

    def _remake(self, store: Reader, kept: "_Kept[T]") -> None:
        try:
            self._make(store, kept)
        except Exception:  # noqa: BLE001 - the older one goes on answering, and says that it is older
            if threading.main_thread().is_alive():
                _log.exception("what is built from the store couldn't be built anew")
            with kept.changed:
                kept.rests_until = time.monotonic() + self._patience_s
        finally:
            with kept.changed:
                kept.building = False
                kept.changed.notify_all()

    def _make(self, store: Reader, kept: "_Kept[T]") -> None:
        # The version is read first: after a write in between the store has another, and the next reader sees that.
        version, started = store.version, time.monotonic()
        built = self._build(store, threading.main_thread().is_alive)
        if not threading.main_thread().is_alive():
            raise StoreError("The process is about to end.")
        with kept.changed:
            kept.built, kept.version = built, version
            kept.took_s = time.monotonic() - started
            kept.rests_until = time.monotonic() + (kept.took_s if kept.took_s > self._patience_s else 0)
            kept.changed.notify_all()


class _Kept(Generic[T]):
    def __init__(self) -> None:
        self.first = threading.Lock()
        self.changed = threading.Condition()
        self.building = False
        self.built: T | None = None
        self.version = ""
        self.took_s = 0.0
        self.rests_until = 0.0
