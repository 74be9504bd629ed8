"""Links between entities as the facts give them: every link of the graph, before any filter.

What counts as a link, which way it points and what it weighs is told in `kg.services.projection`, which filters them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Final

from pyoxigraph import NamedNode

from kg import paths
from kg.errors import QueryRefused
from kg.model.label import local_name
from kg.model.vocabulary import ENTITY_SEGMENTS, FACT_SEGMENTS, ID, KG, ORG, SCHEME
from kg.services.explore import Fact, iri_in, number_in, text_in
from kg.services.remembered import per_version
from kg.services.selection import AHEAD, MODALITIES, Selection, first_day
from kg.store.protocol import Reader

EVERYTHING: Final = Selection()
#: Kinds of link that have no direction.
UNDIRECTED: Final = frozenset({"partnerOf", "possiblySameAs"})
#: For each class of fact: the role a link starts from, the role it ends at, and its kind.
ROLES: Final[Mapping[str, Sequence[tuple[str, str, str]]]] = {
    "Partnership": (("partner", "topic", "topic"), ("partner", "outcome", "outcome"), ("partner", "event", "event")),
    "Investment": (("investor", "target", "investsIn"), ("target", "event", "event")),
    "Supply": (
        ("supplier", "customer", "suppliesTo"),
        ("supplier", "product", "product"),
        ("product", "customer", "customer"),
    ),
    "ChainRole": (("chain", "member", "member"),),
    "Position": (("orgMember", "organization", "worksFor"),),
    "Certification": (("holder", "authority", "authority"), ("holder", "event", "event"), ("holder", "topic", "topic")),
    "AwardReceipt": (("holder", "authority", "authority"), ("holder", "event", "event"), ("holder", "topic", "topic")),
    "ProjectMilestone": (("project", "authority", "authority"), ("project", "event", "event")),
    "StatusReport": (("about", "authority", "authority"), ("about", "event", "event")),
    "IndicatorObservation": (
        ("about", "authority", "authority"),
        ("about", "event", "event"),
        ("about", "setBy", "setBy"),
    ),
}
#: Partnerships of more partners make no links among them.
PARTNERS_MAX: Final = 40
#: Beyond this the projection doesn't fit the time and memory of a request on networkx.
FACTS_MAX: Final = 400_000
#: Kinds of link by which an entity belongs to a zone or a larger thing (source → target), and the other way round.
BELONGS: Final = frozenset({"inZone", "adoptedBy", "partOf"})
HOLDS: Final = frozenset({"hasChain", "hasSegment", "listsProject"})

_LEADER: Final = f"{SCHEME}chain-role/leader"
_ORG_ROLES: Final = {f"{ORG}member": "orgMember", f"{ORG}organization": "organization"}
_ROLE_PROPERTIES: Final = (
    *sorted({f"{KG}{r}" for links in ROLES.values() for s, t, _ in links for r in (s, t) if not r.startswith("org")}),
    f"{KG}leadPartner",
    f"{KG}chainRole",
    *_ORG_ROLES,
)


@dataclass(frozen=True, slots=True)
class Support:
    """A fact that a link rests on: how it holds, where it stands, its first day and the day it ended, where stated."""

    fact: str
    modality: str = ""
    certainty: str = "stated"
    documents: tuple[str, ...] = ()
    first: date | None = None
    ended: date | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A link of one kind between two entities, with every fact that states it."""

    source: str
    kind: str
    target: str
    supports: tuple[Support, ...]

    @property
    def directed(self) -> bool:
        """Whether the kind has a direction."""
        return self.kind not in UNDIRECTED

    @property
    def facts(self) -> list[str]:
        """The IRIs of the facts."""
        return [s.fact for s in self.supports]

    @property
    def modalities(self) -> list[str]:
        """The modalities of the facts, each once."""
        return sorted({s.modality for s in self.supports})

    def other(self, end: str) -> str:
        """Return the entity at the other end."""
        return self.target if end == self.source else self.source


@dataclass(frozen=True, slots=True)
class Links:
    """Every link of the graph, before any filter.

    Attributes
    ----------
    links
        In the order of source, kind and target.
    classes
        The class of each entity that a link names.
    zones
        For each zone what belongs to it: the zone; what a fact puts in it, has it adopt or makes a part of it; its
        chains and their segments, the projects it lists; and the parts of all these. Partners and contacts don't.
    entities
        Every entity that a link names.
    ended_by
        The graph's own date, by which an ended fact is over; None where none is stated.
    days
        The days on which a link comes or goes, in order: between two of them nothing changes.
    """

    links: Sequence[Link]
    classes: Mapping[str, str]
    zones: Mapping[str, frozenset[str]]
    entities: frozenset[str]
    ended_by: date | None
    days: Sequence[date]

    def kinds(self) -> dict[str, int]:
        """Count the links of each kind."""
        found: dict[str, int] = defaultdict(int)
        for link in self.links:
            found[link.kind] += 1
        return dict(sorted(found.items()))


class Resting:
    """What rests on links, and by them on documents."""

    __slots__ = ()

    links: Sequence[Link]

    @property
    def documents(self) -> list[str]:
        """The documents that the links stand in, each once."""
        return documents_of(self.links)

    @property
    def one_document(self) -> bool:
        """Whether all of it rests on one document."""
        return len(self.documents) == 1


def documents_of(links: Iterable[Link]) -> list[str]:
    """Return the documents that links rest on, each once."""
    return sorted({d for link in links for s in link.supports for d in s.documents})


@per_version
def read(store: Reader) -> Links:
    """Read every link of the graph.

    Raises
    ------
    QueryRefused
        If the graph has more than `FACTS_MAX` facts.
    """
    size = number_in(store.select(paths.query("projection/size.rq"))[0], "facts")
    if size > FACTS_MAX:
        raise QueryRefused(
            f"The graph has {size:,} facts; graph analysis takes at most {FACTS_MAX:,}.",
            "Ask by SPARQL for the part that matters, or dump the graph and analyse it with a tool of its own.",
        )
    supports = _supports(store)
    found: dict[tuple[str, str, str], list[Support]] = defaultdict(list)
    for row in store.select(paths.query("projection/claims.rq")):
        _add(
            found, supports, iri_in(row, "fact"), iri_in(row, "source"), local_name(iri_in(row, "predicate")),
            iri_in(row, "target"),
        )  # fmt: skip
    for fact, (kind, roles) in _roles(store).items():
        for source, link_kind, target in _of_roles(kind, roles):
            _add(found, supports, fact, source, link_kind, target)
    every = [Link(*ends, tuple(sorted(facts, key=_firmest))) for ends, facts in sorted(found.items())]
    named = {end for link in every for end in (link.source, link.target)}
    classes = {iri: c for iri, c in _classes(store).items() if iri in named}
    as_of = store.select(paths.query("explore/as-of.rq"))
    stated = text_in(as_of[0], "asOf") if as_of else None
    ended_by = date.fromisoformat(stated[:10]) if stated else None
    zones = _zones([link for link in every if any(passes(s, EVERYTHING, ended_by) for s in link.supports)], classes)
    every_support = [s for link in every for s in link.supports]
    days = {s.first for s in every_support if s.first and s.modality not in AHEAD}
    days |= {s.ended for s in every_support if s.ended}
    return Links(every, classes, zones, frozenset(named), ended_by, sorted(days))


def _firmest(support: Support) -> tuple[int, str]:
    return (MODALITIES.index(support.modality) if support.modality in MODALITIES else len(MODALITIES), support.fact)


def _add(
    found: dict[tuple[str, str, str], list[Support]],
    supports: Mapping[str, Support],
    fact: str,
    source: str,
    kind: str,
    target: str,
) -> None:
    if source == target or not _is_entity(source) or not _is_entity(target):
        return
    if kind in UNDIRECTED and target < source:
        source, target = target, source
    facts = found[source, kind, target]
    support = supports.get(fact, Support(fact))
    if support not in facts:
        facts.append(support)


_NOT_ENTITIES: Final = frozenset({*FACT_SEGMENTS.values(), "ev", "run"})


def _is_entity(iri: str) -> bool:
    return iri.startswith(ID) and iri.removeprefix(ID).partition("/")[0] not in _NOT_ENTITIES


_MANNERS: Final = ("modality", "certainty", "refersTo", "validFrom", "period", "endedOn")


def _supports(store: Reader) -> dict[str, Support]:
    documents: dict[str, list[str]] = defaultdict(list)
    for row in store.select(paths.query("projection/documents.rq")):
        documents[iri_in(row, "fact")].append(iri_in(row, "document"))
    found: dict[str, Support] = {}
    for row in store.select(paths.query("projection/manners.rq")):
        # A fact with no more than what says how and when it holds, so that one rule reads its days.
        fact = Fact(iri_in(row, "fact"), {f"{KG}{name}": (row[name],) for name in _MANNERS if name in row})
        found[fact.iri] = Support(
            fact.iri,
            fact.modality,
            fact.certainty,
            tuple(sorted(documents[fact.iri])),
            first_day(fact),
            fact.day("endedOn"),
        )
    return found


def _roles(store: Reader) -> dict[str, tuple[str, dict[str, list[str]]]]:
    found: dict[str, tuple[str, dict[str, list[str]]]] = {}
    terms = {
        "classes": [NamedNode(f"{KG}{name}") for name in ROLES],
        "roles": [NamedNode(iri) for iri in _ROLE_PROPERTIES],
    }
    for row in store.select(paths.query("projection/roles.rq"), terms):
        kind = local_name(iri_in(row, "class"))
        role = iri_in(row, "role")
        name = _ORG_ROLES.get(role) or local_name(role)
        found.setdefault(iri_in(row, "fact"), (kind, defaultdict(list)))[1][name].append(iri_in(row, "entity"))
    return found


def _of_roles(kind: str, roles: Mapping[str, Sequence[str]]) -> Iterable[tuple[str, str, str]]:
    roles = {role: sorted(set(ends)) for role, ends in roles.items()}
    if kind == "Partnership":
        roles["partner"] = sorted({*roles.get("partner", ()), *roles.get("leadPartner", ())})
        if len(roles["partner"]) <= PARTNERS_MAX:
            yield from ((a, "partnerOf", b) for a, b in combinations(roles["partner"], 2))
    leads = kind == "ChainRole" and _LEADER in roles.get("chainRole", ())
    for start, end, name in ROLES[kind]:
        link_kind = "chainLeader" if leads else name
        yield from ((a, link_kind, b) for a in roles.get(start, ()) for b in roles.get(end, ()))


def _classes(store: Reader) -> dict[str, str]:
    terms = {"classes": [NamedNode(f"{KG}{name}") for name in ENTITY_SEGMENTS]}
    found: dict[str, str] = {}
    for row in store.select(paths.query("projection/classes.rq"), terms):
        iri, name = iri_in(row, "entity"), local_name(iri_in(row, "class"))
        known = found.get(iri)
        # An organisation that has a class of its own is counted by that one, as pages show it.
        if known is None or (known in {"Organization", "Place"}, known) > (name in {"Organization", "Place"}, name):
            found[iri] = name
    return found


def _zones(every: Iterable[Link], classes: Mapping[str, str]) -> dict[str, frozenset[str]]:
    below: dict[str, set[str]] = defaultdict(set)
    for link in every:
        if link.kind in BELONGS:
            below[link.target].add(link.source)
        elif link.kind in HOLDS:
            below[link.source].add(link.target)
    zones = sorted(iri for iri, c in classes.items() if c == "DevelopmentZone")
    found = {}
    for zone in zones:
        reached, left = {zone}, [zone]
        while left:
            new = {iri for iri in below[left.pop()] if iri not in reached and iri not in zones}
            reached |= new
            left += new
        found[zone] = frozenset(reached)
    return found


def passes(support: Support, selection: Selection, ended_by: date | None) -> bool:
    """Return whether a fact is selected; without a day, also whether it isn't over by the graph's own date."""
    if selection.as_of is None and support.ended and ended_by and support.ended <= ended_by:
        return False
    return selection.admits(support.modality, support.certainty, support.first, support.ended)
