"""Intervals: whatever numbers lie in them, so do what is computed of them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.services.span import Span, computed_count

numbers = st.integers(-500, 500).map(lambda n: Decimal(n) / 10)


@st.composite
def spans(draw: st.DrawFn, least: int = -50) -> tuple[Span, Decimal]:
    """A span, maybe open, and a number in it."""
    low, inside, high = sorted(draw(st.tuples(*[st.integers(least * 10, 500)] * 3)))
    ends = [Decimal(low) / 10, Decimal(high) / 10]
    return Span(*(None if draw(st.booleans()) else end for end in ends)), Decimal(inside) / 10


def holds(span: Span, number: Decimal) -> bool:
    slack = Decimal("1e-20")
    return (span.low is None or span.low <= number + slack) and (span.high is None or number <= span.high + slack)


@given(spans(), spans())
def test_sums_and_differences_hold_those_of_the_numbers_inside(
    one: tuple[Span, Decimal], other: tuple[Span, Decimal]
) -> None:
    assert holds(one[0] + other[0], one[1] + other[1])
    assert holds(one[0] - other[0], one[1] - other[1])


@given(spans(), spans(least=1))
def test_quotients_hold_those_of_the_numbers_inside(one: tuple[Span, Decimal], other: tuple[Span, Decimal]) -> None:
    divided = one[0] / other[0]
    if other[0].low is None:
        assert divided is None
    else:
        assert divided is not None
        assert holds(divided, one[1] / other[1])


@given(spans(), numbers)
def test_multiples_hold_those_of_the_number_inside(one: tuple[Span, Decimal], factor: Decimal) -> None:
    assert holds(one[0] * factor, one[1] * factor)


@given(spans(least=0), st.integers(1, 5))
def test_powers_hold_those_of_the_number_inside(one: tuple[Span, Decimal], exponent: int) -> None:
    assert holds(one[0].power(exponent), one[1] ** exponent)


@given(spans(), spans())
def test_what_is_off_holds_no_common_number(one: tuple[Span, Decimal], other: tuple[Span, Decimal]) -> None:
    verdict, _ = one[0].within(other[0])
    if verdict == "off":
        assert not holds(one[0], other[1])
        assert not holds(other[0], one[1])
    if verdict == "fits":
        assert holds(other[0], one[1])


@pytest.mark.parametrize(
    ("value", "maximum", "qualifier", "rounded", "expected"),
    [
        ("66", None, "exact", False, ("66", "66")),
        ("60.9", None, "exact", True, ("60.85", "60.95")),
        ("9495000000", None, "exact", True, ("9494500000", "9495500000")),
        ("0", None, "exact", True, ("-0.5", "0.5")),
        ("1", "2", "exact", False, ("1", "2")),
        ("168", None, "atLeast", True, ("168", None)),
        ("3", None, "atMost", False, (None, "3")),
        ("600", None, "approx", False, (None, None)),
    ],
)
def test_a_reported_figure_lies_where_its_wording_says(
    value: str, maximum: str | None, qualifier: str, rounded: bool, expected: tuple[str | None, str | None]
) -> None:
    span = Span.of(Decimal(value), Decimal(maximum) if maximum else None, qualifier, rounded=rounded)
    assert (span.low, span.high) == tuple(None if end is None else Decimal(end) for end in expected)


def point(value: str) -> Span:
    return Span.point(Decimal(value))


@pytest.mark.parametrize(
    ("computed", "stated", "verdict"),
    [
        (point("66"), point("66"), "fits"),
        (point("66"), point("65"), "off"),
        (point("168"), Span.of(Decimal(168), qualifier="atLeast"), "fits"),
        (point("167"), Span.of(Decimal(168), qualifier="atLeast"), "off"),
        (Span.of(Decimal(168), qualifier="atLeast"), Span.of(Decimal(170), qualifier="atLeast"), "untold"),
        (Span.of(Decimal(170), qualifier="atLeast"), Span.of(Decimal(168), qualifier="atLeast"), "fits"),
        (Span.of(Decimal(5), qualifier="approx"), point("5"), "untold"),
        (point("5"), Span.of(Decimal(5), qualifier="approx"), "untold"),
        (Span.of(Decimal("15.5"), rounded=True), Span.of(Decimal(15), rounded=True), "fits"),
        (Span.of(Decimal("15.6"), rounded=True), Span.of(Decimal(15), rounded=True), "off"),
    ],
)
def test_what_can_be_told(computed: Span, stated: Span, verdict: str) -> None:
    assert computed.within(stated)[0] == verdict


def test_there_is_no_part_of_an_enterprise() -> None:
    count = computed_count(point("66.7"))
    assert (count.low, count.high, count.middle) == (66, 67, Decimal("66.7"))
    assert computed_count(Span(None, None)) == Span(None, None)
