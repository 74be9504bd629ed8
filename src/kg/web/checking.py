"""How checks of the documents' arithmetic are put on a page: the formula in printed figures, the verdict in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from kg.model.figure import Figure
from kg.model.label import Label
from kg.services.checks import Check, Derived
from kg.services.explore import Fact, Passage
from kg.web.present import Presenter

#: The glyph of each verdict; the word stands beside it always.
GLYPHS: Final = {"fits": "derived", "off": "doubt", "untold": "none", "reached": "actual", "short": "target"}

_RAISED: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a formula: a reported figure with its modality, or a sign."""

    sign: str = ""
    figure: Figure | None = None
    modality: str = ""
    path: str = ""


@dataclass(frozen=True)
class ShownCheck:
    """A check as a page shows it.

    Attributes
    ----------
    word
        Code of the verdict's word; what is only expected to be reached has one of its own.
    caveats
        Codes of what must be said beside it, the reason why nothing can be told first.
    wordings
        For a target, what the documents call the result and the target, where they call them differently.
    doubts
        Why figures are doubtful, each reason once.
    passages
        Where the figures stand, and of several passages in one paragraph the how-manieth each is.
    """

    check: Check
    word: str
    glyph: str
    formula: Sequence[Piece]
    computed: Figure | None
    stated: Piece
    caveats: Sequence[str]
    wordings: Sequence[str]
    doubts: Sequence[Label]
    passages: Sequence[tuple[Passage, int]]
    own: bool


def shown(checks: Iterable[Check], members: frozenset[str], presenter: Presenter) -> list[ShownCheck]:
    """Return checks ready to be shown.

    Parameters
    ----------
    members
        What belongs to the zone; checks of other things stand beside.
    """
    return [_shown(check, check.about in members, presenter) for check in checks]


def _shown(check: Check, own: bool, presenter: Presenter) -> ShownCheck:
    expected = "expected" in check.caveats
    word = f"{check.verdict}_expected" if expected and check.verdict in {"reached", "short"} else check.verdict
    glyph = "expected" if word == "reached_expected" else GLYPHS[check.verdict]
    # A doubtful figure says why it is doubtful, once.
    caveats = [code for code in (check.reason, *check.caveats) if code and not (code == check.reason == "doubtful")]
    doubts = [said for fact in check.used if (said := presenter.row(fact).doubt)]
    wordings = [text for fact in reversed(check.used) if (text := fact.text("wording"))] if _differ(check) else []
    return ShownCheck(
        check,
        word,
        glyph,
        _formula(check, presenter),
        _printed(check.computed, presenter) if check.computed else None,
        _piece(check.stated, presenter),
        caveats,
        wordings,
        list(dict.fromkeys(doubts)),
        _numbered({p.iri: p for fact in check.used for p in fact.evidence}.values()),
        own,
    )


def _numbered(passages: Iterable[Passage]) -> list[tuple[Passage, int]]:
    found: list[tuple[Passage, int]] = []
    for passage in sorted(passages, key=lambda p: (p.document, p.start)):
        before = found[-1] if found else None
        same = before and (before[0].document, before[0].paragraph) == (passage.document, passage.paragraph)
        found.append((passage, before[1] + 1 if before and same else 1))
    return found


def _differ(check: Check) -> bool:
    return "wording" in check.caveats


def _formula(check: Check, presenter: Presenter) -> list[Piece]:
    before: Sequence[object] = (None, *check.formula)
    return [
        _piece(part, presenter, raised=last == "^")
        for last, part in zip(before, check.formula, strict=False)
        if part != "^"
    ]


def _piece(part: Fact | Derived | str, presenter: Presenter, *, raised: bool = False) -> Piece:
    if isinstance(part, str):
        return Piece(part.translate(_RAISED) if part.isdigit() and raised else part)
    if isinstance(part, Derived):
        return Piece(figure=_printed(part, presenter))
    return Piece(figure=presenter.figure(part), modality=part.modality, path=part.path)


def _printed(derived: Derived, presenter: Presenter) -> Figure:
    maximum = None if derived.maximum is None else _rounded(derived.maximum)
    value = _rounded(derived.value)
    qualifier = "approx" if derived.qualifier == "exact" and value != derived.value else derived.qualifier
    figure = presenter.print(value, derived.unit, value_max=maximum, qualifier=qualifier)
    return replace(figure, number=figure.number.replace("-", "−", 1) if value < 0 else figure.number)


def _rounded(value: Decimal) -> Decimal:
    """Return a computed number with at most two decimals: more are nobody's figure."""
    rounded = value.quantize(Decimal("0.01"), ROUND_HALF_UP) if value.as_tuple().exponent else value
    return rounded.normalize() if rounded != rounded.to_integral_value() else rounded.to_integral_value()
