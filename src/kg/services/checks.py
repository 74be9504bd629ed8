"""A check: a figure that is reported, the formula that it is checked by, and what comes out.

`kg.services.arithmetic` says which checks there are and when one fits.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from kg.model.label import local_name
from kg.model.vocabulary import QUDT_UNIT, UNIT
from kg.services.explore import Fact
from kg.services.span import Span

Kind = Literal["sum", "part", "difference", "growth", "compound", "share", "target", "doubt"]
Verdict = Literal["fits", "off", "untold", "reached", "short"]
#: Why a check can't be told, and what must be said beside one; `Check` says what each means.
REASONS: Final = ("partial", "base", "level", "share", "modality", "qualifier", "doubtful")
CAVEATS: Final = ("mixed", "wording", "undated", "early", "expected", "doubt", "unit", "overlap")
PERCENT: Final = f"{QUDT_UNIT}PERCENT"
POINT: Final = f"{UNIT}percentage-point"
#: Units of the project's own that measure and don't count.
_MEASURED: Final = frozenset(
    f"{UNIT}{name}"
    for name in (
        *("mu", "percentage-point", "working-day", "yuan-per-household", "yuan-per-year", "tonne-per-year"),
        "head-per-year",
    )
)


@dataclass(frozen=True, slots=True)
class Derived:
    """A computed figure, in the base unit; `maximum` is the upper end where it is no one number, None where open."""

    value: Decimal
    unit: str | None
    maximum: Decimal | None = None
    qualifier: str = "exact"


#: A formula in pieces: reported figures, computed ones, and signs or plain numbers.
Piece = Fact | Derived | str


@dataclass(frozen=True, slots=True)
class Check:
    """A check with its formula and the observations that it uses.

    Attributes
    ----------
    about
        IRI of the thing that the figures are about.
    indicator
        IRI of the indicator that is checked.
    formula
        How the computed figure comes about, without it.
    computed
        What comes out; None where nothing can be computed.
    stated
        The figure that is checked.
    used
        Every observation that goes in, the stated one last.
    reason
        Why it can't be told: ``partial`` (the parts are less than the whole), ``base``, ``level`` or ``share`` (such a
        figure isn't reported), ``modality`` (there is one of another modality only), ``qualifier`` (figures are
        bounds or about), ``doubtful``.
    caveats
        ``mixed`` (the figures have several modalities), ``wording`` (they are worded differently), ``undated`` or
        ``early`` (the result has no day, or one before the target's), ``expected`` (the result isn't actual),
        ``doubt`` (one is marked as doubtful), ``unit`` (they are counted in different units),
        ``overlap`` (parts add up to more than the whole, which they may where they overlap).
    """

    kind: Kind
    verdict: Verdict
    about: str
    indicator: str
    formula: Sequence[Piece]
    computed: Derived | None
    stated: Fact
    used: Sequence[Fact]
    reason: str = ""
    caveats: Sequence[str] = ()

    @property
    def documents(self) -> list[str]:
        """The documents that the figures stand in."""
        return sorted({p.document for fact in self.used for p in fact.evidence})

    @property
    def one_document(self) -> bool:
        """Whether all of it rests on one document."""
        return len(self.documents) == 1

    @property
    def modalities(self) -> list[str]:
        """The modalities of the figures, each once."""
        return sorted({fact.modality for fact in self.used})


def about(fact: Fact) -> str:
    """Return what an observation is about."""
    return fact.iri_of("about") or ""


def indicator(fact: Fact) -> str:
    """Return the indicator of an observation."""
    return fact.iri_of("indicator") or ""


def counts(unit: str | None) -> bool:
    """Say whether a unit counts things, so that its numbers are whole and exact."""
    return unit is None or unit == f"{QUDT_UNIT}NUM" or (unit.startswith(UNIT) and unit not in _MEASURED)


def span(fact: Fact) -> Span:
    """Return the interval in which the figure of an observation lies."""
    unit = fact.iri_of("unit")
    value = fact.number("value") or Decimal(0)
    # A target is set, not measured: 15 % is 15 %.
    exact = counts(unit) or (unit in {PERCENT, POINT} and fact.modality in {"target", "planned"})
    qualifier = local_name(fact.iri_of("qualifier") or "exact")
    return Span.of(value, fact.number("valueMax"), qualifier, rounded=not exact)


def made(
    kind: Kind,
    verdict: Verdict,
    stated: Fact,
    formula: Sequence[Piece],
    computed: Span | None,
    others: Sequence[Fact],
    reason: str = "",
    caveats: Sequence[str] = (),
    unit: str | None = None,
) -> Check:
    """Make a check with the caveats that its figures call for; the computed one has the stated one's unit or `unit`."""
    used = [*others, stated]
    unit = unit or stated.iri_of("unit")
    marked = list(caveats)
    if kind != "target" and len({fact.modality for fact in used}) > 1:
        marked.append("mixed")
    if kind in {"sum", "part", "difference", "target"} and len(_units(used)) > 1:
        marked.append("unit")
    if any(fact.literals("doubt") for fact in used):
        marked.append("doubt")
    if verdict == "untold" and not reason:
        reason = "qualifier"
    return Check(
        kind,
        verdict,
        about(stated),
        indicator(stated),
        tuple(formula),
        _derived(computed, unit),
        stated,
        tuple(used),
        reason,
        tuple(marked),
    )


def _units(facts: Iterable[Fact]) -> set[str | None]:
    # The difference of two percentages is told in percentage points.
    return {PERCENT if (unit := fact.iri_of("unit")) == POINT else unit for fact in facts}


def _derived(computed: Span | None, unit: str | None) -> Derived | None:
    if computed is None:
        return None
    if computed.middle is not None:
        return Derived(computed.middle, unit)
    if computed.low is not None:
        return Derived(computed.low, unit, computed.high, "exact" if computed.high is not None else "atLeast")
    return Derived(computed.high, unit, None, "atMost") if computed.high is not None else None
