"""Zones side by side on the indicators that they share, and what keeps two figures from being compared.

A figure's scope is what it is about: the zone itself, the division in which it lies (a county), or something in it (a
platform, a project, an enterprise). Figures go into one bar chart only if indicator, scope, modality and unit are the
same, none is confined to a part, and each zone has one thing of that scope: the zone itself or one division.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from pyoxigraph import Literal, NamedNode

from kg import paths
from kg.errors import NotFound, SelectionRefused
from kg.services import explore, zone_view, zones
from kg.services.explore import Fact, Names, iri_in
from kg.services.indicators import day_of, firmness, parts_of
from kg.services.selection import Selection
from kg.store.protocol import Reader

#: More zones than this don't fit side by side.
ZONES_MAX: Final = 4
#: Scopes of which a zone has one: its figures can stand for it.
_SINGLE: Final = ("DevelopmentZone", "AdministrativeDivision")


@dataclass(frozen=True)
class Bars:
    """Figures that may stand in one bar chart: of one scope, modality and unit; None where a zone has none."""

    scope: str
    modality: str
    facts: Mapping[str, Fact]

    @property
    def same_time(self) -> bool:
        """Whether all are of the same day."""
        return len({day_of(fact) for fact in self.facts.values()}) == 1


@dataclass(frozen=True)
class Line:
    """An indicator with the figures of each zone.

    Attributes
    ----------
    cells
        By zone: figures, those of the zone itself first.
    bars
        What may be drawn.
    caveats
        Why the figures can't simply be compared: ``scope``, ``modality``, ``unit``, ``part``, ``time``.
    """

    indicator: str
    definitions: Sequence[Literal]
    cells: Mapping[str, Sequence[Fact]]
    bars: Sequence[Bars]
    caveats: Sequence[str]

    @property
    def shared(self) -> bool:
        """Whether more than one zone has a figure."""
        return sum(1 for facts in self.cells.values() if facts) > 1


@dataclass(frozen=True)
class Comparison:
    """Zones side by side: shared indicators, and those that only one has.

    Attributes
    ----------
    zones
        IRIs of the zones.
    things
        IRIs of what their figures are about: the zones, what is in them, the divisions in which they lie.
    hidden
        How many figures the selection leaves out.
    """

    zones: Sequence[str]
    things: Sequence[str]
    shared: Sequence[Line]
    alone: Mapping[str, Sequence[Line]]
    hidden: int
    names: Names

    def facts(self) -> list[Fact]:
        """Return every figure that is shown, each once."""
        lines = (*self.shared, *(line for lines in self.alone.values() for line in lines))
        return list({f.iri: f for line in lines for cell in line.cells.values() for f in cell}.values())


def parse(values: Sequence[str]) -> list[str]:
    """Return the slugs that an address names, each once.

    Raises
    ------
    SelectionRefused
        For more than `ZONES_MAX`.
    """
    slugs = list(dict.fromkeys(part.strip() for value in values for part in value.split(",") if part.strip()))
    if len(slugs) > ZONES_MAX:
        raise SelectionRefused("zones", ", ".join(slugs), f"at most {ZONES_MAX} zones")
    return slugs


def compare(store: Reader, slugs: Sequence[str], selection: Selection | None = None) -> Comparison:
    """Put zones side by side.

    Raises
    ------
    NotFound
        If the graph doesn't have one of them.
    """
    chosen = selection or Selection()
    known = {zone.slug: zone for zone in zones.listed(store).zones}
    if unknown := [slug for slug in slugs if slug not in known]:
        raise NotFound("zone", unknown[0], "The page /zones lists all of them.")
    # A thing may belong to two of the zones: its figures then stand with both.
    owners: dict[str, list[str]] = defaultdict(list)
    for zone in (known[slug] for slug in slugs):
        for thing in {zone.iri, *zone_view.inside(store, zone.iri), *zone.divisions}:
            owners[thing].append(zone.iri)
    things = sorted(owners)
    nodes = [NamedNode(thing) for thing in things]
    rows = store.select(paths.query("zones/observations.rq"), {"things": nodes}) if nodes else []
    every = explore.facts_from(store, rows)
    kept = chosen.keep(every)
    names = Names().load(store, explore.named_in(kept) | set(things))
    found: dict[str, dict[str, list[Fact]]] = defaultdict(lambda: defaultdict(list))
    for fact in kept:
        for zone_iri in owners[fact.iri_of("about") or ""]:
            found[fact.iri_of("indicator") or ""][zone_iri].append(fact)
    definitions = _definitions(store, found)
    iris = [known[slug].iri for slug in slugs]
    lines = [
        _line(indicator, definitions.get(indicator, []), {iri: cells.get(iri, []) for iri in iris}, names)
        for indicator, cells in found.items()
    ]
    lines.sort(key=lambda x: (not x.bars, len(x.caveats), x.indicator))
    alone: dict[str, list[Line]] = {iri: [] for iri in iris}
    for line in lines:
        if not line.shared:
            alone[next(iri for iri, facts in line.cells.items() if facts)].append(line)
    shared = [line for line in lines if line.shared]
    return Comparison(iris, things, shared, alone, len(every) - len(kept), names)


def scope(fact: Fact, names: Names) -> str:
    """Return the class of what a figure is about."""
    return names[fact.iri_of("about") or ""].class_name


def _line(indicator: str, definitions: Sequence[Literal], cells: Mapping[str, Sequence[Fact]], names: Names) -> Line:
    order = {
        zone: sorted(
            facts,
            key=lambda f: (scope(f, names) != "DevelopmentZone", bool(parts_of(f)), firmness(f), f.position, f.iri),
        )
        for zone, facts in cells.items()
    }
    present = [facts for facts in order.values() if facts]
    bars = _bars(order, names) if len(present) > 1 else []
    return Line(indicator, definitions, order, bars, _caveats(present, names) if len(present) > 1 else [])


def _bars(cells: Mapping[str, Sequence[Fact]], names: Names) -> list[Bars]:
    groups: dict[tuple[str, str, str | None], dict[str, list[Fact]]] = defaultdict(lambda: defaultdict(list))
    for zone, facts in cells.items():
        for fact in facts:
            if scope(fact, names) in _SINGLE and not parts_of(fact):
                groups[(scope(fact, names), fact.modality, fact.iri_of("unit"))][zone].append(fact)
    found = []
    for (kind, modality, _), by_zone in groups.items():
        one_thing = all(len({f.iri_of("about") for f in facts}) == 1 for facts in by_zone.values())
        if len(by_zone) > 1 and one_thing:
            latest = {z: max(facts, key=lambda f: (day_of(f) or date.min, f.iri)) for z, facts in by_zone.items()}
            found.append(Bars(kind, modality, latest))
    return found


def _caveats(present: Sequence[Sequence[Fact]], names: Names) -> list[str]:
    ways = {
        "scope": lambda f: scope(f, names),
        "modality": lambda f: f.modality,
        "unit": lambda f: f.iri_of("unit"),
        "part": lambda f: bool(parts_of(f)),
        "time": day_of,
    }
    return [code for code, way in ways.items() if len({frozenset(map(way, facts)) for facts in present}) > 1]


def _definitions(store: Reader, indicators: Iterable[str]) -> dict[str, list[Literal]]:
    nodes = [NamedNode(iri) for iri in sorted(indicators)]
    found: dict[str, list[Literal]] = defaultdict(list)
    for row in store.select(paths.query("zones/definitions.rq"), {"indicators": nodes}) if nodes else []:
        if isinstance(text := row["definition"], Literal):
            found[iri_in(row, "indicator")].append(text)
    return found
