"""The line-up of a chain: who and what stands on each of its stages, as a reader selects it.

Notes
-----
*The stages are the scale* and not the selection: all of them are always there, in order, silent ones too. What stands
on them is selected, by zone, modality, certainty, kind and day.

*A box* is an entity on a stage, by one fact or by several: it takes part (`kg:inSegment`), goes in (`kg:hasInput`) or
comes out (`kg:hasOutput`). It is shown if one of these facts is selected, and as firm as the firmest of those.

*Its kind* is the lane in which it is drawn, by its class. *Its zone* is what `kg:inZone` says; an entity of which no
document says it has none, and can be selected by that (`UNKNOWN`): silence is no reason to count it for any zone.

`LineUp.sparql` gives the query that says the same of the store; a test holds the two together.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

from pyoxigraph import NamedNode

from kg import paths
from kg.errors import SelectionRefused
from kg.model.label import local_name
from kg.model.vocabulary import BASE, KG
from kg.services import chains, explore
from kg.services.chains import Chain, ChainView, Stage
from kg.services.explore import Fact, Names, iri_in, text_in
from kg.services.remembered import per_version
from kg.services.selection import MODALITIES, Selection
from kg.store.protocol import Reader
from kg.store.sparql import serialize

#: The lanes from top to bottom; what belongs to no other stands in the first.
LANES: Final = ("main", "enterprise", "academia", "project", "platform", "fund")
#: The classes that stand in each lane. Facilities are equipment and stand on the main line: they are no projects.
CLASSES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "enterprise": frozenset(
            {"Enterprise", "Organization", "GovernmentBody", "ServiceAgency", "DevelopmentZone"},
        ),
        "academia": frozenset({"Person", "University", "ResearchInstitute", "ResearchTeam"}),
        "project": frozenset({"Project"}),
        "platform": frozenset({"Platform"}),
        "fund": frozenset({"Fund", "FinancialInstitution"}),
    }
)
#: Stands for the zone of what no document puts into one.
UNKNOWN: Final = "unknown"
#: Roles in which an entity stands on a stage, the most telling first.
ROLES: Final = ("member", "input", "output")
#: What puts an entity on a stage, and in which role.
PREDICATES: Final = {f"{KG}inSegment": "member", f"{KG}hasInput": "input", f"{KG}hasOutput": "output"}
#: Words in the code of an indicator that tell how large something is, the most telling first.
_SIZES: Final = ("investment", "capacity", "scale", "size", "output", "volume", "slaughter", "area")


@dataclass(frozen=True, slots=True)
class Choice:
    """What a reader wants to see of a chain; without anything set, all of it.

    Attributes
    ----------
    facts
        Day, modalities and certainties.
    zones
        Slugs of zones, and `UNKNOWN`.
    kinds
        Lanes.
    """

    facts: Selection = field(default_factory=Selection)
    zones: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()

    @classmethod
    def from_args(cls, arguments: Mapping[str, Any]) -> "Choice":
        """Read a choice from the parameters of an address: those of `Selection`, ``zone`` and ``kind``.

        Raises
        ------
        SelectionRefused
            For a kind that doesn't exist, and whatever `Selection` refuses. A zone that doesn't exist has no boxes.
        """
        kinds, zones = frozenset(_values(arguments, "kind")), frozenset(_values(arguments, "zone"))
        for kind in kinds - set(LANES):
            raise SelectionRefused("kind", kind, f"one or more of {', '.join(LANES)}")
        return cls(Selection.from_args(arguments), zones, frozenset() if len(kinds) == len(LANES) else kinds)

    def __bool__(self) -> bool:
        """Whether anything may be left out."""
        return bool(self.facts or self.zones or self.kinds)

    def parameters(self) -> list[tuple[str, str]]:
        """Return the parameters of an address that asks for this choice, always in the same order."""
        return [
            *self.facts.parameters(),
            *(("zone", zone) for zone in sorted(self.zones)),
            *(("kind", lane) for lane in LANES if lane in self.kinds),
        ]

    def sparql(self, chain: str) -> str:
        """Return the query whose solutions are the boxes of a chain under this choice."""
        lines = self.facts.sparql_filter("fact").splitlines()
        if self.zones:
            tests = []
            if known := [zone_iri(z) for z in sorted(self.zones) if z != UNKNOWN]:
                listed = ", ".join(serialize(NamedNode(iri)) for iri in known)
                tests.append(f"EXISTS {{ ?entity <{KG}inZone> ?zone . FILTER(?zone IN ({listed})) }}")
            if UNKNOWN in self.zones:
                tests.append(f"NOT EXISTS {{ ?entity <{KG}inZone> ?somewhere }}")
            lines.append(f"FILTER({' || '.join(tests)})")
        if self.kinds:
            tests = []
            if chosen := [name for lane in LANES[1:] if lane in self.kinds for name in sorted(CLASSES[lane])]:
                tests.append(f"EXISTS {{ ?entity a ?class . FILTER(?class IN ({_classes(chosen)})) }}")
            if LANES[0] in self.kinds:
                others = [name for lane in LANES[1:] for name in sorted(CLASSES[lane])]
                tests.append(f"NOT EXISTS {{ ?entity a ?other . FILTER(?other IN ({_classes(others)})) }}")
            lines.append(f"FILTER({' || '.join(tests)})")
        text = paths.query("chains/boxes.rq").replace("$chain", serialize(NamedNode(chain)))
        return text.replace("    # selection\n", "".join(f"    {line}\n" for line in lines))


def _values(arguments: Mapping[str, Any], name: str) -> list[str]:
    getlist = getattr(arguments, "getlist", None)
    found = getlist(name) if getlist else arguments.get(name, [])
    return [value for value in ([found] if isinstance(found, str) else found) if value]


def _classes(names: Iterable[str]) -> str:
    return ", ".join(f"<{KG}{name}>" for name in names)


def zone_iri(slug: str) -> str:
    """Return the IRI of a zone by its slug; whatever a reader writes becomes an IRI that can be asked for."""
    kept = "".join(c for c in slug if c.isascii() and (c.isalnum() or c in "-._~"))
    return f"{BASE}id/zone/{kept or UNKNOWN}"


@dataclass(frozen=True)
class Standing:
    """An entity on a stage: a box.

    Attributes
    ----------
    lane
        Where it is drawn.
    facts
        The selected facts that put it there, the firmest first.
    modality
        Of the firmest.
    zones
        IRIs of the zones it is in; empty where no document says.
    leader
        The modality in which it leads the chain; empty where it doesn't.
    amount
        The fact that tells best how large it is.
    """

    stage: str
    entity: str
    lane: str
    facts: Sequence[Fact]
    modality: str
    zones: Sequence[str] = ()
    leader: str = ""
    amount: Fact | None = None

    @property
    def id(self) -> str:
        """The name of the box in a drawing."""
        return f"{self.stage} {self.entity}"

    @property
    def roles(self) -> list[str]:
        """In which roles it stands there, in the order of `ROLES`."""
        found = {role_of(fact) for fact in self.facts}
        return [role for role in ROLES if role in found]


def role_of(fact: Fact) -> str:
    """Return the role that a fact gives an entity on a stage."""
    return PREDICATES[fact.predicate or ""]


@dataclass(frozen=True)
class Facet:
    """One value that can be chosen: how many boxes it has under the other choices, and whether it is chosen."""

    value: str
    count: int
    chosen: bool


@dataclass(frozen=True)
class LineUp:
    """A chain's boxes under a choice.

    Attributes
    ----------
    boxes
        In the order of the stages; within a stage by lane, then what has happened first.
    everyone
        The boxes that there are without a choice.
    zones, modalities, kinds
        What can be chosen, with the boxes that each would show beside the other choices.
    """

    view: ChainView
    choice: Choice
    boxes: Sequence[Standing]
    everyone: Sequence[Standing]
    zones: Sequence[Facet]
    modalities: Sequence[Facet]
    kinds: Sequence[Facet]

    @property
    def chain(self) -> Chain:
        """The chain."""
        return self.view.chain

    @property
    def stages(self) -> Sequence[Stage]:
        """The stages from upstream to downstream."""
        return self.view.chain.stages

    @property
    def names(self) -> Names:
        """What the line-up names."""
        return self.view.names

    @property
    def silent(self) -> int:
        """How many stages no document speaks of."""
        return sum(1 for stage in self.stages if stage.silent)

    def on(self, stage: str) -> list[Standing]:
        """Return the boxes of a stage."""
        return [box for box in self.boxes if box.stage == stage]

    def facts(self) -> list[Fact]:
        """Return the selected facts of the boxes with their amounts, each once, in order of position."""
        found = {f.iri: f for box in self.boxes for f in (*box.facts, *([box.amount] if box.amount else []))}
        return sorted(found.values(), key=lambda f: (f.position, f.iri))

    def sparql(self) -> str:
        """Return the query whose solutions are exactly the stages and boxes."""
        return self.choice.sparql(self.chain.iri)


@dataclass(frozen=True)
class _Everything:
    """All boxes of a chain, before any choice."""

    view: ChainView
    facts: Mapping[tuple[str, str], Sequence[Fact]]
    lanes: Mapping[str, Sequence[str]]
    zones: Mapping[str, Sequence[str]]
    amounts: Mapping[str, Sequence[Fact]]
    everyone: Sequence[Standing] = ()

    def slugs(self, entity: str) -> frozenset[str]:
        """Return the slugs of an entity's zones, or what stands for the lack of one."""
        return frozenset(zone.rpartition("/")[2] for zone in self.zones.get(entity, ())) or frozenset({UNKNOWN})


@per_version(answers_max=64)
def _everything(store: Reader, slug: str) -> _Everything:
    view = chains.chain(store, slug)
    stages = {stage.iri for stage in view.chain.stages if not stage.silent}
    facts: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in view.facts:
        role = PREDICATES.get(fact.predicate or "")
        if role and fact.subject and fact.object:
            stage, entity = (fact.object, fact.subject) if role == "member" else (fact.subject, fact.object)
            if stage in stages:
                facts[stage, entity].append(fact)
    entities = sorted({entity for _, entity in facts})
    terms = [NamedNode(iri) for iri in entities]
    classes: dict[str, list[str]] = defaultdict(list)
    zones: dict[str, list[str]] = defaultdict(list)
    for row in store.select(paths.query("chains/traits.rq"), {"entities": terms}) if terms else []:
        if kind := text_in(row, "class"):
            classes[iri_in(row, "entity")].append(local_name(kind))
        if zone := text_in(row, "zone"):
            zones[iri_in(row, "entity")].append(zone)
    amounts: dict[str, list[Fact]] = defaultdict(list)
    rows = store.select(paths.query("chains/amounts.rq"), {"entities": terms}) if terms else []
    known = set(entities)
    for fact in explore.facts_from(store, rows):
        for entity in {*fact.iris("target"), *fact.iris("about")} & known:
            if _size(fact) is not None:
                amounts[entity].append(fact)
    view.names.load(
        store,
        {*entities, *(z for found in zones.values() for z in found)}
        | explore.named_in(f for found in amounts.values() for f in found),
    )
    lanes = {entity: _lanes(classes[entity]) for entity in entities}
    found = _Everything(view, facts, lanes, zones, {e: sorted(f, key=_by_size) for e, f in amounts.items()})
    return replace(found, everyone=_boxes(found, Choice()))


def _lanes(classes: Iterable[str]) -> list[str]:
    found = [lane for lane in LANES[1:] if CLASSES[lane] & set(classes)]
    return found or [LANES[0]]


def _size(fact: Fact) -> int | None:
    """Return how telling a fact is of an entity's size, 0 the most; None where it tells something else."""
    if fact.kind == "Investment":
        return 0
    code = local_name(fact.iri_of("indicator") or "")
    return next((n for n, word in enumerate(_SIZES) if word in code), None)


def _by_size(fact: Fact) -> tuple[int, int, tuple[str, int], str]:
    size = _size(fact)
    return (len(_SIZES) if size is None else size, _firmness(fact.modality), fact.position, fact.iri)


def _firmness(modality: str) -> int:
    return MODALITIES.index(modality) if modality in MODALITIES else len(MODALITIES)


def lineup(store: Reader, slug: str, choice: Choice | None = None) -> LineUp:
    """Return a chain's boxes under a choice.

    Raises
    ------
    NotFound
        If the graph has no such chain.
    """
    all_of_it = _everything(store, slug)
    chosen = choice or Choice()
    boxes = _boxes(all_of_it, chosen) if chosen else all_of_it.everyone
    return LineUp(all_of_it.view, chosen, boxes, all_of_it.everyone, *_facets(all_of_it, chosen))


def _facets(all_of_it: _Everything, choice: Choice) -> tuple[list[Facet], list[Facet], list[Facet]]:
    """Return what can be chosen of zones, modalities and kinds, counted in one pass."""
    zones: Counter[str] = Counter()
    modalities: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    of_any = replace(choice.facts, modalities=frozenset())
    for (_, entity), facts in all_of_it.facts.items():
        held = {fact.modality for fact in of_any.keep(facts)}
        here, lanes = all_of_it.slugs(entity), all_of_it.lanes[entity]
        in_zone = not choice.zones or not choice.zones.isdisjoint(here)
        of_kind = not choice.kinds or not choice.kinds.isdisjoint(lanes)
        of_modality = bool(held & choice.facts.modalities if choice.facts.modalities else held)
        zones.update(here if of_modality and of_kind else ())
        kinds.update(lanes if of_modality and in_zone else ())
        modalities.update(held if in_zone and of_kind else ())
    names = {zone.rpartition("/")[2] for found in all_of_it.zones.values() for zone in found}
    names |= {zone.rpartition("/")[2] for zone in all_of_it.view.chain.zones}
    return (
        [Facet(name, zones[name], name in choice.zones) for name in (*sorted(names), UNKNOWN)],
        [Facet(code, modalities[code], code in choice.facts.modalities) for code in MODALITIES],
        [Facet(lane, kinds[lane], lane in choice.kinds) for lane in LANES],
    )


def _boxes(all_of_it: _Everything, choice: Choice) -> list[Standing]:
    """Return the boxes under a choice, in the order in which they are drawn and listed."""
    chain = all_of_it.view.chain
    places = {stage.iri: n for n, stage in enumerate(chain.stages)}
    found: list[Standing] = []
    for (stage, entity), facts in all_of_it.facts.items():
        kept = choice.facts.keep(facts)
        lanes = [lane for lane in all_of_it.lanes[entity] if not choice.kinds or lane in choice.kinds]
        if not kept or not lanes or (choice.zones and choice.zones.isdisjoint(all_of_it.slugs(entity))):
            continue
        kept.sort(key=lambda f: (_firmness(f.modality), ROLES.index(role_of(f)), f.position, f.iri))
        amounts = choice.facts.keep(all_of_it.amounts.get(entity, ()))
        found.append(
            Standing(
                stage,
                entity,
                lanes[0],
                kept,
                kept[0].modality,
                sorted(all_of_it.zones.get(entity, ())),
                chain.leaders.get(entity, ""),
                amounts[0] if amounts else None,
            )
        )
    return sorted(found, key=lambda b: (places[b.stage], LANES.index(b.lane), _firmness(b.modality), b.entity))
