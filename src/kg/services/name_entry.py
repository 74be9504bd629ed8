"""A name as the index of names holds it.

Notes
-----
A name is one document of a tantivy index, with these fields:

``chars``
    The characters of the folded name.
``pairs``
    Its pairs of neighbours, with a mark of the beginning and of the end, at their positions: a phrase of pairs is a
    part of the name, and nothing else is.
``initials``, ``syllables``
    The pairs and triples of neighbouring initials, and the readings, of a name with Chinese characters. They only
    narrow down: each name found is read again.
``label_of``
    The resource, where the name is its preferred label.
``key``
    The order of names that match equally well: shorter ones first, then proper ones before printed forms, then those of
    resources with more facts, then better known kinds of names.
"""

import json
import zlib
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import tantivy

from kg.services import pinyin
from kg.services.folding import fold, span

#: Marks that no folded text holds, since folding takes control characters away.
SPACE: Final = "\x01"
BEGINNING: Final = "\x02"
END: Final = "\x03"
#: Kinds of names whose rank is lower are proper ones; the others are forms in which some document prints them.
PROPER_NAMES: Final = 5
#: The bits of a key that only tell apart what matches equally well.
TIE_BITS: Final = 30
#: A name's sounds after this many aren't looked up: it is a sentence.
SOUNDS_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Name:
    """A name of a resource.

    Attributes
    ----------
    iri, kind
        The resource, and the IRI of its class.
    rank
        How well known this kind of name is; 0 is the preferred label.
    text, language
        The name and its language, empty where none is told.
    facts
        Number of facts that the resource takes part in.
    """

    iri: str
    kind: str
    rank: int
    text: str
    language: str
    facts: int


@dataclass(frozen=True, slots=True)
class Match:
    """A name that matched, and how.

    Attributes
    ----------
    name, key
        The name, and its place in the order of names that match equally well.
    start, end
        The part of the name's text that matched, in code points, end exclusive.
    begins, whole, share
        Whether that is its beginning, whether it is all of it, and how much of it, above 0 to 1.
    errors
        Typing errors between what was looked for and that part.
    spelling
        The readings of that part, where letters spelt it.
    """

    name: Name
    key: int
    start: int
    end: int
    begins: bool
    whole: bool
    share: float
    errors: int = 0
    spelling: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A name that the index found, folded, and the way back from its folded characters to its text."""

    name: Name
    folded: str
    offsets: tuple[int, ...]

    def match(self, start: int, end: int, errors: int = 0, spelling: str = "") -> Match:
        """Return a match of a part, which is given in characters of the folded name."""
        begins, whole = start == 0, start == 0 and end == len(self.folded)
        share = (end - start) / len(self.folded)
        place = span(self.offsets, start, end)
        return Match(self.name, key_of(self.name, self.folded), *place, begins, whole, share, errors, spelling)


def schema() -> tantivy.Schema:
    """Return the fields of an index of names."""
    builder = tantivy.SchemaBuilder()
    for field, option in (("chars", "basic"), ("pairs", "position"), ("initials", "basic"), ("syllables", "basic")):
        builder.add_text_field(field, tokenizer_name="whitespace", index_option=option)
    builder.add_text_field("label_of", tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("key", fast=True)
    builder.add_bytes_field("entry", stored=True)
    return builder.build()


def document(name: Name, folded: str) -> tantivy.Document:
    """Return what the index holds of a name."""
    pieces = marked(folded)
    made = tantivy.Document()
    made.add_text("chars", " ".join(set(pieces[1:-1])))
    made.add_text("pairs", " ".join(map("".join, pairwise(pieces))))
    heard = [(character, *sound) for character in folded if (sound := pinyin.hear(character))][:SOUNDS_MAX]
    syllables = {reading for character, readings, _ in heard if readings[0] != character for reading in readings}
    if syllables:
        initials = [{BEGINNING}, *({reading[0] for reading in readings} for _, readings, _ in heard)]
        pairs = [{a + b for a in left for b in right} for left, right in pairwise(initials)]
        triples = [{pair + c for pair in left for c in right} for left, right in zip(pairs, initials[2:], strict=False)]
        made.add_text("initials", " ".join(set().union(*pairs, *triples)))
        made.add_text("syllables", " ".join(syllables))
    if name.rank == 0:
        made.add_text("label_of", name.iri)
    # Not `Document(key=…)`: that makes a signed number, on which the thread that writes panics.
    made.add_unsigned("key", key_of(name, folded))
    entry = [name.iri, name.kind, name.rank, name.text, name.language, name.facts]
    made.add_bytes("entry", json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode("utf-8"))
    return made


def marked(folded: str) -> str:
    """Return a folded name with marks of its beginning and end, and of spaces."""
    return f"{BEGINNING}{folded.replace(' ', SPACE)}{END}"


def key_of(name: Name, folded: str) -> int:
    """Return an unsigned number of 64 bits: length, proper or not, facts (more first), kind of name, and a hash."""
    told_apart = zlib.crc32(f"{name.iri}\n{name.text}".encode("utf-8", "replace")) >> 2
    facts = (1 << 20) - 1 - min(name.facts, (1 << 20) - 1)
    return (
        min(len(folded), 1023) << 54
        | (name.rank >= PROPER_NAMES) << 53
        | facts << 33
        | name.rank << TIE_BITS
        | told_apart
    )


def read(entry: bytes) -> Found:
    """Return the name that a document was made of."""
    name = Name(*json.loads(entry.decode("utf-8")))
    return Found(name, *fold(name.text))
