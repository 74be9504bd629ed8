"""Zones: what is known of each, and which figures stand for it.

Notes
-----
*Which three figures stand for a zone.* Of the facts with a value about the zone or about a thing in it:

1. a figure must be a level: growth and differences (what is compared with another indicator, or by its code an
   increase, growth, change or reduction) and parts of a whole (what has a breakdown) are left out; of each thing and
   indicator the latest value that isn't a target is taken, an undated one last;
2. the indicator that the sources give the most values for comes first, and its furthest target second where there is
   one: a zone is told by what its own report keeps returning to;
3. the rest follow by: about the zone itself before a thing in it, what has happened before what is planned, money
   before counts, stated before inferred, without doubt before doubtful, the larger amount of money first, else in order
   of position in the document; each indicator and thing once.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from pyoxigraph import NamedNode

from kg import paths
from kg.model.figure import YUAN
from kg.model.label import local_name
from kg.model.vocabulary import KG
from kg.services import explore
from kg.services.explore import Fact, Names, iri_in, number_in, text_in
from kg.services.indicators import is_level
from kg.services.remembered import per_version
from kg.services.selection import Selection
from kg.store.protocol import Reader

#: Without a selection every fact may be a figure.
EVERYTHING = Selection()
#: A telling figure is about the zone or one of its things, and three fit on a card.
TELLING = 3
#: Zones that get a card; further ones are listed by name.
CARDS = 24


@dataclass
class Zone:
    """A zone in a list: how many facts name it, where it lies, what it leads in, and its telling figures."""

    iri: str
    facts: int
    divisions: list[str] = field(default_factory=list)
    above: list[str] = field(default_factory=list)
    industries: list[str] = field(default_factory=list)
    chains: list[str] = field(default_factory=list)
    figures: list[Fact] = field(default_factory=list)

    @property
    def slug(self) -> str:
        """Local part of the IRI."""
        return self.iri.rpartition("/")[2]


@dataclass(frozen=True)
class Zones:
    """The zones with what they name."""

    zones: Sequence[Zone]
    names: Names


@per_version
def listed(store: Reader, limit: int | None = None, selection: Selection = EVERYTHING) -> Zones:
    """Return the zones, those with the most facts first, with their telling figures.

    Parameters
    ----------
    limit
        How many; None for all.
    selection
        Which facts may be figures of a card.
    """
    found = [Zone(iri_in(r, "zone"), number_in(r, "facts")) for r in store.select(paths.query("zones/list.rq"))]
    zones = found[:limit]
    if not zones:
        return Zones([], Names())
    by_iri = {zone.iri: zone for zone in zones}
    nodes = [NamedNode(zone.iri) for zone in zones]
    for row in store.select(paths.query("zones/links.rq"), {"zones": nodes}):
        zone, value = by_iri[iri_in(row, "zone")], iri_in(row, "value")
        room = {"inDivision": zone.divisions, "leadingIndustry": zone.industries, "hasChain": zone.chains}
        if value not in room[local_name(iri_in(row, "property"))]:
            room[local_name(iri_in(row, "property"))].append(value)
        if (above := text_in(row, "above")) and above not in zone.above:
            zone.above.append(above)
    own = _figures(store, "zones/figures.rq", nodes[:CARDS])
    for zone in zones:
        zone.figures = telling([(fact, True) for fact in selection.keep(own[zone.iri])])
    # Things are asked for only where the zone's own figures don't fill a card: a zone may hold thousands of them.
    short = [zone for zone in zones[:CARDS] if len(zone.figures) < TELLING]
    inside = _figures(store, "zones/figures-inside.rq", [NamedNode(zone.iri) for zone in short])
    for zone in short:
        candidates = [(fact, True) for fact in own[zone.iri]] + [(fact, False) for fact in inside[zone.iri]]
        zone.figures = telling([(fact, ours) for fact, ours in candidates if selection.holds(fact)])
    shown = {i for z in zones for i in (z.iri, *z.divisions, *z.above, *z.industries, *z.chains)}
    names = Names().load(store, shown | explore.named_in(f for z in zones for f in z.figures))
    return Zones(zones, names)


def _figures(store: Reader, name: str, zones: Sequence[NamedNode]) -> dict[str, list[Fact]]:
    found: dict[str, list[str]] = defaultdict(list)
    for row in store.select(paths.query(name), {"zones": zones}) if zones else []:
        found[iri_in(row, "zone")].append(iri_in(row, "fact"))
    facts = {fact.iri: fact for fact in explore.load_facts(store, sorted({f for fs in found.values() for f in fs}))}
    return defaultdict(list, {zone: [facts[iri] for iri in iris if iri in facts] for zone, iris in found.items()})


def telling(candidates: Sequence[tuple[Fact, bool]]) -> list[Fact]:
    """Choose the figures that stand for a zone, by the rule that the module's notes give.

    Parameters
    ----------
    candidates
        Facts with a figure, and whether each is about the zone itself.
    """
    indicators = {f.iri: f.iri_of("indicator") for f, _ in candidates}
    levels = [(f, own) for f, own in candidates if is_level(f, indicators) and not f.values.get(f"{KG}breakdown")]
    series: dict[tuple[str, str], list[tuple[Fact, bool]]] = defaultdict(list)
    for fact, own in levels:
        series[_key(fact)].append((fact, own))
    latest: list[tuple[Fact, bool, int]] = []
    for members in series.values():
        done = [(f, own) for f, own in members if f.modality != "target"]
        if done:
            fact, own = max(done, key=lambda m: (_day(m[0]), m[0].modality == "actual", m[0].iri))
            latest.append((fact, own, len(members)))
    chosen: list[Fact] = []
    longest = max(latest, key=lambda x: (x[1], x[2], x[0].iri), default=None)
    if longest and longest[2] > 2 and longest[1]:
        chosen.append(longest[0])
        targets = [f for f, _ in series[_key(longest[0])] if f.modality == "target"]
        if targets:
            chosen.append(max(targets, key=lambda f: (_day(f), f.iri)))
    for fact, _, _ in sorted(latest, key=_rank):
        if len(chosen) < TELLING and fact not in chosen:
            chosen.append(fact)
    return chosen[:TELLING]


def _key(fact: Fact) -> tuple[str, str]:
    return (fact.iri_of("about") or fact.iri_of("target") or "", fact.iri_of("indicator") or fact.kind)


def _day(fact: Fact) -> date:
    return fact.day("refersTo") or fact.day("validTo") or date.min


def _rank(candidate: tuple[Fact, bool, int]) -> tuple[object, ...]:
    fact, own, _ = candidate
    money = fact.kind == "Investment" or fact.iri_of("unit") == YUAN
    amount = (fact.number("amount") or fact.number("value") or Decimal(0)) if money else Decimal(0)
    doubtful = bool(fact.values.get(f"{KG}doubt"))
    planned = fact.modality not in {"actual", "underway", "expected"}
    return (not own, planned, not money, fact.certainty != "stated", doubtful, -amount, fact.position, fact.iri)
