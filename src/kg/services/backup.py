"""Backups: a consistent copy of everything in the data folder that can't be made anew, and its way back."""

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from kg.errors import StoreUnusable
from kg.services import ingest, saved
from kg.store.embedded import ENGINE_FOLDER, EmbeddedStore
from kg.store.protocol import Store

#: Where a service keeps its backups, below the data folder.
FOLDER: Final = "backups"
#: Says what the backup is; it is written last, so that a folder without it is a backup that was cut short.
NOTE: Final = "backup.json"
_BASE_FILES: Final = (ingest.MANIFEST, ingest.NQUADS)


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that is whole: its folder, when it was made (ISO 8601), and how many triples it holds."""

    folder: str
    made: str
    triples: int


def write(store: Store, data_dir: Path, folder: Path) -> Backup:
    """Write a backup into a new folder while the store goes on.

    The store is copied as it is at one moment; what readers saved, and what says which base is loaded, as it is soon
    after. A base that is loaded in between is told by the next load, which compares with what the store holds.

    Raises
    ------
    StoreUnusable
        If the folder exists or can't be written.
    """
    try:
        store.backup(folder)
        for name in _BASE_FILES:
            if (data_dir / name).is_file():
                shutil.copyfile(data_dir / name, folder / name)
        if (data_dir / saved.FILE).is_file():
            _copy_database(data_dir / saved.FILE, folder / saved.FILE)
        with EmbeddedStore.open(folder, read_only=True) as copy:
            counts = copy.statistics()
        made = Backup(
            str(folder),
            datetime.now(UTC).isoformat(timespec="seconds"),
            counts.triples_default + counts.triples_named,
        )
        (folder / NOTE).write_text(json.dumps({"made": made.made, "triples": made.triples}) + "\n", encoding="utf-8")
    except (OSError, sqlite3.Error) as error:
        raise StoreUnusable(str(folder), f"the backup can't be written: {error}") from None
    return made


def named(data_dir: Path) -> Path:
    """Return the folder of a service's next backup."""
    return data_dir / FOLDER / datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def listed(data_dir: Path) -> list[Backup]:
    """Return the backups below a data folder that are whole, the newest first."""
    found = (read(folder) for folder in sorted((data_dir / FOLDER).glob("*"), reverse=True))
    return [backup for backup in found if backup is not None]


def read(folder: Path) -> Backup | None:
    """Return what a backup says of itself, or None where it isn't a whole one."""
    try:
        note = json.loads((folder / NOTE).read_text(encoding="utf-8"))
        return Backup(str(folder), str(note["made"]), int(note["triples"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def restore(folder: Path, data_dir: Path, *, replace: bool = False) -> Backup:
    """Make a data folder anew from a backup. No service may hold it.

    Parameters
    ----------
    folder
        The backup; it is left as it is.
    data_dir
        The data folder.
    replace
        Whether a store that is there may go; it is moved aside, and removed when the new one stands.

    Raises
    ------
    StoreLocked
        If a service or another command holds the data folder.
    StoreUnusable
        If the backup isn't whole, the data folder has a store that may not go, or can't be written.
    """
    backup = read(folder)
    if backup is None:
        raise StoreUnusable(str(folder), f"it isn't a whole backup: it has no {NOTE}")
    place = data_dir / ENGINE_FOLDER
    draft, old = data_dir / "restored.draft", data_dir / "replaced.draft"
    if place.exists() and not replace:
        raise StoreUnusable(str(data_dir), "it has a store; choose another KG_DATA_DIR, or say --replace")
    if place.exists():
        # Nobody may write to what is about to go.
        EmbeddedStore.open(data_dir).close()
    try:
        for rest in (draft, old):
            shutil.rmtree(rest, ignore_errors=True)
        shutil.copytree(folder / ENGINE_FOLDER, draft)
        for name in (*_BASE_FILES, saved.FILE):
            (data_dir / name).unlink(missing_ok=True)
        if place.exists():
            place.rename(old)
        draft.rename(place)
        for name in (*_BASE_FILES, saved.FILE):
            if (folder / name).is_file():
                shutil.copyfile(folder / name, data_dir / name)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise StoreUnusable(str(data_dir), f"the backup can't be restored: {error}") from None
    return backup


def _copy_database(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as held, closing(sqlite3.connect(target)) as copy:
        held.backup(copy)
