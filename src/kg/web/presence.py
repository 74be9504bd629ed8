"""``serve.json`` in the data folder: where the service that holds the folder can be reached.

It is written when the service answers and removed when it ends in order. One that was killed leaves its file behind;
such a file is known by its process being gone, or being another one under the same id.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from kg.web.process import birth

FILE: Final = "serve.json"


@dataclass(frozen=True, slots=True)
class Presence:
    """A service that runs: its address, main process, start (ISO 8601), the process's birth, and version."""

    address: str
    pid: int
    started: str
    birth: str
    version: str


def announce(data_dir: Path, presence: Presence) -> None:
    """Write the file, whole or not at all."""
    draft = data_dir / f"{FILE}.{os.getpid()}"
    draft.write_text(json.dumps(asdict(presence), indent=2) + "\n", encoding="utf-8")
    draft.replace(data_dir / FILE)


def running(data_dir: Path) -> Presence | None:
    """Return the service that holds the data folder, or None where none runs."""
    try:
        found = Presence(**json.loads((data_dir / FILE).read_text(encoding="utf-8")))
        alive = found.birth == birth(int(found.pid))
    except (OSError, ValueError, TypeError):
        return None
    return found if alive else None


def withdraw(data_dir: Path, pid: int) -> None:
    """Remove the file if it is that process's own."""
    found = running(data_dir)
    if found is not None and found.pid == pid:
        (data_dir / FILE).unlink(missing_ok=True)


def address_of(host: str, port: int) -> str:
    """Return the address at which this machine reaches a service that listens on a host and port.

    >>> address_of("0.0.0.0", 8000), address_of("::1", 8000)
    ('http://127.0.0.1:8000', 'http://[::1]:8000')
    """
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"
