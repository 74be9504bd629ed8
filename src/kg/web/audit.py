"""The log of writes: one line of JSON when a write begins, and one when it ends, in ``audit.jsonl`` of the data folder.

The first line is written before anything changes: where it can't be, nothing is written at all.
"""

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from kg.errors import StoreUnusable

FILE: Final = "audit.jsonl"
#: Far more than what is shown; the log itself may be as long as it likes.
_TAIL_BYTES: Final = 256 * 1024


@dataclass
class Entry:
    """A write that is under way; what is put into `result` stands in its last line."""

    result: dict[str, Any] = field(default_factory=dict)


@contextlib.contextmanager
def written(data_dir: Path, who: str, address: str, operation: str, **about: Any) -> Iterator[Entry]:
    """Log a write around its doing.

    Parameters
    ----------
    data_dir
        Where the log lies.
    who
        Name of the token's holder.
    address
        Address that the request came from.
    operation
        What is done, such as ``update`` or ``replace graph``.
    about
        What it is done to.

    Raises
    ------
    StoreUnusable
        If the log can't be written.
    """
    write = secrets.token_hex(8)
    _append(data_dir, {"write": write, "state": "begins", "who": who, "from": address, "operation": operation, **about})
    entry = Entry()
    try:
        yield entry
    except BaseException as error:
        with contextlib.suppress(StoreUnusable):
            _append(data_dir, {"write": write, "state": "failed", "error": type(error).__name__})
        raise
    # The write stands whether or not this line does.
    with contextlib.suppress(StoreUnusable):
        _append(data_dir, {"write": write, "state": "done", **entry.result})


def latest(data_dir: Path, number: int) -> list[dict[str, Any]]:
    """Return the last writes, the newest first: the line of each one's beginning, with its last state."""
    try:
        with (data_dir / FILE).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            lines = file.read().splitlines()
    except OSError:
        return []
    found: dict[str, dict[str, Any]] = {}
    for line in lines:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            entry = json.loads(line)
            found.setdefault(entry["write"], {}).update(entry)
    whole = [entry for entry in found.values() if "operation" in entry]
    return list(reversed(whole))[:number]


def _append(data_dir: Path, members: dict[str, Any]) -> None:
    line = json.dumps({"at": datetime.now(UTC).isoformat(timespec="milliseconds"), **members}, ensure_ascii=False)
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        # One write of one line: those of several threads don't mix.
        descriptor = os.open(data_dir / FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, line.encode("utf-8", "backslashreplace") + b"\n")
        finally:
            os.close(descriptor)
    except OSError as error:
        raise StoreUnusable(str(data_dir), f"the log of writes can't be written: {error.strerror}") from None
