"""A basket of facts with numbered notes: what a reader gathered, each fact with the places that it rests on."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kg.errors import SelectionRefused
from kg.model.vocabulary import FACT_SEGMENTS, ID
from kg.services import explore
from kg.services.explore import Fact, Names, Passage
from kg.store.protocol import Reader

#: More facts than this aren't printed on one page; the basket of the browser holds as many.
FACTS_MAX: Final = 300
_ID: Final = re.compile(rf"(?:{'|'.join(FACT_SEGMENTS.values())})/[A-Za-z0-9][A-Za-z0-9._~-]{{0,199}}", re.ASCII)


@dataclass(frozen=True)
class Basket:
    """Facts in the reader's order with their notes.

    Attributes
    ----------
    facts
        What the graph has of them.
    notes
        The passages, each once, in the order in which the facts first rest on them: note 1 is the first.
    numbers
        For each fact, by its IRI, the numbers of its notes.
    gone
        Ids that the graph doesn't have, or not any more.
    """

    facts: Sequence[Fact]
    notes: Sequence[Passage]
    numbers: Mapping[str, Sequence[int]]
    gone: Sequence[str]
    names: Names

    def ids(self, without: str = "") -> list[str]:
        """Return the ids of the facts, without one of them."""
        return [fact.path for fact in self.facts if fact.path != without]


def parse(values: Sequence[str]) -> list[str]:
    """Return the ids that an address names, each once.

    Raises
    ------
    SelectionRefused
        For what can't be the id of a fact, and for more than `FACTS_MAX`.

    Examples
    --------
    >>> parse(["obs/a-1,claim/2", "obs/a-1"])
    ['obs/a-1', 'claim/2']
    """
    ids = list(dict.fromkeys(part.strip() for value in values for part in value.split(",") if part.strip()))
    for one in ids:
        if not _ID.fullmatch(one):
            raise SelectionRefused("facts", one, "ids of facts such as obs/datong-7b251225, with commas between them")
    if len(ids) > FACTS_MAX:
        raise SelectionRefused("facts", f"{len(ids)} ids", f"at most {FACTS_MAX} ids")
    return ids


def basket(store: Reader, ids: Sequence[str]) -> Basket:
    """Return the facts of these ids, in their order, with notes."""
    found = {fact.path: fact for fact in explore.load_facts(store, [f"{ID}{one}" for one in ids])}
    facts = [found[one] for one in ids if one in found]
    notes: dict[str, tuple[int, Passage]] = {}
    numbers: dict[str, list[int]] = {}
    for fact in facts:
        numbers[fact.iri] = []
        for passage in fact.evidence:
            number, _ = notes.setdefault(passage.iri, (len(notes) + 1, passage))
            numbers[fact.iri].append(number)
    names = Names().load(store, explore.named_in(facts))
    return Basket(facts, [p for _, p in notes.values()], numbers, [one for one in ids if one not in found], names)
