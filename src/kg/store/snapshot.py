"""Snapshots: hard-linked copies of the store that worker processes read while the serving process writes.

A copy costs some 20 ms and next to no space, and is taken only when somebody asks for a version that has none yet. All
readers of a version share it. It is removed when a newer one has been taken and nobody holds it any more.
"""

import contextlib
import logging
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from kg.errors import KGError, SnapshotFailed

logger = logging.getLogger(__name__)

FOLDER: Final = "snapshots"


class Source(Protocol):
    """What snapshots are taken of."""

    @property
    def version(self) -> str:
        """Changes with every write, before the write is acknowledged."""

    def checkpoint(self, folder: Path) -> None:
        """Write a consistent copy into a new folder."""


@dataclass(eq=False, slots=True)
class Snapshot:
    """A copy: the version that it holds at least, its folder, and how many hold it."""

    version: str
    folder: Path
    holders: int = 0


class Snapshots:
    """The copies of one store, below a folder of their own on the same file system.

    Parameters
    ----------
    store
        What is copied.
    folder
        Where; whatever an earlier run left there is removed. Nobody else may use it: the store's lock sees to that.
    """

    def __init__(self, store: Source, folder: Path) -> None:
        self._store = store
        self._folder = folder
        self._lock = threading.Lock()
        self._latest: Snapshot | None = None
        self._taken = 0
        remove(folder)

    @property
    def version(self) -> str:
        """The store's version, as it is now."""
        return self._store.version

    def take(self) -> Snapshot:
        """Return a snapshot that holds all that was acknowledged until now; whoever takes it gives it back.

        Raises
        ------
        SnapshotFailed
            If no copy can be made, as on a full disk.
        """
        with self._lock:
            # Read before the copy is made: it may then hold more than its version says, and never less.
            version = self._store.version
            latest = self._latest
            if latest is None or latest.version != version:
                latest = self._copy(version)
                before, self._latest = self._latest, latest
                if before is not None and before.holders == 0:
                    remove(before.folder)
            latest.holders += 1
            return latest

    def give_back(self, snapshot: Snapshot) -> None:
        """Hold a snapshot no longer."""
        with self._lock:
            snapshot.holders -= 1
            if snapshot.holders == 0 and snapshot is not self._latest:
                remove(snapshot.folder)

    def _copy(self, version: str) -> Snapshot:
        self._taken += 1
        place = self._folder / str(self._taken)
        try:
            self._store.checkpoint(place)
        except KGError as error:
            remove(place)
            failure = SnapshotFailed(str(self._folder), str(error))
        else:
            return Snapshot(version, place)
        raise failure

    def close(self) -> None:
        """Remove everything."""
        with self._lock:
            self._latest = None
            remove(self._folder)


def remove(folder: Path) -> None:
    """Remove a folder of snapshots; what can't be removed is left to the next start, with a line in the log."""
    with contextlib.suppress(FileNotFoundError):
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            raise
        except OSError as error:
            logger.warning("the snapshots in %s can't be removed: %s", folder, error)
