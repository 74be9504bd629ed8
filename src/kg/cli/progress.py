"""Progress of long work: a bar on standard error where that is a terminal, nothing where it isn't."""

import sys
from typing import Final

_WIDTH: Final = 24


class Progress:
    """Takes a stage and how much of it is done; use it as a context manager, so that the bar's line is ended."""

    def __init__(self) -> None:
        self._out = sys.stderr
        self._terminal = self._out.isatty()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        if self._terminal:
            self._out.write("\r\x1b[K")
            self._out.flush()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show it."""
        if self._terminal:
            filled = _WIDTH * done // total if total else _WIDTH
            self._out.write(f"\r\x1b[K{stage:<10} {'█' * filled}{'·' * (_WIDTH - filled)} {done:,}/{total:,}")
            self._out.flush()
