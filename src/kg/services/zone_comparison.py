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
from kg.errors import SelectionRefused
from kg.model.vocabulary import KG
from kg.services import explore, zone_view
from kg.services.explore import Fact, Names, iri_in
from kg.services.indicators import day_of, firmness, parts_of
from kg.services.selection import Selection
from kg.services.zone_view import ZoneView
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
    """Zones side by side: shared indicators, and those that only one has."""

    zones: Sequence[ZoneView]
    shared: Sequence[Line]
    alone: Mapping[str, Sequence[Line]]
    names: Names


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
    zones = [zone_view.zone(store, slug, chosen) for slug in slugs]
    names = Names()
    found: dict[str, dict[str, list[Fact]]] = defaultdict(lambda: defaultdict(list))
    for view in zones:
        names.known.update(view.names.known)
        divisions = {
            f.object for f in view.facts if f.subject == view.iri and f.predicate == f"{KG}inDivision" and f.object
        }
        around = chosen.keep(zone_view.facts_of(store, divisions))
        mine = {view.iri, *view.inside, *divisions}
        names.load(store, explore.named_in(around))
        every = {fact.iri: fact for fact in (*view.facts, *around)}
        for fact in every.values():
            indicator = fact.iri_of("indicator")
            if indicator and fact.number("value") is not None and fact.iri_of("about") in mine:
                found[indicator][view.iri].append(fact)
    definitions = _definitions(store, found)
    lines = [
        _line(indicator, definitions.get(indicator, []), {z.iri: cells.get(z.iri, []) for z in zones}, names)
        for indicator, cells in found.items()
    ]
    lines.sort(key=lambda x: (not x.bars, len(x.caveats), x.indicator))
    alone: dict[str, list[Line]] = {zone.iri: [] for zone in zones}
    for line in lines:
        if not line.shared:
            alone[next(zone for zone, facts in line.cells.items() if facts)].append(line)
    return Comparison(zones, [line for line in lines if line.shared], alone, names)


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
