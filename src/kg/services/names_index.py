"""The index of names: finds the names that hold, begin with, sound like or nearly are what a reader typed.

What is looked up are terms that are made here, never a query language, so nothing that a reader types has a meaning
beyond its characters. What the index holds of a name is told in `name_entry`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, pairwise
from typing import Final

import tantivy
from pyoxigraph import Literal

from kg.services import misspelling, name_entry, pinyin
from kg.services.folding import fold
from kg.services.name_entry import BEGINNING, SPACE, Found, Match, Name

_WRITER_BYTES: Final = 64_000_000
#: Characters of what is looked for, after folding, that count.
WANTED_MAX: Final = 200
#: Names that are compared at most where the index can only narrow down.
_COMPARED_MAX: Final = 600
_NEAR_COMPARED_MAX: Final = 300
_RESPELT_COMPARED_MAX: Final = 100
_MISSES_MAX: Final = 64
_PAGE: Final = 32

Query = tantivy.Query
_MUST: Final = tantivy.Occur.Must
_SHOULD: Final = tantivy.Occur.Should


class NamesIndex:
    """An index of names, held in memory. It never changes, so any number of threads may ask it."""

    def __init__(self, index: tantivy.Index, names: int) -> None:
        self.names = names
        self._schema = index.schema
        self._searcher = index.searcher()

    @classmethod
    def build(cls, names: Iterable[Name], goes_on: Callable[[], bool] = lambda: True) -> "NamesIndex":
        """Make an index.

        Parameters
        ----------
        names
            Each name of each resource; read once, and not held.
        goes_on
            Asked now and then; where it says no, the index holds what was read until then.
        """
        index = tantivy.Index(name_entry.schema())
        writer = index.writer(_WRITER_BYTES, 1)
        count = 0
        for name in names:
            folded = fold(name.text)[0]
            if folded:
                writer.add_document(name_entry.document(name, folded))
                count += 1
                if count % 1000 == 0 and not goes_on():
                    break
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        return cls(index, count)

    # Names that hold what was typed

    def beginning(self, wanted: str) -> Iterator[Match]:
        """Yield the names that begin with a folded text, in order."""
        marked = list(map("".join, pairwise(name_entry.marked(wanted)[:-1])))
        for found in self._found(self._phrase(marked)):
            yield found.match(0, len(wanted))

    def holding(self, wanted: str) -> Iterator[Match]:
        """Yield the names that hold a folded text, in order; some maybe twice."""
        spaced = wanted.replace(" ", SPACE)
        pairs = list(map("".join, pairwise(spaced)))
        query = self._all([self._term("pairs", p) for p in pairs]) if pairs else self._term("chars", spaced)
        misses = 0
        # Asking for all pairs is some times cheaper than asking for them in a row, and nearly always the same.
        for found in self._found(query):
            at = found.folded.find(wanted)
            if at >= 0:
                yield found.match(at, at + len(wanted))
            elif (misses := misses + 1) > _MISSES_MAX:
                break
        else:
            return
        for found in self._found(self._phrase(pairs)):
            at = found.folded.find(wanted)
            yield found.match(at, at + len(wanted))

    # Names that sound like what was typed

    def spelt_beginning(self, typed: str) -> Iterator[Match]:
        """Yield the names whose beginning the letters spell, in order (see `pinyin.spelt_part`)."""
        return self._spelt([typed], at_beginning=True)

    def spelt(self, typed: str) -> Iterator[Match]:
        """Yield the names of which the letters, at least two, spell a part, in order."""
        return self._spelt([typed]) if len(typed) > 1 else iter(())

    def respelt(self, typed: str) -> Iterator[Match]:
        """Yield the names that the letters spell once a typing error in them is put right."""
        return self._spelt(misspelling.respelt(typed), errors=1)

    def _spelt(self, spellings: Sequence[str], *, at_beginning: bool = False, errors: int = 0) -> Iterator[Match]:
        cuts = [(typed, cut) for typed in spellings for cut in pinyin.cuts(typed)[: 1 if len(spellings) > 1 else None]]
        queries = [self._cut(cut, at_beginning=at_beginning) for _, cut in cuts]
        if not queries:
            return
        for found in islice(self._found(self._any(queries)), _RESPELT_COMPARED_MAX if errors else _COMPARED_MAX):
            sounds = pinyin.sounds(found.folded)
            read = ((typed, pinyin.spelt_part(typed, sounds, at_beginning=at_beginning)) for typed in spellings)
            for typed, part in islice(((typed, part) for typed, part in read if part), 1):
                # What stands around the sounds, such as quotation marks, isn't typed, and belongs to a whole.
                start = 0 if part[0] == sounds[0] else part[0].position
                end = len(found.folded) if part[-1] == sounds[-1] else part[-1].position + 1
                yield found.match(start, end, errors, pinyin.spelling(typed, part))

    def _cut(self, cut: Sequence[str], *, at_beginning: bool) -> Query:
        terms: list[Query] = []
        runs = [BEGINNING if at_beginning else ""]
        for number, piece in enumerate(cut):
            if not piece.isascii():
                terms.append(self._term("chars", piece))
                runs.append("")
                continue
            runs[-1] += piece[0]
            if number == len(cut) - 1 and (len(piece) > 1 or (len(cut) == 1 and not at_beginning)):
                terms.append(self._any([self._term("syllables", s) for s in pinyin.completions(piece)]))
            elif len(piece) > 1 and piece in pinyin.syllables():
                terms.append(self._term("syllables", piece))
        for run in runs:
            size = min(3, len(run))
            if size > 1:
                terms += [self._term("initials", run[at : at + size]) for at in range(len(run) - size + 1)]
        return self._all(terms) if terms else Query.empty_query()

    def sounding(self, wanted: str) -> Iterator[Match]:
        """Yield the names that hold other characters of the same sound, at least two, in order."""
        sounds = pinyin.sounds(wanted)[: name_entry.SOUNDS_MAX]
        if len(sounds) < 2 or not any(sound.is_chinese for sound in sounds):
            return
        terms = [
            self._any([self._term("syllables", reading) for reading in sound.readings])
            if sound.is_chinese
            else self._term("chars", sound.character)
            for sound in sounds
        ]
        for found in islice(self._found(self._all(terms)), _COMPARED_MAX):
            other = pinyin.sounds(found.folded)
            for first in range(len(other) - len(sounds) + 1):
                if pinyin.sounds_alike(sounds, other, first):
                    part = other[first : first + len(sounds)]
                    yield found.match(part[0].position, part[-1].position + 1, 1)
                    break

    # Names that nearly hold what was typed

    def near(self, wanted: str) -> list[Match]:
        """Return the names that hold a folded text but for typing errors, those with the fewest first."""
        allowed = misspelling.errors_allowed(wanted)
        if not allowed:
            return []
        spaced = wanted.replace(" ", SPACE)
        # A Chinese character tells as much as a pair of letters; a letter tells nothing.
        grams = [("chars", c) for c in dict.fromkeys(spaced) if not c.isascii()]
        grams += [("pairs", "".join(p)) for p in dict.fromkeys(pairwise(spaced))]
        query = Query.boolean_query([(_SHOULD, self._term(field, gram)) for field, gram in grams])
        found = self._searcher.search(query, _NEAR_COMPARED_MAX, count=False)
        matches = []
        for _, address in found.hits:
            one = self._read(address)
            if part := misspelling.nearest(wanted, one.folded, allowed):
                matches.append(one.match(part[1], part[2], part[0]))
        return sorted(matches, key=lambda match: (match.errors, not match.begins, match.key))

    # Reading

    def labels(self, iris: Sequence[str]) -> dict[str, list[Literal]]:
        """Return the preferred labels of resources."""
        found: dict[str, list[Literal]] = {}
        if iris:
            query = Query.term_set_query(self._schema, "label_of", list(iris))
            for _, address in self._searcher.search(query, 8 * len(iris), count=False).hits:
                name = self._read(address).name
                found.setdefault(name.iri, []).append(Literal(name.text, language=name.language or None))
        return found

    def _found(self, query: Query) -> Iterator[Found]:
        """Yield what a query finds in the order of the keys, in pages that grow."""
        offset, size = 0, _PAGE
        while True:
            hits = self._searcher.search(
                query, size, count=False, order_by_field="key", order=tantivy.Order.Asc, offset=offset
            ).hits
            for _, address in hits:
                yield self._read(address)
            if len(hits) < size:
                return
            offset += size
            size *= 2

    def _read(self, address: tantivy.DocAddress) -> Found:
        return name_entry.read(bytes(self._searcher.doc(address).get_first("entry") or b""))

    def _term(self, field: str, term: str) -> Query:
        return Query.term_query(self._schema, field, term, index_option="basic")

    def _phrase(self, pairs: Sequence[str]) -> Query:
        words: list[str | tuple[int, str]] = list(pairs)
        return self._term("pairs", pairs[0]) if len(pairs) == 1 else Query.phrase_query(self._schema, "pairs", words)

    @staticmethod
    def _all(queries: Sequence[Query]) -> Query:
        return queries[0] if len(queries) == 1 else Query.boolean_query([(_MUST, query) for query in queries])

    @staticmethod
    def _any(queries: Sequence[Query]) -> Query:
        if not queries:
            return Query.empty_query()
        return queries[0] if len(queries) == 1 else Query.boolean_query([(_SHOULD, query) for query in queries])
