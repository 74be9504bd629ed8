"""What readers save: views and queries under the hash of their content, immutable, in SQLite beside the graph.

Notes
-----
What is saved is no part of the graph. Its text is canonical JSON, its name in it, so that the same thing saved twice is
one thing with one address. Nothing is changed or taken away; when the room is full, nothing more is taken, and small
views still fit into an address of their own.
"""

import hashlib
import json
import re
import sqlite3
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from kg.errors import InvalidState, NotFound, SaveRefused, StoreUnusable
from kg.services import viewstate
from kg.services.viewstate import NAME_MAX_CHARACTERS, ViewState, canonical_text

FILE: Final = "saved.sqlite"
ITEM_MAX_BYTES: Final = 64 * 1024
ITEMS_MAX: Final = 20_000
TOTAL_MAX_BYTES: Final = 64 * 1024 * 1024
#: How many one client may save within `PERIOD_S`.
PER_CLIENT: Final = 30
PERIOD_S: Final = 600
#: Clients that are remembered; of more, the one that saved the longest ago is forgotten.
CLIENTS_MAX: Final = 10_000

Kind = Literal["view", "query"]
_HASH: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS saved (
  hash TEXT PRIMARY KEY,
  bytes INTEGER NOT NULL,
  text TEXT NOT NULL,
  saved_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) STRICT, WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Item:
    """Something that was saved.

    Attributes
    ----------
    state
        Of a view; without the name, which the item has.
    query
        The text of a query; empty for a view.
    """

    hash: str
    kind: Kind
    name: str
    state: ViewState
    query: str = ""


class Shelf:
    """The saved things below a data folder.

    Parameters
    ----------
    folder
        The data folder; it is made, with the file in it, when something is saved for the first time.
    allowed
        Whether anything more is taken; what was saved can be opened all the same.
    clock
        Seconds that only grow.
    """

    def __init__(self, folder: Path, *, allowed: bool = True, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = folder / FILE
        self._allowed = allowed
        self._clock = clock
        self._lock = threading.Lock()
        self._clients: OrderedDict[str, deque[float]] = OrderedDict()

    @property
    def allowed(self) -> bool:
        """Whether anything is taken."""
        return self._allowed

    def save(self, value: object, client: str) -> Item:
        """Save a thing, and return it with its hash.

        Parameters
        ----------
        value
            A JSON object: ``kind`` (``view`` or ``query``), ``name``, and ``state`` or ``query``.
        client
            Whose it is, such as an address; only for the limit of how often.

        Raises
        ------
        SaveRefused
            If saving is off, if this client saves too often, or if the room is full.
        InvalidState
            If it isn't what can be saved.
        """
        if not self._allowed:
            raise SaveRefused(
                "off", "This service saves nothing (KG_SAVE=off).", "The address itself holds small views."
            )
        item, text = _item(value)
        size = len(text.encode())
        with self._lock, self._opened(make=True) as table:
            if table.execute("SELECT 1 FROM saved WHERE hash = ?", (item.hash,)).fetchone():
                return item
            self._admit(client)
            count, total = table.execute("SELECT COUNT(*), COALESCE(SUM(bytes), 0) FROM saved").fetchone()
            if count >= ITEMS_MAX or total + size > TOTAL_MAX_BYTES:
                raise SaveRefused(
                    "full",
                    f"There is no room left: {count:,} things are saved, {total:,} bytes.",
                    f"Whoever runs the service can move {FILE} away in KG_DATA_DIR; the address holds small views.",
                )
            table.execute("INSERT INTO saved (hash, bytes, text) VALUES (?, ?, ?)", (item.hash, size, text))
        return item

    def open(self, name: str) -> Item:
        """Return what was saved under a hash.

        Raises
        ------
        NotFound
            If nothing was.
        """
        if _HASH.fullmatch(name) and self._file.exists():
            with self._opened() as table:
                row = table.execute("SELECT text FROM saved WHERE hash = ?", (name,)).fetchone()
            if row:
                return _item(json.loads(row[0]))[0]
        raise NotFound("saved view or query", name, "Links of another service, or of other data, don't work here.")

    def _admit(self, client: str) -> None:
        now = self._clock()
        times = self._clients.setdefault(client, deque())
        self._clients.move_to_end(client)
        while len(self._clients) > CLIENTS_MAX:
            self._clients.popitem(last=False)
        while times and times[0] <= now - PERIOD_S:
            times.popleft()
        if len(times) >= PER_CLIENT:
            wait = max(1, round(times[0] + PERIOD_S - now))
            raise SaveRefused(
                "rate", f"At most {PER_CLIENT} things are saved within {PERIOD_S // 60} minutes.", "Wait.", wait
            )
        times.append(now)

    @contextmanager
    def _opened(self, *, make: bool = False) -> Iterator[sqlite3.Connection]:
        try:
            if make:
                self._file.parent.mkdir(parents=True, exist_ok=True)
            table = sqlite3.connect(self._file, timeout=5)
            try:
                if make:
                    table.execute(_TABLE)
                with table:
                    yield table
            finally:
                table.close()
        except (sqlite3.Error, OSError) as error:
            raise StoreUnusable(str(self._file), str(error)) from None


def _item(value: object) -> tuple[Item, str]:
    """Return the item of a JSON value, and its canonical text."""
    if not isinstance(value, dict) or value.get("kind") not in {"view", "query"}:
        raise InvalidState("give an object with kind view or query", "kind")
    kind: Kind = value["kind"]
    content = "state" if kind == "view" else "query"
    if unknown := sorted(str(k)[:40] for k in value if k not in {"v", "kind", "name", content}):
        raise InvalidState(f"{unknown[0]!r} isn't known", "")
    name = value.get("name", "")
    if not isinstance(name, str) or len(name) > NAME_MAX_CHARACTERS or not name.isprintable():
        raise InvalidState(f"a name is printable text of at most {NAME_MAX_CHARACTERS} characters", "name")
    name = name.strip()
    state, query = ViewState(), ""
    kept: dict[str, Any] = {"v": 1, "kind": kind, "name": name}
    if kind == "view":
        given = viewstate.from_json(value.get("state"))
        state = viewstate.from_json({k: v for k, v in given.as_json().items() if k != "name"})
        kept["name"] = name = name or given.name
        kept["state"] = state.as_json()
    else:
        query = value.get("query", "")
        if not isinstance(query, str) or not query.strip() or "\x00" in query:
            raise InvalidState("a query is a text", "query")
        kept["query"] = query
    text = canonical_text(kept)
    try:
        data = text.encode()
    except UnicodeEncodeError:
        raise InvalidState("it holds half of a character", content) from None
    if len(data) > ITEM_MAX_BYTES:
        raise InvalidState(f"it has more than {ITEM_MAX_BYTES:,} bytes", "", too_large=True)
    return Item(hashlib.sha256(data).hexdigest()[:32], kind, name, state, query), text
