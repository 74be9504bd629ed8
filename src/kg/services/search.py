"""Search by name: any part of any name of an entity or of a concept of the code lists.

Notes
-----
Names and what is looked for are compared after NFKC and case folding, so ＰＥＴ, PET and pet are one, and runs of white
space count as one space. The names are read once for each version of the store, and scanned.
"""

import threading
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

from pyoxigraph import Literal

from kg import paths
from kg.model.label import choose
from kg.model.vocabulary import KG, SKOS
from kg.store.protocol import Reader, Solution

MAX_CHARACTERS: Final = 200

#: Names by how well known they are; of two names that fit equally well, the earlier is the one that matched.
_NAMES: Final = (
    f"{SKOS}prefLabel",
    f"{KG}fullName",
    f"{KG}shortName",
    f"{KG}aliasName",
    f"{SKOS}altLabel",
    f"{KG}printedForm",
    f"{KG}misprint",
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A resource whose name holds what was looked for.

    Attributes
    ----------
    iri, label, kind
        The resource, its label in the reader's language, and the IRI of its class.
    matched_label, start, end
        The name that matched, and where in it, in code points, end exclusive.
    score
        Higher is better: 3 the whole name, above 1 its beginning, below 1 a part; the larger the part, the higher.
    """

    iri: str
    label: str
    kind: str
    matched_label: str
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class _Name:
    iri: str
    text: str
    rank: int
    folded: str
    offsets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Table:
    version: str
    names: list[_Name]
    labels: dict[str, list[Literal]]
    kinds: dict[str, str]
    links: dict[str, int]


_tables: Final[WeakKeyDictionary[Reader, _Table]] = WeakKeyDictionary()
_reading: Final = threading.Lock()


def search(store: Reader, text: str, limit: int = 20, language: str = "zh") -> list[Hit]:
    """Return the resources with a name that holds the text, the best first.

    Parameters
    ----------
    text
        What to look for; white space around it doesn't count, nor do characters after the 200th.
    limit
        Most hits.
    language
        The reader's language, for the labels.

    Returns
    -------
    list of Hit
        Each resource once, with the name of its that fits best. Ranked by whole name, beginning and part; then by how
        much of the name it is, so shorter names come first; then by the number of facts the resource takes part in.
    """
    wanted = fold(text[:MAX_CHARACTERS])[0].strip()
    if not wanted or limit < 1:
        return []
    table = _table(store)
    best: dict[str, tuple[tuple[float, int, str], _Name, int]] = {}
    for name in table.names:
        at = name.folded.find(wanted)
        if at < 0:
            continue
        score = len(wanted) / len(name.folded) + (0 if at else 1 + (len(wanted) == len(name.folded)))
        order = (-score, name.rank, name.text)
        if name.iri not in best or order < best[name.iri][0]:
            best[name.iri] = (order, name, at)
    ranked = sorted(best.values(), key=lambda b: (b[0][0], -table.links.get(b[1].iri, 0), b[0][1], b[1].text, b[1].iri))
    return [
        Hit(
            name.iri,
            choose(table.labels.get(name.iri, []), language, name.iri).text,
            table.kinds[name.iri],
            name.text,
            name.offsets[at],
            name.offsets[at + len(wanted)],
            -order[0],
        )
        for order, name, at in ranked[:limit]
    ]


def fold(text: str) -> tuple[str, tuple[int, ...]]:
    """Return a text as it is compared, and for each of its characters (and its end) the offset in the original.

    >>> fold("ＰＥＴ  膜")
    ('pet 膜', (0, 1, 2, 3, 5, 6))
    """
    folded: list[str] = []
    offsets: list[int] = []
    for start, end in _clusters(text):
        for character in unicodedata.normalize("NFKC", text[start:end]).casefold():
            if character.isspace():
                if folded and folded[-1] == " ":
                    continue
                character = " "  # noqa: PLW2901 - one space for any run of white space
            folded.append(character)
            offsets.append(start)
    return "".join(folded), (*offsets, len(text))


def _clusters(text: str) -> Iterable[tuple[int, int]]:
    """Yield each character with the combining marks after it: they are normalised together."""
    start = 0
    for position in range(1, len(text) + 1):
        if position == len(text) or not unicodedata.combining(text[position]):
            yield start, position
            start = position


def _table(store: Reader) -> _Table:
    version = store.version
    table = _tables.get(store)
    if table is None or table.version != version:
        with _reading:
            table = _tables.get(store)
            if table is None or table.version != version:
                # The version was read first: a write in between makes the next search read again.
                table = _tables[store] = _read(store, version)
    return table


def _read(store: Reader, version: str) -> _Table:
    names: dict[tuple[str, str], _Name] = {}
    labels: dict[str, list[Literal]] = {}
    kinds: dict[str, str] = {}
    for solution in store.select(paths.query("search/labels.rq")):
        iri, kind, label = _value(solution, "resource"), _value(solution, "class"), solution["label"]
        if not isinstance(label, Literal):
            continue
        # Of several classes one is shown: the first of the ontology's own, which come before SKOS's.
        kinds[iri] = min(kind, kinds.get(iri, kind))
        rank = _NAMES.index(_value(solution, "property"))
        if rank == 0 and label not in labels.setdefault(iri, []):
            labels[iri].append(label)
        known = names.get((iri, label.value))
        if known is None or rank < known.rank:
            folded, offsets = fold(label.value)
            if folded.strip():
                names[iri, label.value] = _Name(iri, label.value, rank, folded, offsets)
    links = {
        _value(solution, "resource"): int(_value(solution, "facts"))
        for solution in store.select(paths.query("search/links.rq"))
    }
    return _Table(version, list(names.values()), labels, kinds, {iri: links[iri] for iri in kinds if iri in links})


def _value(solution: Solution, name: str) -> str:
    return str(getattr(solution[name], "value", solution[name]))
