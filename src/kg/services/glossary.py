"""The ontology as a reader's glossary: classes, properties and code lists with where each is used."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from pyoxigraph import Literal, NamedNode

from kg import paths
from kg.model.label import Label, choose, local_name
from kg.services.explore import Names, iri_in, number_in
from kg.services.remembered import per_version
from kg.store.protocol import Reader

_CLASSES: Final = {"Class"}


@dataclass
class TermEntry:
    """A class, a property or a code: labels, definitions, examples, what it is linked to, and how often it is used."""

    iri: str
    uses: int = 0
    claims: int = 0
    literals: dict[str, list[Literal]] = field(default_factory=lambda: defaultdict(list))
    links: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def name(self) -> str:
        """Local name."""
        return local_name(self.iri)

    def label(self, language: str) -> Label:
        """Return the label to show."""
        return choose([*self.literals["label"], *self.literals["prefLabel"]], language, self.iri)

    def texts(self, *names: str) -> list[Literal]:
        """Return the texts of the first of these properties that has any, zh before en."""
        found = next((self.literals[n] for n in names if self.literals[n]), [])
        return sorted(found, key=lambda text: (text.language != "zh", str(text)))


@dataclass(frozen=True)
class CodeList:
    """A code list with its codes and how often each is used."""

    iri: str
    codes: Sequence[tuple[str, int]]

    @property
    def name(self) -> str:
        """Local name."""
        return local_name(self.iri)


@dataclass(frozen=True)
class Glossary:
    """The ontology's terms in alphabetical order of their local names."""

    classes: Sequence[TermEntry]
    properties: Sequence[TermEntry]
    lists: Sequence[CodeList]
    names: Names


@per_version
def read(store: Reader) -> Glossary:
    """Read the ontology out of the graph: what is loaded is what is shown."""
    classes: dict[str, TermEntry] = {}
    properties: dict[str, TermEntry] = {}
    for row in store.select(paths.query("ontology/terms.rq")):
        room = classes if local_name(iri_in(row, "type")) in _CLASSES else properties
        entry = room.setdefault(iri_in(row, "term"), TermEntry(iri_in(row, "term")))
        name, value = local_name(iri_in(row, "property")), row["value"]
        if isinstance(value, Literal) and value not in entry.literals[name]:
            entry.literals[name].append(value)
        elif isinstance(value, NamedNode) and value.value not in entry.links[name]:
            entry.links[name].append(value.value)
    for row in store.select(paths.query("ontology/classes.rq")):
        if (iri := iri_in(row, "term")) in classes:
            classes[iri].uses = number_in(row, "uses")
    for row in store.select(paths.query("ontology/properties.rq")):
        if (iri := iri_in(row, "term")) in properties:
            properties[iri].uses += number_in(row, "uses")
            properties[iri].claims += number_in(row, "claims")
    lists: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for row in store.select(paths.query("ontology/lists.rq")):
        lists[iri_in(row, "scheme")].append((iri_in(row, "concept"), number_in(row, "uses")))
    shown = {i for s, codes in lists.items() for i in (s, *(c for c, _ in codes))}
    shown |= {i for e in (*classes.values(), *properties.values()) for iris in e.links.values() for i in iris}
    return Glossary(
        sorted(classes.values(), key=lambda e: e.name.lower()),
        sorted(properties.values(), key=lambda e: e.name.lower()),
        [CodeList(iri, sorted(codes, key=lambda c: (-c[1], c[0]))) for iri, codes in sorted(lists.items())],
        Names().load(store, shown),
    )
