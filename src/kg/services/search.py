"""Search by name: any part of any name of an entity or of a concept of the code lists, typed, spelt, or nearly so.

Notes
-----
What is typed is looked for in the names as they are written (see `folding`), and where it holds letters also in the
way they are read: ``hnkj``, ``hainuo`` and ``hainkj`` find 海诺科技 (see `pinyin`). Where neither finds anything, names
with other characters of the same sound are found, traditional ones among them, or else names that are a typing error
away; both are marked as such.
"""

import contextlib
import ctypes
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final, cast
from typing import Literal as Choice

from pyoxigraph import (
    Literal,
    NamedNode,
    QueryResultsFormat,
    QuerySolution,
    QuerySolutions,
    parse_query_results,
)

from kg import paths
from kg.errors import KGError, QueryFailed
from kg.model.label import choose, local_name
from kg.model.vocabulary import KG, SKOS
from kg.services import pinyin
from kg.services.folding import fold
from kg.services.name_entry import TIE_BITS, Match, Name
from kg.services.names_index import WANTED_MAX, NamesIndex
from kg.services.upkeep import Upkeep
from kg.store.protocol import Reader

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

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
_TSV: Final = "text/tab-separated-values"

#: How a name matched: as it is written, by letters that spell it, by other characters of the same sound, or but for a
#: typing error.
How = Choice["name", "spelling", "sound", "near"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A resource with a name that matched what was looked for.

    Attributes
    ----------
    iri, label, kind
        The resource, its label in the reader's language, and the IRI of its class.
    matched_label, start, end
        The name that matched, and where in it, in code points, end exclusive.
    score
        Higher is better. Its whole part says how the name matched: 6 all of it (5 where it was spelt), 4 its beginning
        (3), 2 a part (1), 0 nearly; the rest is how much of the name matched.
    how
        ``name``, ``spelling`` (pinyin or initials), ``sound`` (other characters of the same sound) or ``near`` (a
        typing error away).
    spelling
        The readings of the part that matched, such as ``hai nuo``, where letters spelt it; else empty.
    matched_property
        Local name of the property that gives the name: ``prefLabel``, ``aliasName``, ``misprint`` and so on.
    label_language, matched_language
        The languages of the label and of the name that matched; empty where none is told.
    """

    iri: str
    label: str
    kind: str
    matched_label: str
    start: int
    end: int
    score: float
    how: How = "name"
    spelling: str = ""
    matched_property: str = "prefLabel"
    label_language: str = ""
    matched_language: str = ""


class Hits(list[Hit]):
    """What a search found, the best first.

    Attributes
    ----------
    current
        False where the names stand as they were before the last write: the index is being built anew.
    """

    def __init__(self, hits: Iterable[Hit] = (), *, current: bool = True) -> None:
        super().__init__(hits)
        self.current = current


def search(store: Reader, text: str, limit: int = 20, language: str = "zh") -> Hits:
    """Return the resources with a name that holds the text, the best first.

    Parameters
    ----------
    text
        What to look for: any characters, none of which has a special meaning. White space around it doesn't count, nor
        do characters after the 200th.
    limit
        Most hits.
    language
        The reader's language, for the labels.

    Returns
    -------
    Hits
        Each resource once, with the name of its that fits best. Ranked by whole name, beginning and part, names before
        spellings; then shorter names first; then proper names before printed forms and misprints; then by the number
        of facts that the resource takes part in.
    """
    wanted = fold(text[:MAX_CHARACTERS])[0][:WANTED_MAX].strip()
    if not wanted or limit < 1:
        return Hits()
    index, current = _indexes.of(store)
    ranked = _ranked(index, wanted, limit)
    labels = index.labels([match.name.iri for _, match in ranked])
    return Hits((_hit(how, match, labels, language) for how, match in ranked), current=current)


def prepare(store: Reader) -> int:
    """Build the index of a store's names before the first search asks for it; return the number of names."""
    return _indexes.of(store)[0].names


def _ranked(index: NamesIndex, wanted: str, limit: int) -> list[tuple[How, Match]]:
    typed = pinyin.letters(wanted)
    if not any(letter.isascii() and letter.isalpha() for letter in typed):
        typed = ""
    found = _Best(limit)
    found.take("name", index.beginning(wanted))
    if typed:
        found.take("spelling", index.spelt_beginning(typed))
    if len(found) < limit:
        found.take("name", index.holding(wanted))
        if typed:
            found.take("spelling", index.spelt(typed))
    if not len(found):
        found.take("sound", index.sounding(wanted))
    if not len(found):
        found.take("near", chain(index.near(wanted), index.respelt(typed) if typed else ()))
    return found.ranked()


class _Best:
    """The best match of each resource, of the first ones that each way of matching yields in its order."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._best: dict[str, tuple[tuple[int, int, int, str, str], How, Match]] = {}

    def __len__(self) -> int:
        return len(self._best)

    def take(self, how: How, matches: Iterable[Match]) -> None:
        """Take matches until there is one for each of as many resources as there may be hits."""
        seen: set[str] = set()
        for match in matches:
            order = (-_step(how, match), match.errors, match.key >> TIE_BITS, match.name.text, match.name.iri)
            known = self._best.get(match.name.iri)
            if known is None or order < known[0]:
                self._best[match.name.iri] = (order, how, match)
            seen.add(match.name.iri)
            if len(seen) >= self._limit:
                break

    def ranked(self) -> list[tuple[How, Match]]:
        """Return them, the best first."""
        return [(how, match) for _, how, match in sorted(self._best.values(), key=lambda b: b[0])[: self._limit]]


def _step(how: How, match: Match) -> int:
    """Return the whole part of a hit's score."""
    if how in {"sound", "near"}:
        return 0
    return (6 if match.whole else 4 if match.begins else 2) - (how == "spelling")


def _hit(how: How, match: Match, labels: dict[str, list[Literal]], language: str) -> Hit:
    name = match.name
    label = choose(labels.get(name.iri, []), language, name.iri)
    return Hit(
        name.iri,
        label.text,
        name.kind,
        name.text,
        match.start,
        match.end,
        _step(how, match) + match.share,
        how,
        match.spelling,
        local_name(_NAMES[name.rank]),
        label.language,
        name.language,
    )


# Building


def _names(store: Reader) -> Iterator[Name]:
    """Yield each name of each resource, without ever holding them all."""
    blocks = store.query(paths.query("search/names.rq"), _TSV).chunks
    failure: KGError
    try:
        results = parse_query_results(io.BufferedReader(_Stream(blocks)), QueryResultsFormat.TSV)
        yield from map(_name, cast(QuerySolutions, results))
    except (SyntaxError, OSError) as error:
        failure = QueryFailed(f"The names couldn't be read whole: {error}")
    else:
        return
    finally:
        if callable(close := getattr(blocks, "close", None)):
            close()
    raise failure


def _name(solution: QuerySolution) -> Name:
    facts, label = solution["facts"], cast(Literal, solution["label"])
    return Name(
        cast(NamedNode, solution["resource"]).value,
        cast(NamedNode, solution["class"]).value,
        _NAMES.index(cast(NamedNode, solution["property"]).value),
        label.value,
        label.language or "",
        int(facts.value) if isinstance(facts, Literal) else 0,
    )


class _Stream(io.RawIOBase):
    """Blocks as a file that is read."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, target: "WriteableBuffer") -> int:
        view = memoryview(target)
        if not self._rest:
            self._rest = memoryview(next(self._blocks, b""))
        size = min(len(view), len(self._rest))
        view[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def _build(store: Reader, goes_on: Callable[[], bool]) -> NamesIndex:
    index = NamesIndex.build(_names(store), goes_on)
    _hand_back()
    return index


def _hand_back() -> None:
    """Give memory that was freed back to the system, where the C library can: a build leaves some 8 MB of it behind."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


_indexes: Final = Upkeep(_build)
