"""Documents: what was read, and where every fact stands in it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from pyoxigraph import NamedNode

from kg import paths
from kg.errors import NotFound
from kg.model.vocabulary import BASE
from kg.services import evidence, explore
from kg.services.explore import Fact, Names, Passage, iri_in, number_in, text_in
from kg.services.remembered import per_version
from kg.store.protocol import Reader


@dataclass(frozen=True)
class Document:
    """A document's counts and bibliographic facts."""

    iri: str
    key: str
    facts: int
    passages: int
    paragraphs: int
    characters: int
    sha256: str
    not_before: str | None = None
    subtitle: str | None = None
    authors: Sequence[str] = ()
    zones: Sequence[str] = ()

    @property
    def slug(self) -> str:
        """Local part of the IRI."""
        return self.iri.rpartition("/")[2]


@dataclass(frozen=True)
class DocumentView:
    """Everything that the page of a document shows; `text` is None where the passages can't be shown."""

    document: Document
    facts: Sequence[Fact]
    names: Names
    extents: Sequence[tuple[int, int, int]]
    text: str | None
    why: str = ""

    def passages(self) -> list[Passage]:
        """Return every passage of this document that a fact rests on, in order of position."""
        found = {p.iri: p for f in self.facts for p in f.evidence if p.document == self.document.iri}
        return sorted(found.values(), key=lambda p: (p.start, p.end))


@per_version
def listed(store: Reader) -> list[Document]:
    """Return all documents, those with the most facts first."""
    authors: dict[str, list[str]] = defaultdict(list)
    zones: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for row in store.select(paths.query("documents/links.rq")):
        document = iri_in(row, "document")
        if author := text_in(row, "author"):
            authors[document].append(author)
        if zone := text_in(row, "zone"):
            zones[document].append((-number_in(row, "count"), zone))
    found = []
    for row in store.select(paths.query("documents/list.rq")):
        iri = iri_in(row, "document")
        found.append(
            Document(
                iri,
                text_in(row, "key") or iri.rpartition("/")[2],
                number_in(row, "facts"),
                number_in(row, "passages"),
                number_in(row, "paragraphs"),
                number_in(row, "characters"),
                text_in(row, "hash") or "",
                text_in(row, "notBefore"),
                text_in(row, "subtitle"),
                tuple(sorted(set(authors[iri]))),
                tuple(zone for _, zone in sorted(zones[iri])),
            )
        )
    return found


def document(store: Reader, slug: str, folder: Path | None) -> DocumentView:
    """Return the view of a document.

    Parameters
    ----------
    slug
        Local part of the document's IRI.
    folder
        Where the deployer keeps the documents' texts; None where nowhere.

    Raises
    ------
    NotFound
        If the graph has no such document.
    """
    iri = f"{BASE}id/document/{slug}"
    found = next((d for d in listed(store) if d.iri == iri), None)
    if found is None:
        raise NotFound("document", slug, "The page /documents lists all of them.")
    facts = explore.facts_from(store, store.select(paths.query("documents/facts.rq"), {"document": NamedNode(iri)}))
    facts.sort(key=lambda f: (min((p.start for p in f.evidence if p.document == iri), default=0), f.iri))
    names = Names().load(store, {iri, *found.authors, *found.zones, *explore.named_in(facts)})
    text, why = text_of(folder, found)
    return DocumentView(found, facts, names, explore.extents(store, [iri]).get(iri, []), text, why)


def text_of(folder: Path | None, document: Document) -> tuple[str | None, str]:
    """Return a document's text, or None and why not: ``unset``, ``absent`` or ``differs``."""
    text = evidence.text_of(folder, document.key, document.sha256)
    if text is not None:
        return text, ""
    if folder is None:
        return None, "unset"
    return None, "differs" if (folder / f"{document.key}.txt").is_file() else "absent"


@dataclass
class Paragraph:
    """A paragraph of a text: its number and range, and its pieces: text, what covers it, and what begins there."""

    number: int
    start: int
    end: int
    pieces: list[tuple[str, list[Passage], list[Passage]]] = field(default_factory=list)


def paragraphs(text: str, passages: Sequence[Passage]) -> list[Paragraph]:
    """Cut a text into its non-empty lines, and each line where a passage begins or ends."""
    found: list[Paragraph] = []
    position = 0
    for line in text.split("\n"):
        start, end = position, position + len(line)
        position = end + 1
        if not line.strip():
            continue
        inside = [p for p in passages if p.start < end and p.end > start]
        cuts = sorted({start, end, *(max(start, min(end, x)) for p in inside for x in (p.start, p.end))})
        pieces: list[tuple[str, list[Passage], list[Passage]]] = []
        for left, right in pairwise(cuts):
            covering = [p for p in inside if p.start <= left and p.end >= right]
            begins = [p for p in covering if p.start == left or (left == start and p.start < start)]
            pieces.append((text[left:right], covering, begins))
        found.append(Paragraph(len(found) + 1, start, end, pieces))
    return found
