"""One evaluation in one thread of its own, read as blocks of bytes through an operating system's pipe.

The engine's iterators belong to the thread that made them, and its serialiser is quick only when it writes to a file by
itself. A pipe gives it one, holds it back when the reader is slow, and ends it when the reader goes away.
"""

import contextlib
import os
import re
import threading
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import Final

from kg.errors import KGError, QueryFailed

BLOCK_BYTES: Final = 65_536
#: What ends this soon is given back whole, with its length and with its errors before the first byte.
GRACE_S: Final = 0.02
_CLOSE_S: Final = 1.0

# The engine tries to fsync what it wrote, which a pipe can't: the one error that means that all went well.
_FSYNC_OF_A_PIPE: Final = "Invalid argument (os error 22)"
# A carriage return would be read back as a line feed, and XML 1.0 has no spelling for the other control characters.
_NOT_XML: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")

Work = Callable[[str, Callable[[], None]], None]


class Evaluation(Iterator[bytes]):
    """Runs `work(path, accepted)` in a thread, where `path` is what to write to, and yields what it wrote.

    Parameters
    ----------
    work
        Calls `accepted` once the engine has taken the query, then writes. Its errors must be `KGError` or an engine's
        own; the latter are translated by `translate`.
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
        self._work = work
        self._translate = translate
        self._xml = xml
        self._failure: KGError | None = None
        self._signals: SimpleQueue[str] = SimpleQueue()
        self._lock = threading.Lock()
        self._first = True
        self._whole: bytes | None = None
        self._reader, self._writer = os.pipe()
        self._open = True
        self._thread = threading.Thread(target=self._run, name="kg-evaluation", daemon=True)
        self._thread.start()
        with contextlib.suppress(Empty):
            if self._signals.get() == "ended" or self._signals.get(timeout=GRACE_S) == "ended":
                self._gather()

    @property
    def size_bytes(self) -> int | None:
        """The length of the whole result, where it is known."""
        return None if self._whole is None else len(self._whole)

    def _run(self) -> None:
        failure: KGError | None = None
        try:
            self._work(f"/dev/fd/{self._writer}", lambda: self._signals.put("accepted"))
        except KGError as error:
            failure = error
        except BaseException as error:  # noqa: BLE001  # the engine's panics are no Exception, and none may be lost
            if str(error) != _FSYNC_OF_A_PIPE:
                failure = self._translate(error)
        if failure is not None:
            # The engine's iterators hang on the frames of a traceback, and must die in this thread.
            failure = failure.with_traceback(None)
            failure.__context__ = failure.__cause__ = None
        self._failure = failure
        with self._lock:
            os.close(self._writer)
            self._writer = -1
        self._signals.put("ended")

    def _gather(self) -> None:
        """Take in a result that is complete: it fits into the pipe, or its writer would still wait."""
        blocks = []
        while block := os.read(self._reader, BLOCK_BYTES):
            blocks.append(block)
        self._shut()
        if self._failure is not None:
            raise self._failure
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
        if self._failure is not None:
            raise self._failure
        raise StopIteration

    def _clean(self, block: bytes) -> bytes:
        if not self._xml:
            return block
        if bad := _NOT_XML.search(block):
            raise QueryFailed(
                f"The result holds the control character U+{bad.group()[0]:04X}, which XML can't carry; ask for JSON."
            )
        return block.replace(b"\r", b"&#xD;")

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
        with self._lock:
            if self._writer >= 0:
                os.close(os.open(f"/dev/fd/{self._writer}", os.O_RDONLY | os.O_NONBLOCK))

    def __del__(self) -> None:
        with contextlib.suppress(OSError, AttributeError):
            if self._open:
                self._open = False
                os.close(self._reader)
