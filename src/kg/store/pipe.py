"""One evaluation, read as bytes: what is small at once, what is large through an operating system's pipe.

A small result is evaluated in the caller's own thread. A large one, or one that takes its time, is evaluated anew in a
thread of its own: the engine's iterators belong to the thread that made them, and its serialiser is quick only when it
writes to a file by itself. A pipe gives it one, holds it back when the reader is slow, and ends it when the reader goes
away.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Final

from kg.errors import KGError, QueryFailed
from kg.store.worker import BLOCK_BYTES, cleaned

#: What ends this soon is given back whole, with its length and with its errors before the first byte.
GRACE_S: Final = 0.02
_CLOSE_S: Final = 1.0

# The engine tries to fsync what it wrote, which a pipe can't: the one error that means that all went well.
_FSYNC_OF_A_PIPE: Final = "Invalid argument (os error 22)"


class _TooLong(Exception):
    """A result doesn't end within what is taken in the caller's thread."""


class Buffer:
    """A file in memory that refuses to grow beyond a block, or to be written to after the grace period."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []
        self._left = BLOCK_BYTES
        self._until = time.monotonic() + GRACE_S

    def write(self, block: bytes) -> int:
        """Take in a block.

        Raises
        ------
        _TooLong
            If there is no room for it, or no time left.
        """
        self._left -= len(block)
        if self._left < 0 or (time.monotonic() > self._until and self._blocks):
            raise _TooLong
        self._blocks.append(bytes(block))
        return len(block)

    def flush(self) -> None:
        """Do nothing: what is written is there."""

    def content(self) -> bytes:
        """Return what was written."""
        return b"".join(self._blocks)


Work = Callable[[str | Buffer, Callable[[], None]], None]


@dataclass
class _Run:
    """What the thread and its reader share. The thread must not hold the reader, or nothing would end it."""

    work: Work
    translate: Callable[[BaseException], KGError]
    writer: int
    failure: KGError | None = None
    signals: SimpleQueue[str] = field(default_factory=SimpleQueue)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> None:
        try:
            self.work(f"/dev/fd/{self.writer}", lambda: self.signals.put("accepted"))
        except BaseException as error:  # noqa: BLE001  # the engine's panics are no Exception, and none may be lost
            if str(error) != _FSYNC_OF_A_PIPE:
                self.failure = _plain(error, self.translate)
        with self.lock:
            os.close(self.writer)
            self.writer = -1
        self.signals.put("ended")


def _plain(error: BaseException, translate: Callable[[BaseException], KGError]) -> KGError:
    failure = error if isinstance(error, KGError) else translate(error)
    # The engine's iterators hang on the frames of a traceback, and must die in the thread that made them.
    failure.__context__ = failure.__cause__ = None
    return failure.with_traceback(None)


class Evaluation(Iterator[bytes]):
    """Runs `work(output, accepted)` and yields what it wrote to `output`, a `Buffer` or the path of a file.

    Parameters
    ----------
    work
        Calls `accepted` once the engine has taken the query, then writes. Its errors must be `KGError` or an engine's
        own; the latter are translated by `translate`. It is called a second time where the first run grows too long.
    translate
        Makes one of the house's errors of an engine's error.
    xml
        The result is XML: carriage returns are escaped, characters that XML can't carry are an error.

    Raises
    ------
    KGError
        From the constructor, where `work` fails before it has accepted or within the grace period; else from `next()`.
    """

    def __init__(self, work: Work, translate: Callable[[BaseException], KGError], *, xml: bool = False) -> None:
        self._xml = xml
        self._first = True
        self._open = False
        self._whole: bytes | None = None
        if (whole := _at_once(work, translate)) is not None:
            self._whole = self._clean(whole)
            return
        self._reader, writer = os.pipe()
        self._open = True
        self._run = _Run(work, translate, writer)
        self._thread = threading.Thread(target=self._run, name="kg-evaluation", daemon=True)
        self._thread.start()
        with contextlib.suppress(Empty):
            if self._run.signals.get() == "ended" or self._run.signals.get(timeout=GRACE_S) == "ended":
                self._gather()

    @property
    def size_bytes(self) -> int | None:
        """The length of the whole result, where it is known."""
        return None if self._whole is None else len(self._whole)

    def _gather(self) -> None:
        """Take in a result that is complete: it fits into the pipe, or its writer would still wait."""
        blocks = []
        while block := os.read(self._reader, BLOCK_BYTES):
            blocks.append(block)
        self._shut()
        if self._run.failure is not None:
            raise self._run.failure
        self._whole = self._clean(b"".join(blocks))

    def __next__(self) -> bytes:
        if self._whole is not None:
            whole, self._whole = self._whole, b""
            if not whole:
                raise StopIteration
            return whole
        if not self._open:
            raise StopIteration
        block = os.read(self._reader, BLOCK_BYTES)
        if not self._first:
            # The first rows go out at once; later blocks are filled, for fewer and larger writes.
            while block and len(block) < BLOCK_BYTES:
                more = os.read(self._reader, BLOCK_BYTES - len(block))
                if not more:
                    break
                block += more
        self._first = False
        if block:
            try:
                return self._clean(block)
            except QueryFailed:
                self.close()
                raise
        self._shut()
        if self._run.failure is not None:
            raise self._run.failure
        raise StopIteration

    def _clean(self, block: bytes) -> bytes:
        return cleaned(block) if self._xml else block

    def close(self) -> None:
        """Stop reading, which ends the evaluation at its next row.

        An evaluation that yields no rows can't be ended from here: after a second it is left to itself, in a thread
        that doesn't keep the process from ending.
        """
        if self._open:
            self._shut()

    def _shut(self) -> None:
        self._open = False
        os.close(self._reader)
        for _ in range(int(_CLOSE_S / GRACE_S)):
            self._thread.join(GRACE_S)
            if not self._thread.is_alive():
                return
            self._nudge()

    def _nudge(self) -> None:
        # A writer that opens a pipe without a reader waits for one for ever: be one for a moment, and be gone again.
        with self._run.lock:
            if self._run.writer >= 0:
                os.close(os.open(f"/dev/fd/{self._run.writer}", os.O_RDONLY | os.O_NONBLOCK))

    def __del__(self) -> None:
        with contextlib.suppress(OSError, AttributeError):
            if self._open:
                self._open = False
                os.close(self._reader)


def _at_once(work: Work, translate: Callable[[BaseException], KGError]) -> bytes | None:
    """Return the whole result if it is small and soon there, else None."""
    buffer = Buffer()
    try:
        work(buffer, lambda: None)
    except _TooLong:
        return None
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001  # as in a thread of its own
        failure = _plain(error, translate)
    else:
        return buffer.content()
    raise failure
