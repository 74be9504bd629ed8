"""Reckoning: the checks that hang together from observations, and the figures that come out of them.

`kg.services.arithmetic` says which checks there are and when one fits.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from kg.model.label import local_name
from kg.model.vocabulary import QUDT_UNIT, SCHEME, UNIT
from kg.services.checks import PERCENT, POINT, Check, Kind, Piece, Verdict, about, counts, indicator, made, span
from kg.services.explore import Fact
from kg.services.span import Span, computed_count

#: Endings of the codes of indicators that tell how another one moves or divides, and the kind of check they ask for.
MOVES: Final[Mapping[str, Kind]] = {
    "-annual-growth": "compound",
    "-growth": "growth",
    "-increase": "difference",
    "-change": "difference",
    "-share": "share",
}
#: Units whose figures of parts don't add up to that of the whole.
_NOT_ADDED: Final = frozenset(
    {PERCENT, POINT, f"{QUDT_UNIT}DEG_C", f"{QUDT_UNIT}DAY", f"{QUDT_UNIT}HR", f"{UNIT}working-day"}
)


def check(facts: Sequence[Fact]) -> list[Check]:
    """Find and make every check among observations, in the order of where the checked figure stands."""
    ledger = _Ledger(facts)
    found = [
        *ledger.sums(),
        *(c for fact in facts for c in ledger.moves(fact)),
        *ledger.targets(),
        *(
            Check("doubt", "untold", about(f), indicator(f), (), None, f, (f,), "doubtful", ("doubt",))
            for f in facts
            if f.literals("doubt")
        ),
    ]
    return sorted(found, key=lambda c: (c.stated.position, c.stated.iri, c.kind))


class _Ledger:
    """The observations by what they are compared by."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        self._by_iri = {fact.iri: fact for fact in facts}
        self._facts = [fact for fact in facts if fact.number("value") is not None]
        self._series: dict[tuple[str, str], list[Fact]] = defaultdict(list)
        for fact in self._facts:
            self._series[about(fact), indicator(fact)].append(fact)

    def sums(self) -> Iterable[Check]:
        """Compare parts with wholes."""
        for series in self._series.values():
            groups: dict[tuple[object, ...], list[Fact]] = defaultdict(list)
            for fact in series:
                groups[_frame(fact)].append(fact)
            for group in groups.values():
                wholes = [f for f in group if not f.iris("breakdown")]
                parts = [f for f in group if f.iris("breakdown")]
                if wholes and parts and wholes[0].iri_of("unit") not in _NOT_ADDED:
                    yield from self._parts(wholes[0], parts)

    @staticmethod
    def _parts(whole: Fact, parts: Sequence[Fact]) -> Iterable[Check]:
        # What has two breakdowns may lie in two parts.
        plain = [f for f in parts if len(f.iris("breakdown")) == 1]
        if len(plain) > 1:
            total = sum((span(f) for f in plain), Span.zero())
            verdict, reason = total.within(span(whole))
            if verdict == "off" and total.below(span(whole)):
                verdict, reason = "untold", "partial"
            caveats = ("overlap",) if verdict == "off" else ()
            yield made("sum", verdict, whole, _joined(plain, "+"), total, plain, reason, caveats)
        for part in parts if len(plain) < 2 else [f for f in parts if f not in plain]:
            yield _part(part, whole)

    def moves(self, fact: Fact) -> Iterable[Check]:
        """Compare a change, a rate or a share with the levels that it speaks of."""
        if fact not in self._facts:
            return
        base = self._base(fact)
        kind, level_of = self._move(fact, base)
        if kind == "part" and base is not None:
            yield _part(fact, base)
        elif kind == "share" and base is not None:
            yield made("share", "untold", fact, (base, "×", fact), None, (base,), "share")
        elif kind == "compound":
            yield from self._compound(fact, base, level_of)
        elif kind in {"difference", "growth"} and (base is not None or fact.literals("baseDate")):
            yield self._change(kind, fact, base, level_of)

    def _base(self, fact: Fact) -> Fact | None:
        """Return the observation of another indicator, or of another day, that a change is measured against."""
        compared = [self._by_iri[iri] for iri in fact.iris("comparedWith") if iri in self._by_iri]
        if compared:
            return compared[0]
        day, level_of = fact.day("baseDate"), self._level_of(fact)
        there = [f for f in self._series[about(fact), level_of] if f.day("refersTo") == day] if day else []
        return next((f for f in there if f.modality == "actual" and not f.iris("breakdown")), None)

    @staticmethod
    def _level_of(fact: Fact) -> str:
        code = local_name(indicator(fact))
        ending = next((e for e in MOVES if code.endswith(e)), "")
        return f"{SCHEME}indicator/{code.removesuffix(ending)}" if ending else ""

    def _move(self, fact: Fact, base: Fact | None) -> tuple[Kind | None, str]:
        code = local_name(indicator(fact))
        kind = next((k for ending, k in MOVES.items() if code.endswith(ending)), None)
        if kind is not None:
            return kind, indicator(base) if base is not None else self._level_of(fact)
        # A part of another indicator's figure: nine of the twenty-two due.
        if base is not None and indicator(base) != indicator(fact) and base.iri_of("unit") == fact.iri_of("unit"):
            return "part", ""
        return None, ""

    def _levels(self, fact: Fact, base: Fact | None, level_of: str) -> list[Fact]:
        """Return the levels of the day of a change, those of its modality first."""
        there = [
            f
            for f in self._series[about(fact), level_of]
            if f.day("refersTo") == fact.day("refersTo") and _breakdown(f) == _breakdown(fact)
            if f is not fact and f is not base
        ]
        return sorted(there, key=lambda f: (f.modality != fact.modality, f.position, f.iri))

    def _change(self, kind: Kind, fact: Fact, base: Fact | None, level_of: str) -> Check:
        levels = self._levels(fact, base, level_of)
        if not levels:
            return made(kind, "untold", fact, (), None, (base,) if base else (), "level")
        level = levels[0]
        if level.modality != fact.modality:
            return made(kind, "untold", fact, (), None, (level, base) if base else (level,), "modality")
        if base is None:
            # What the base would have to be, shown and not checked: nobody reports it.
            if kind == "difference":
                was = span(level) - span(fact)
                return made(kind, "untold", fact, (level, "−", fact), was, (level,), "base", unit=level.iri_of("unit"))
            return made(kind, "untold", fact, (), None, (level,), "base")
        if kind == "difference":
            moved = span(level) - span(base)
            return made(kind, *_split(moved.within(span(fact))), fact, (level, "−", base), moved, (level, base))
        grown = (span(level) - span(base)) / span(base)
        if grown is None:
            return made(kind, "untold", fact, (), None, (level, base), "base")
        rate = grown * Decimal(100)
        formula: tuple[Piece, ...] = ("(", level, "−", base, ")", "÷", base)
        return made(kind, *_split(rate.within(span(fact))), fact, formula, rate, (level, base))

    def _compound(self, rate: Fact, base: Fact | None, level_of: str) -> Iterable[Check]:
        """Compare each level that the rate leads to with the level that is reported or set."""
        since, until = rate.day("validFrom"), rate.day("validTo")
        for level in self._series[about(rate), level_of]:
            end = level.day("refersTo")
            start = base if base is not None else self._base(level)
            if start is None or start is level or indicator(start) != level_of or end is None:
                continue
            begin = start.day("refersTo")
            if begin is None or end.year <= begin.year or level.modality != rate.modality:
                continue
            if base is not None and end != rate.day("refersTo"):
                continue
            if base is None and not (since and until and begin.year >= since.year - 1 and end <= until):
                continue
            yield _grown(level, start, rate, end.year - begin.year)

    def targets(self) -> Iterable[Check]:
        """Compare results with the targets that they are compared with, or that were set for the same day."""
        for target in self._facts:
            if target.modality != "target":
                continue
            for result in self._series[about(target), indicator(target)]:
                if result.modality not in {"actual", "expected", "underway"} or _breakdown(result) != _breakdown(
                    target
                ):
                    continue
                same_day = result.day("refersTo") is not None and result.day("refersTo") == target.day("refersTo")
                # A rise since 2020 has nothing to do with a rise that was wanted since 2024.
                same_start = self._start(result) == self._start(target)
                if target.iri in result.iris("comparedWith") or (same_day and same_start):
                    yield _against(result, target)

    def _start(self, fact: Fact) -> date | None:
        """Return the day that a change is measured against; None for a level."""
        if not self._level_of(fact):
            return None
        base = self._base(fact)
        return base.day("refersTo") if base is not None else fact.day("baseDate")


def _frame(fact: Fact) -> tuple[object, ...]:
    """Return what parts and whole have in common besides thing and indicator."""
    return (
        fact.iri_of("unit"),
        fact.modality,
        fact.day("refersTo"),
        fact.day("validFrom"),
        fact.iri_of("period"),
        fact.iri_of("event"),
    )


def _breakdown(fact: Fact) -> tuple[str, ...]:
    return tuple(fact.iris("breakdown"))


def _joined(facts: Sequence[Fact], sign: str) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    for fact in facts:
        pieces += [fact] if not pieces else [sign, fact]
    return tuple(pieces)


def _split(told: tuple[Verdict, str]) -> tuple[Verdict]:
    return (told[0],)


def _part(part: Fact, whole: Fact) -> Check:
    rest = span(whole) - span(part)
    verdict: Verdict = "untold"
    if rest.low is not None and rest.low >= 0:
        verdict = "fits"
    elif rest.high is not None and rest.high < 0:
        verdict = "off"
    return made("part", verdict, part, (whole, "−", part), rest, (whole,))


def _grown(level: Fact, base: Fact, rate: Fact, years: int) -> Check:
    factor = span(rate) * Decimal("0.01") + Span.point(Decimal(1))
    computed = span(base) * factor.power(years)
    if counts(level.iri_of("unit")):
        told = computed_count(computed).within(span(level), meets=True)
    else:
        told = computed.within(span(level), meets=True)
    formula: tuple[Piece, ...] = (base, "×", "(", "1", "+", rate, ")", *(("^", str(years)) if years > 1 else ()))
    return made("compound", *_split(told), level, formula, computed, (base, rate))


def _against(result: Fact, target: Fact) -> Check:
    qualifier = local_name(target.iri_of("qualifier") or "exact")
    bar, reached = target.number("value") or Decimal(0), span(result)
    if reached.closed:
        # Rounding aside, the printed figures are compared: 70 is 70.
        reached = Span.point(result.number("value") or Decimal(0))
    low, high = reached.low, reached.high
    verdict: Verdict = "untold"
    if qualifier == "atMost":
        if high is not None and high <= bar:
            verdict = "reached"
        elif low is not None and low > bar:
            verdict = "short"
    elif qualifier != "approx":
        if low is not None and low >= bar:
            verdict = "reached"
        elif high is not None and high < bar:
            verdict = "short"
    caveats = []
    day, due = result.day("refersTo"), target.day("refersTo")
    if day is None:
        caveats.append("undated")
    elif due and day < due:
        caveats.append("early")
    if result.modality != "actual":
        caveats.append("expected")
    words = [{literal.value for literal in fact.literals("wording")} for fact in (result, target)]
    if all(words) and not words[0] & words[1]:
        caveats.append("wording")
    gap = reached - Span.point(bar)
    return made("target", verdict, result, (result, "−", target), gap, (target,), caveats=caveats)
