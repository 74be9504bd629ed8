"""The view of an entity: its facts with modality, time and evidence, what they name, and what no fact tells.

Every page that shows facts gets them from here, in the same shape: a fixed number of queries for each view, whatever
the number of facts.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Final

from pyoxigraph import Literal, NamedNode

from kg import paths
from kg.errors import NotFound
from kg.model.label import Label, choose, local_name
from kg.model.vocabulary import BASE, ENTITY_SEGMENTS, FACT_SEGMENTS, ID, KG, RDF, SKOS
from kg.services.remembered import per_version
from kg.store.protocol import Reader, Solution, Term
from kg.store.sparql import serialize

#: Properties of a fact that say how it holds, not what it says.
MANNER: Final = frozenset(
    [f"{RDF}type"]
    + [
        f"{KG}{name}"
        for name in (
            *("modality", "certainty", "reason", "evidence", "refersTo", "timeUnknown", "endedOn", "validFrom"),
            *("validTo", "period", "dateInferred", "note", "doubt", "wording", "qualifier", "unit", "baseDate"),
            "translation",
        )
    ]
)
#: More facts than this aren't put on one page (the query's own limit); the page says so.
FACTS_MAX: Final = 2000
#: Kinds of names beside the preferred label, in the order in which a page lists them.
NAME_KINDS: Final = ("fullName", "shortName", "aliasName", "printedForm", "misprint")


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of evidence: a range of code points in a document, and the hash of what stands there."""

    iri: str
    document: str
    start: int
    end: int
    paragraph: int | None = None
    sha256: str = ""

    @property
    def slug(self) -> str:
        """Local part of the IRI, which is also the anchor on the document's page."""
        return self.iri.rpartition("/")[2]


@dataclass(frozen=True)
class Fact:
    """A fact node: its class, its values by property, and its evidence in order of position."""

    iri: str
    values: Mapping[str, Sequence[Term]]
    evidence: Sequence[Passage] = ()

    @cached_property
    def kind(self) -> str:
        """Local name of the fact's class."""
        classes = sorted(local_name(iri) for iri in self.iris(f"{RDF}type"))
        return next((c for c in classes if c in FACT_SEGMENTS), classes[0] if classes else "Fact")

    @property
    def path(self) -> str:
        """The IRI below ``id/``."""
        return self.iri.removeprefix(ID)

    def iris(self, name: str) -> list[str]:
        """Return the IRIs that a property has; `name` is an IRI or a local name of the ontology."""
        return sorted(term.value for term in self._terms(name) if isinstance(term, NamedNode))

    def iri_of(self, name: str) -> str | None:
        """Return the one IRI of a property, or None."""
        return next(iter(self.iris(name)), None)

    def literals(self, name: str) -> list[Literal]:
        """Return the literals of a property."""
        return [term for term in self._terms(name) if isinstance(term, Literal)]

    def text(self, name: str) -> str | None:
        """Return the first literal of a property, or None."""
        return min((literal.value for literal in self.literals(name)), default=None)

    def number(self, name: str) -> Decimal | None:
        """Return a property's number, or None."""
        text = self.text(name)
        return None if text is None else Decimal(text)

    def day(self, name: str) -> date | None:
        """Return a property's date, or None."""
        text = self.text(name)
        return None if text is None else date.fromisoformat(text[:10])

    @cached_property
    def modality(self) -> str:
        """Code of the modality, such as ``actual``."""
        return local_name(self.iri_of("modality") or "")

    @cached_property
    def certainty(self) -> str:
        """Code of the certainty: ``stated``, ``inferred`` or ``conjecture``."""
        return local_name(self.iri_of("certainty") or "stated")

    @cached_property
    def subject(self) -> str | None:
        """Subject of a claim."""
        return self.iri_of(f"{RDF}subject")

    @cached_property
    def predicate(self) -> str | None:
        """Predicate of a claim."""
        return self.iri_of(f"{RDF}predicate")

    @cached_property
    def object(self) -> str | None:
        """Object of a claim, where it is a resource."""
        return self.iri_of(f"{RDF}object")

    @cached_property
    def position(self) -> tuple[str, int]:
        """Where the fact first stands: document and position, for ordering."""
        return min(((p.document, p.start) for p in self.evidence), default=("", 0))

    def roles(self) -> dict[str, list[str]]:
        """Return the resources that the fact names, by property."""
        return {p: self.iris(p) for p in self.values if p not in MANNER and p != f"{RDF}predicate" and self.iris(p)}

    def entities(self) -> list[str]:
        """Return every entity of the graph that the fact names, each once."""
        return sorted({iri for iris in self.roles().values() for iri in iris if iri.startswith(ID)})

    def _terms(self, name: str) -> Sequence[Term]:
        return self.values.get(name if ":" in name else f"{KG}{name}", ())


@dataclass(frozen=True)
class Resource:
    """What is shown of a resource that a page names."""

    iri: str
    labels: Sequence[Literal] = ()
    classes: Sequence[str] = ()
    symbols: Sequence[Literal] = ()

    def label(self, language: str) -> Label:
        """Return the label to show."""
        return choose(self.labels, language, self.iri)

    @property
    def class_name(self) -> str:
        """Local name of the most telling class; empty for what is no entity of the graph."""
        names = [local_name(c) for c in self.classes]
        known = [n for n in names if n in ENTITY_SEGMENTS or n in FACT_SEGMENTS]
        # An organisation that has a class of its own is shown by that one.
        known.sort(key=lambda n: (n in {"Organization", "Place"}, n))
        return next(iter(known), names[0] if names else "")


@dataclass
class Names:
    """The resources that a view names, by IRI."""

    known: dict[str, Resource] = field(default_factory=dict)

    def __getitem__(self, iri: str) -> Resource:
        return self.known.get(iri) or Resource(iri)

    def load(self, store: Reader, iris: Iterable[str]) -> "Names":
        """Add the labels and classes of further resources, in one query."""
        wanted = sorted({iri for iri in iris if iri not in self.known})
        labels: dict[str, list[Literal]] = defaultdict(list)
        symbols: dict[str, list[Literal]] = defaultdict(list)
        classes: dict[str, list[str]] = defaultdict(list)
        for row in (
            store.select(paths.query("explore/names.rq"), {"resources": [NamedNode(iri) for iri in wanted]})
            if wanted
            else []
        ):
            iri = iri_in(row, "resource")
            if isinstance(label := row.get("label"), Literal):
                labels[iri].append(label)
            if isinstance(symbol := row.get("symbol"), Literal):
                symbols[iri].append(symbol)
            if isinstance(kind := row.get("class"), NamedNode):
                classes[iri].append(kind.value)
        for iri in wanted:
            self.known[iri] = Resource(iri, tuple(labels[iri]), tuple(sorted(classes[iri])), tuple(symbols[iri]))
        return self


@dataclass(frozen=True)
class EntityView:
    """Everything that the page of an entity shows.

    Attributes
    ----------
    statements
        The entity's own statements by property (names, codes, classifications).
    facts
        The facts in which it has a role, in order of position in their documents.
    missing
        Codes of what is usually known of such an entity and stands in no fact.
    extents
        For each document, how far the evidence reaches in each paragraph: (paragraph, first, last).
    """

    iri: str
    resource: Resource
    statements: Mapping[str, Sequence[Term]]
    facts: Sequence[Fact]
    names: Names
    missing: Sequence[str]
    extents: Mapping[str, Sequence[tuple[int, int, int]]]

    def documents(self) -> list[str]:
        """Return the documents that the facts stand in, most facts first."""
        count: dict[str, int] = defaultdict(int)
        for fact in self.facts:
            for document in {p.document for p in fact.evidence}:
                count[document] += 1
        return sorted(count, key=lambda d: (-count[d], d))

    def neighbours(self) -> list[tuple[str, Fact]]:
        """Return each entity that a fact links to this one, with the fact that says most: actual before planned."""
        found: dict[str, Fact] = {}
        for fact in sorted(self.facts, key=lambda f: (_RANK.get(f.modality, 9), f.position)):
            for iri in fact.entities():
                if iri != self.iri and iri not in found:
                    found[iri] = fact
        return list(found.items())


_RANK: Final = {"actual": 0, "underway": 1, "expected": 2, "target": 3, "planned": 4, "intended": 5}


def iri_in(row: Solution, name: str) -> str:
    """Return the IRI that a solution must have under a name."""
    term = row[name]
    if not isinstance(term, NamedNode):
        raise TypeError(f"?{name} is bound to {term}")
    return term.value


def text_in(row: Solution, name: str) -> str | None:
    """Return the text or the IRI under a name, or None where it is unbound."""
    term = row.get(name)
    return term.value if isinstance(term, Literal | NamedNode) else None


def number_in(row: Solution, name: str) -> int:
    """Return the whole number under a name; 0 where it is unbound."""
    return int(text_in(row, name) or 0)


def facts_from(store: Reader, rows: Iterable[Solution]) -> list[Fact]:
    """Make facts of solutions (fact, property, value), with their evidence, in order of position."""
    values: dict[str, dict[str, list[Term]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        values[iri_in(row, "fact")][iri_in(row, "property")].append(row["value"])
    cited = {term.value for v in values.values() for term in v.get(f"{KG}evidence", ()) if isinstance(term, NamedNode)}
    found = passages(store, sorted(cited))
    facts = []
    for iri, properties in values.items():
        evidence = [found[t.value] for t in properties.get(f"{KG}evidence", ()) if t.value in found]  # type: ignore[union-attr]
        evidence.sort(key=lambda p: (p.document, p.start, p.end))
        facts.append(Fact(iri, properties, evidence))
    return sorted(facts, key=lambda f: (f.position, f.iri))


def passages(store: Reader, evidence: Sequence[str]) -> dict[str, Passage]:
    """Return the position of each piece of evidence."""
    rows = (
        store.select(paths.query("explore/passages.rq"), {"evidence": [NamedNode(iri) for iri in evidence]})
        if evidence
        else []
    )
    found: dict[str, Passage] = {}
    for row in rows:
        iri = iri_in(row, "evidence")
        paragraph = text_in(row, "paragraph")
        found[iri] = Passage(
            iri,
            iri_in(row, "document"),
            number_in(row, "start"),
            number_in(row, "end"),
            int(paragraph) if paragraph else None,
            text_in(row, "hash") or "",
        )
    return found


def load_facts(store: Reader, iris: Sequence[str]) -> list[Fact]:
    """Return the facts of these IRIs."""
    if not iris:
        return []
    return facts_from(
        store, store.select(paths.query("explore/details.rq"), {"facts": [NamedNode(iri) for iri in iris]})
    )


def named_in(facts: Iterable[Fact]) -> set[str]:
    """Return every resource that the facts name and a page may show: roles, predicates, codes, units, documents."""
    found: set[str] = set()
    for fact in facts:
        for terms in fact.values.values():
            found |= {term.value for term in terms if isinstance(term, NamedNode)}
        found |= {p.document for p in fact.evidence}
        found |= {f"{KG}{p.removeprefix(KG)}" for p in fact.values if p.startswith(KG)}
        found -= {p.iri for p in fact.evidence}
    return found


def statements_of(store: Reader, iri: str) -> dict[str, list[Term]]:
    """Return a resource's own statements by property; empty for what the graph doesn't know."""
    found: dict[str, list[Term]] = defaultdict(list)
    for row in store.select(paths.query("explore/statements.rq"), {"entity": NamedNode(iri)}):
        found[iri_in(row, "property")].append(row["value"])
    return dict(found)


def entity(store: Reader, iri: str) -> EntityView:
    """Return the view of an entity.

    Raises
    ------
    NotFound
        If the graph has no statement of it.
    """
    statements = statements_of(store, iri)
    if not statements:
        raise NotFound("entity", iri.removeprefix(BASE), "Look for its name under /search.")
    facts = facts_of(store, iri)
    codes = {t.value for terms in statements.values() for t in terms if isinstance(t, NamedNode)}
    names = Names().load(store, {iri, *named_in(facts), *codes, *statements})
    missing = [
        text_in(row, "code") or ""
        for row in store.select(paths.query("explore/missing.rq"), {"entity": NamedNode(iri)})
    ]
    documents = sorted({p.document for f in facts for p in f.evidence})
    return EntityView(iri, names[iri], statements, facts, names, missing, extents(store, documents))


#: The line of a stored query where the part that selects facts goes, and what is left of it in its place.
SELECTED_HERE: Final = "# selection"


def facts_of(store: Reader, iri: str, selected: str = "") -> list[Fact]:
    """Return the facts of an entity, at most `FACTS_MAX`.

    Parameters
    ----------
    selected
        A part of a group graph pattern that leaves only some values of ``?fact``.
    """
    text = paths.query("explore/facts.rq").replace(SELECTED_HERE, selected)
    return facts_from(store, store.select(text, {"entity": NamedNode(iri)}))


def extents(store: Reader, documents: Sequence[str]) -> dict[str, list[tuple[int, int, int]]]:
    """Return how far the evidence reaches in each paragraph of each document."""
    found: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    if documents:
        for row in store.select(paths.query("explore/spans.rq"), {"documents": [NamedNode(d) for d in documents]}):
            found[iri_in(row, "document")].append(
                (number_in(row, "paragraph"), number_in(row, "first"), number_in(row, "last"))
            )
    return dict(found)


def supported_by(store: Reader, evidence: str) -> list[Fact]:
    """Return the facts that rest on a piece of evidence."""
    return facts_from(store, store.select(paths.query("explore/supported.rq"), {"evidence": NamedNode(evidence)}))


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of the graph, and the date of its newest document."""

    facts: int
    passages: int
    entities: int
    as_of: str | None


@per_version
def counts(store: Reader) -> Counts:
    """Count what the graph holds."""
    row = store.select(paths.query("explore/counts.rq"))[0]
    return Counts(number_in(row, "facts"), number_in(row, "passages"), number_in(row, "entities"), text_in(row, "asOf"))


def reproducing(name: str, language: str, selected: str = "", **terms: str | Sequence[str]) -> str:
    """Return the text of a stored query with its parameters put in, for a reader of a language to run.

    `selected` is the part that leaves only the facts that the reader chose; the query must have a place for it.
    """
    text = paths.query(name)
    if selected:
        if SELECTED_HERE not in text:
            raise ValueError(f"{name} has no place for a selection")
        text = text.replace(SELECTED_HERE, selected.replace("\n", "\n      "))
    for parameter, value in terms.items():
        spelt = [value] if isinstance(value, str) else value
        text = text.replace(f"${parameter}", " ".join(serialize(NamedNode(v)) for v in spelt))
    lines = text.splitlines()
    # The header's lines on parameters speak of what has been put in, and the question stands there in both languages.
    question = lines[0] if language == "zh" else lines[1]
    rest = [line for line in lines[2:] if not line.startswith("#") and line.strip() != SELECTED_HERE]
    return "\n".join([question, *rest]) + "\n"


def alternative_names(statements: Mapping[str, Sequence[Term]]) -> list[tuple[str, Literal]]:
    """Return the names beside the preferred label with their kind, in the order of `NAME_KINDS`."""
    found = [
        (kind, term)
        for kind in NAME_KINDS
        for term in sorted(statements.get(f"{KG}{kind}", ()), key=str)
        if isinstance(term, Literal)
    ]
    for term in statements.get(f"{SKOS}altLabel", ()):
        # The kinds are subproperties of altLabel: a store that infers has each name twice.
        if isinstance(term, Literal) and term not in [name for _, name in found]:
            found.append(("aliasName", term))
    return found
