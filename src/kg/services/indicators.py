"""Indicators: a thing's figures as series, targets beside their results, parts beside their whole.

Everything is found by how observations hang together: what they are about, their indicator, unit and breakdown, their
modality and day. No indicator is named here.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from kg.model.label import local_name
from kg.services.explore import Fact

#: Modalities of a result, the firmest first: what is planned or intended is neither result nor target.
_RESULTS: Final = ("actual", "expected")
#: Fewer days than this make no line: a table says it better.
CHARTED_DAYS: Final = 3
#: From the firmest on; of two figures of one day, the firmer one stands on the line.
_FIRMNESS: Final = ("actual", "underway", "expected", "target", "planned", "intended")


@dataclass(frozen=True)
class Series:
    """The figures of one indicator of one thing in one unit, in order of time.

    Attributes
    ----------
    bases
        IRIs of those that other figures are compared with: the baselines.
    """

    about: str
    indicator: str
    unit: str | None
    facts: Sequence[Fact]
    bases: frozenset[str] = frozenset()

    @property
    def dated(self) -> list[Fact]:
        """Those that a chart can place: with a day and one number."""
        return [fact for fact in self.facts if day_of(fact) and fact.number("value") is not None and not parts_of(fact)]

    @property
    def charted(self) -> bool:
        """Whether the figures make a line."""
        return len({day_of(fact) for fact in self.dated}) >= CHARTED_DAYS

    def chain(self) -> set[str]:
        """Return the IRIs of those on the line: of each day the firmest, the first of them where two are as firm."""
        firmest: dict[date | None, Fact] = {}
        for fact in self.dated:
            held = firmest.get(day_of(fact))
            if held is None or firmness(fact) < firmness(held):
                firmest[day_of(fact)] = fact
        return {fact.iri for fact in firmest.values()}


@dataclass(frozen=True)
class Gap:
    """A target beside what has been reached, and what is expected.

    Attributes
    ----------
    actual, expected
        The latest of each that isn't later than the target; an undated one where there is no dated one.
    caveats
        ``wording`` (the two are worded differently), ``undated`` (no document says when the result was so), ``early``
        (the result is of a time before the target's), ``expected`` (nothing actual is reported), ``inexact`` (a bound,
        a range or about), ``doubt`` (one is marked as doubtful).
    """

    target: Fact
    actual: Fact | None
    expected: Fact | None
    caveats: Sequence[str]

    @property
    def result(self) -> Fact | None:
        """What the target is measured against: the actual figure, else the expected one."""
        return self.actual or self.expected

    @property
    def missing(self) -> Decimal | None:
        """Target less result; None where one of them is no one number."""
        return _difference(self.target, self.result)

    @property
    def share(self) -> Decimal | None:
        """Result divided by target; None where there is no quotient."""
        return _share(self.target, self.result)

    @property
    def expected_share(self) -> Decimal | None:
        """The same of what is expected, where something actual stands beside."""
        return _share(self.target, self.expected) if self.actual else None


@dataclass(frozen=True)
class Parts:
    """A whole with its parts: observations of one thing and indicator, each with a breakdown of its own."""

    whole: Fact
    parts: Sequence[Fact]


def day_of(fact: Fact) -> date | None:
    """Return the day that a figure refers to: its own, else the end of its period."""
    return fact.day("refersTo") or fact.day("validTo")


def firmness(fact: Fact) -> int:
    """Return the place of a fact's modality, 0 for what is actual."""
    return _FIRMNESS.index(fact.modality) if fact.modality in _FIRMNESS else len(_FIRMNESS)


def parts_of(fact: Fact) -> list[str]:
    """Return the breakdowns that a figure is confined to."""
    return fact.iris("breakdown")


def series(facts: Iterable[Fact]) -> list[Series]:
    """Return observations as series, the longest first, else in order of position."""
    found: dict[tuple[str, str, str | None], list[Fact]] = defaultdict(list)
    compared: set[str] = set()
    for fact in facts:
        if fact.kind == "IndicatorObservation" and (indicator := fact.iri_of("indicator")):
            found[(fact.iri_of("about") or "", indicator, fact.iri_of("unit"))].append(fact)
            compared |= set(fact.iris("comparedWith"))
    made = []
    for (about, indicator, unit), members in found.items():
        members.sort(key=lambda f: (day_of(f) or date.max, firmness(f), f.position, f.iri))
        bases = frozenset(f.iri for f in members if f.iri in compared)
        made.append(Series(about, indicator, unit, members, bases))
    return sorted(made, key=lambda s: (-len(s.facts), s.facts[0].position, s.indicator))


def gaps(facts: Iterable[Fact]) -> list[Gap]:
    """Return every target with what it is measured against; those with an actual result first, then by day.

    A result is of the same thing, indicator, unit and breakdown as the target. A change (what is compared with another
    indicator's figure, or another base) is measured only against a change from the same base. A result later than the
    target's day isn't taken: it says nothing of that day.
    """
    every = list(facts)
    indicators = {f.iri: f.iri_of("indicator") for f in every}
    groups: dict[tuple[object, ...], list[Fact]] = defaultdict(list)
    for fact in every:
        if fact.kind == "IndicatorObservation" and fact.number("value") is not None:
            groups[_kind_of(fact, indicators)].append(fact)
    found = [_gap(t, members) for members in groups.values() for t in members if t.modality == "target"]
    return sorted(found, key=_order)


def _kind_of(fact: Fact, indicators: Mapping[str, str | None]) -> tuple[object, ...]:
    base = tuple(fact.iris("comparedWith")) if not is_level(fact, indicators) else ()
    name = ("about", "indicator", "unit")
    return (*(fact.iri_of(n) for n in name), tuple(parts_of(fact)), base)


def _gap(target: Fact, members: Sequence[Fact]) -> Gap:
    day = day_of(target)
    latest: dict[str, Fact] = {}
    for modality in _RESULTS:
        fitting = [f for f in members if f.modality == modality and (day is None or (day_of(f) or date.min) <= day)]
        if fitting:
            latest[modality] = max(fitting, key=lambda f: (day_of(f) or date.min, f.iri))
    actual, expected = latest.get("actual"), latest.get("expected")
    # What was expected of a time before the last actual figure has been overtaken by it.
    if actual and expected and (day_of(expected) or date.min) < (day_of(actual) or date.max):
        expected = None
    return Gap(target, actual, expected, _caveats(target, actual, expected))


def _caveats(target: Fact, actual: Fact | None, expected: Fact | None) -> list[str]:
    result = actual or expected
    if result is None:
        return []
    wordings = {w for f in (target, result) if (w := f.text("wording"))}
    told = {
        "wording": len(wordings) > 1,
        "undated": day_of(result) is None,
        "early": (day_of(result) or date.max) < (day_of(target) or date.min),
        "expected": actual is None,
        "inexact": not (_is_one_number(target) and _is_one_number(result)),
        "doubt": any(f.literals("doubt") for f in (target, result)),
    }
    return [code for code, holds in told.items() if holds]


def _order(gap: Gap) -> tuple[object, ...]:
    no_result = gap.result is None
    return (no_result, gap.actual is None, day_of(gap.target) or date.max, gap.target.position, gap.target.iri)


def _is_one_number(fact: Fact) -> bool:
    return local_name(fact.iri_of("qualifier") or "exact") == "exact" and fact.number("valueMax") is None


def _difference(target: Fact, result: Fact | None) -> Decimal | None:
    if result is None or not (_is_one_number(target) and _is_one_number(result)):
        return None
    return (target.number("value") or Decimal(0)) - (result.number("value") or Decimal(0))


def _share(target: Fact, result: Fact | None) -> Decimal | None:
    wanted = target.number("value")
    if not wanted or wanted < 0 or _difference(target, result) is None or result is None:
        return None
    return (result.number("value") or Decimal(0)) / wanted


def parts(facts: Iterable[Fact]) -> list[Parts]:
    """Return every whole of which two or more parts are reported, the parts from the largest on.

    A part has one breakdown, of its own; what has several is a part of several wholes, and no slice of one.
    """
    groups: dict[tuple[object, ...], list[Fact]] = defaultdict(list)
    for fact in facts:
        if fact.kind == "IndicatorObservation" and fact.number("value") is not None and len(parts_of(fact)) < 2:
            key = (*(fact.iri_of(n) for n in ("about", "indicator", "unit")), fact.modality, day_of(fact))
            groups[key].append(fact)
    found = []
    for members in groups.values():
        wholes = [f for f in members if not parts_of(f)]
        rest = [f for f in members if parts_of(f)]
        if len(wholes) == 1 and len(rest) > 1 and len({parts_of(f)[0] for f in rest}) == len(rest):
            rest.sort(key=lambda f: (-(f.number("value") or Decimal(0)), f.position, f.iri))
            found.append(Parts(wholes[0], rest))
    return sorted(found, key=lambda p: (-len(p.parts), p.whole.position, p.whole.iri))


#: Codes of indicators that tell how much something else has moved.
_MOVES: Final = ("-increase", "-growth", "-change", "-reduction")


def is_level(fact: Fact, indicators: Mapping[str, str | None]) -> bool:
    """Say whether a figure is a level and not a change of one: by what it is compared with, and by its code."""
    indicator = fact.iri_of("indicator")
    # A level may be compared with the same indicator's level of another year; a growth is compared with another's.
    moved = any(indicators.get(base, indicator) != indicator for base in fact.iris("comparedWith"))
    return not moved and not local_name(indicator or "").endswith(_MOVES)
