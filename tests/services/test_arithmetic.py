"""The documents' own arithmetic: each kind of check with figures that fit, that don't, and that tell nothing."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import Literal, NamedNode

from kg.model.figure import YUAN
from kg.model.vocabulary import ID, KG, RDF, SCHEME, UNIT, XSD
from kg.services import arithmetic, links, reckoning
from kg.services.checks import PERCENT, POINT, Check
from kg.services.explore import Fact, Passage
from kg.store.embedded import EmbeddedStore

DATA = Path(__file__).parent.parent / "data"


def obs(
    name: str,
    code: str,
    value: str,
    modality: str = "actual",
    *,
    unit: str = f"{UNIT}jia",
    day: str | None = None,
    compared: str | None = None,
    **more: str,
) -> Fact:
    """An observation; `more` holds further properties, codes for breakdown and qualifier."""
    values: dict[str, list[Any]] = {
        f"{RDF}type": [NamedNode(f"{KG}IndicatorObservation")],
        f"{KG}about": [NamedNode(f"{ID}zone/z")],
        f"{KG}indicator": [NamedNode(f"{SCHEME}indicator/{code}")],
        f"{KG}value": [Literal(value, datatype=NamedNode(f"{XSD}decimal"))],
        f"{KG}unit": [NamedNode(unit)],
        f"{KG}modality": [NamedNode(f"{SCHEME}modality/{modality}")],
    }
    if day:
        values[f"{KG}refersTo"] = [Literal(day, datatype=NamedNode(f"{XSD}date"))]
    if compared:
        values[f"{KG}comparedWith"] = [NamedNode(f"{ID}obs/{compared}")]
    for prop, given in more.items():
        if prop in {"breakdown", "qualifier"}:
            values[f"{KG}{prop}"] = [NamedNode(f"{SCHEME}{prop}/{c}") for c in given.split()]
        else:
            values[f"{KG}{prop}"] = [Literal(given)]
    return Fact(f"{ID}obs/{name}", values, [Passage(f"{ID}ev/1", f"{ID}document/one", 1, 2)])


def told(checks: Sequence[Check]) -> list[tuple[str, str, str, str]]:
    return [(c.kind, c.verdict, c.reason, " ".join(c.caveats)) for c in checks]


def one(*facts: Fact) -> Check:
    (found,) = reckoning.check(facts)
    return found


def test_parts_that_add_up_fit() -> None:
    parts = [obs(f"p{n}", "x", v, breakdown=f"b{n}") for n, v in enumerate(["18", "12", "23", "5", "6", "2"])]
    found = one(obs("w", "x", "66"), *parts)
    assert told([found]) == [("sum", "fits", "", "")]
    assert found.computed is not None
    assert found.computed.value == 66
    assert [p if isinstance(p, str) else p.number("value") for p in found.formula][:3] == [18, "+", 12]
    assert [f.iri for f in found.used][-1] == found.stated.iri == f"{ID}obs/w"


def test_parts_that_are_more_than_the_whole_do_not_fit_unless_they_overlap() -> None:
    parts = [obs(f"p{n}", "x", "40", breakdown=f"b{n}") for n in range(2)]
    assert told([one(obs("w", "x", "66"), *parts)]) == [("sum", "off", "", "overlap")]


def test_parts_that_are_less_than_the_whole_may_not_be_all() -> None:
    parts = [obs(f"p{n}", "x", "20", breakdown=f"b{n}") for n in range(2)]
    found = one(obs("w", "x", "66"), *parts)
    assert told([found]) == [("sum", "untold", "partial", "")]
    assert found.computed is not None
    assert found.computed.value == 40


def test_amounts_may_be_rounded_but_counts_may_not() -> None:
    parts = [obs(f"p{n}", "x", v, unit=YUAN, breakdown=f"b{n}") for n, v in enumerate(["5380000000", "1070000000"])]
    assert one(obs("w", "x", "6450000000", unit=YUAN), *parts).verdict == "fits"
    assert one(obs("w", "x", "6440000000", unit=YUAN), *parts).verdict == "fits"
    assert one(obs("w", "x", "6310000000", unit=YUAN), *parts).verdict == "off"
    tens = [obs(f"p{n}", "x", "50", breakdown=f"b{n}") for n in range(2)]
    assert one(obs("w", "x", "90"), *tens).verdict == "off"


def test_expected_and_actual_figures_are_never_added() -> None:
    parts = [obs(f"p{n}", "x", "1", "expected", breakdown=f"b{n}") for n in range(2)]
    assert reckoning.check([obs("w", "x", "2"), *parts]) == []


def test_figures_of_different_days_are_never_added() -> None:
    parts = [obs(f"p{n}", "x", "1", day="2024-12-31", breakdown=f"b{n}") for n in range(2)]
    assert reckoning.check([obs("w", "x", "2", day="2025-12-31"), *parts]) == []


def test_percentages_of_parts_are_not_added() -> None:
    parts = [obs(f"p{n}", "x", "80", unit=PERCENT, breakdown=f"b{n}") for n in range(2)]
    assert reckoning.check([obs("w", "x", "70", unit=PERCENT), *parts]) == []


def test_a_part_is_no_larger_than_its_whole() -> None:
    fits = one(obs("w", "x", "36"), obs("p", "x", "7", breakdown="a b"))
    assert told([fits]) == [("part", "fits", "", "")]
    assert fits.computed is not None
    assert fits.computed.value == 29
    assert one(obs("w", "x", "6"), obs("p", "x", "7", breakdown="a b")).verdict == "off"
    bound = one(obs("w", "x", "6", qualifier="atLeast"), obs("p", "x", "7", breakdown="a"))
    assert told([bound]) == [("part", "untold", "qualifier", "")]


def test_a_part_of_another_indicators_figure_is_compared_by_what_it_names() -> None:
    found = one(obs("due", "due", "22"), obs("out", "ineligible", "9", compared="due"))
    assert told([found]) == [("part", "fits", "", "")]
    assert found.computed is not None
    assert found.computed.value == 13


LEVELS = (obs("l20", "x", "25", day="2020-12-31"), obs("l25", "x", "67", "expected", day="2025-12-31"))


def rise(value: str, modality: str = "expected", **more: str) -> Fact:
    return obs("rise", "x-increase", value, modality, day="2025-12-31", compared="l20", **more)


def test_a_rise_is_the_level_less_the_base() -> None:
    fits = one(*LEVELS, rise("42"))
    assert told([fits]) == [("difference", "fits", "", "mixed")]
    assert fits.modalities == ["actual", "expected"]
    assert told([one(*LEVELS, rise("41"))]) == [("difference", "off", "", "mixed")]
    assert told([one(*LEVELS, rise("40", qualifier="atLeast"))]) == [("difference", "fits", "", "mixed")]
    assert told([one(*LEVELS, rise("40", qualifier="approx"))]) == [("difference", "untold", "qualifier", "mixed")]


def test_a_rise_is_not_compared_with_a_level_of_another_modality() -> None:
    assert told([one(*LEVELS, rise("42", "actual"))]) == [("difference", "untold", "modality", "mixed")]


def test_a_rise_without_level_or_base_tells_nothing_and_shows_what_the_base_would_be() -> None:
    assert told([one(LEVELS[0], rise("42"))]) == [("difference", "untold", "level", "mixed")]
    found = one(LEVELS[1], obs("r", "x-increase", "42", "expected", day="2025-12-31", baseDate="2020-12-31"))
    assert told([found]) == [("difference", "untold", "base", "")]
    assert found.computed is not None
    assert found.computed.value == 25


def test_a_base_date_finds_the_base() -> None:
    found = one(*LEVELS, obs("r", "x-increase", "42", "expected", day="2025-12-31", baseDate="2020-12-31"))
    assert told([found]) == [("difference", "fits", "", "mixed")]


def test_points_are_the_difference_of_percentages() -> None:
    found = one(
        obs("a", "r", "0.61", unit=PERCENT, day="2021-12-31"),
        obs("b", "r", "0.70", unit=PERCENT, day="2025-12-31"),
        obs("c", "r-change", "0.09", unit=POINT, day="2025-12-31", baseDate="2021-12-31"),
    )
    assert told([found]) == [("difference", "fits", "", "")]


def growth(value: str, qualifier: str = "exact") -> Fact:
    return obs("g", "x-growth", value, "expected", unit=PERCENT, day="2025-12-31", compared="l20", qualifier=qualifier)


def test_growth_is_the_rise_divided_by_the_base() -> None:
    found = one(*LEVELS, growth("168", "atLeast"))
    assert told([found]) == [("growth", "fits", "", "mixed")]
    assert found.computed is not None
    assert found.computed.value == 168
    assert one(*LEVELS, growth("169")).verdict == "off"
    assert one(*LEVELS, growth("170", "atLeast")).verdict == "off"
    # Rounded to tens, as its last digit that isn't 0 says.
    assert one(*LEVELS, growth("170")).verdict == "fits"


def test_growth_from_nothing_cannot_be_told() -> None:
    zero = obs("l20", "x", "0", day="2020-12-31")
    assert told([one(zero, LEVELS[1], growth("168"))]) == [("growth", "untold", "base", "mixed")]


def test_a_yearly_rate_leads_to_the_levels_that_are_set() -> None:
    base = obs("b", "x", "67", "expected", day="2025-12-31")
    rate = obs(
        "r", "x-annual-growth", "15", "target", unit=PERCENT, validFrom="2026-01-01", validTo="2030-12-31"
    )  # fmt: skip
    found = reckoning.check(
        [
            base,
            rate,
            obs("t26", "x", "77", "target", day="2026-12-31", compared="b"),
            obs("t30", "x", "135", "target", day="2030-12-31", compared="b"),
        ]
    )
    assert told(found) == [("compound", "fits", "", "mixed")] * 2
    assert [c.computed.value for c in found if c.computed] == [Decimal("77.05"), Decimal("134.7609315625")]
    assert [p for p in found[1].formula if isinstance(p, str)] == ["×", "(", "1", "+", ")", "^", "5"]
    wrong = obs("t30", "x", "140", "target", day="2030-12-31", compared="b")
    assert one(base, rate, wrong).verdict == "off"
    later = obs("t31", "x", "155", "target", day="2031-12-31", compared="b")
    assert reckoning.check([base, rate, later]) == []


def test_a_rate_of_one_year_starts_from_what_it_names() -> None:
    base = obs("b", "x", "58", day="2024-12-31")
    level = obs("t", "x", "67", "target", day="2025-12-31", compared="b")
    rate = obs("r", "x-annual-growth", "15", "target", unit=PERCENT, day="2025-12-31", compared="b")
    assert told([one(base, level, rate)]) == [("compound", "fits", "", "mixed")]
    assert one(base, obs("t", "x", "68", "target", day="2025-12-31", compared="b"), rate).verdict == "off"


def test_a_reported_rate_may_be_rounded_and_one_that_is_set_may_not() -> None:
    base = obs("b", "x", "1000", day="2024-12-31")
    level = obs("l", "x", "1154", day="2025-12-31", compared="b")
    reported = obs("r", "x-annual-growth", "15", unit=PERCENT, day="2025-12-31", compared="b")
    assert one(base, level, reported).verdict == "fits"
    level = obs("l", "x", "1154", "target", day="2025-12-31", compared="b")
    rate = obs("r", "x-annual-growth", "15", "target", unit=PERCENT, day="2025-12-31", compared="b")
    assert one(base, level, rate).verdict == "off"


def test_a_share_needs_the_part() -> None:
    found = one(obs("w", "x", "36"), obs("s", "x-share", "70", unit=PERCENT, compared="w", breakdown="a"))
    assert told([found]) == [("share", "untold", "share", "")]


def target(value: str, **more: str) -> Fact:
    return obs("t", "x", value, "target", day="2025-12-31", **more)


@pytest.mark.parametrize(
    ("result", "wanted", "expected"),
    [
        (obs("r", "x", "70", day="2025-12-31"), target("70"), ("target", "reached", "", "")),
        (obs("r", "x", "66", day="2025-12-31"), target("70"), ("target", "short", "", "")),
        (obs("r", "x", "66", compared="t"), target("70"), ("target", "short", "", "undated")),
        (obs("r", "x", "66", compared="t", day="2025-10-31"), target("70"), ("target", "short", "", "early")),
        (obs("r", "x", "67", "expected", day="2025-12-31"), target("67"), ("target", "reached", "", "expected")),
        (obs("r", "x", "3", day="2025-12-31"), target("3", qualifier="atMost"), ("target", "reached", "", "")),
        (obs("r", "x", "4", day="2025-12-31"), target("3", qualifier="atMost"), ("target", "short", "", "")),
        (
            obs("r", "x", "60", day="2025-12-31", qualifier="approx"),
            target("70"),
            ("target", "untold", "qualifier", ""),
        ),
        (obs("r", "x", "60", day="2025-12-31", qualifier="atMost"), target("70"), ("target", "short", "", "")),
        (
            obs("r", "x", "66", day="2025-12-31", wording="已入驻"),
            target("70", wording="年度引入"),
            ("target", "short", "", "wording"),
        ),
    ],
)
def test_results_against_targets(result: Fact, wanted: Fact, expected: tuple[str, str, str, str]) -> None:
    assert told(reckoning.check([result, wanted])) == [expected]


def test_a_plan_is_no_result_and_a_base_of_another_day_neither() -> None:
    assert reckoning.check([obs("r", "x", "66", "planned", day="2025-12-31"), target("70")]) == []
    assert reckoning.check([obs("r", "x", "66", day="2024-12-31"), target("70", compared="r")]) == []


def test_a_rise_since_another_day_is_no_result() -> None:
    wanted = obs("t", "x-increase", "9", "target", day="2025-12-31", baseDate="2024-12-31")
    since_2020 = obs("r", "x-increase", "42", "expected", day="2025-12-31", baseDate="2020-12-31")
    since_2024 = obs("s", "x-increase", "9", "expected", day="2025-12-31", baseDate="2024-12-31")
    found = [c for c in reckoning.check([wanted, since_2020, since_2024]) if c.kind == "target"]
    assert [(c.stated.iri, c.verdict) for c in found] == [(f"{ID}obs/s", "reached")]


def test_a_doubtful_figure_is_shown_as_such_and_not_computed() -> None:
    found = one(obs("d", "completion-rate", "171", unit=PERCENT, doubt="未写明所对计划"))
    assert told([found]) == [("doubt", "untold", "doubtful", "doubt")]
    assert found.computed is None


def test_different_units_of_counting_are_told() -> None:
    parts = [obs(f"p{n}", "x", "1", unit=f"{UNIT}ge", breakdown=f"b{n}") for n in range(2)]
    assert reckoning.check([obs("w", "x", "2"), *parts]) == []
    assert "unit" in one(*LEVELS, rise("42", unit=f"{UNIT}ge")).caveats


def test_two_figures_that_compare_with_each_other_end() -> None:
    found = reckoning.check(
        [obs("a", "x-growth", "5", unit=PERCENT, compared="b"), obs("b", "x-growth", "5", unit=PERCENT, compared="a")]
    )
    assert {c.verdict for c in found} == {"untold"}


@pytest.fixture
def small() -> Iterator[EmbeddedStore]:
    with EmbeddedStore.open(None) as opened:
        opened.load_graph(None, (DATA / "arithmetic.ttl").read_bytes(), "text/turtle", replace=True)
        yield opened


def test_a_zone_has_the_checks_of_what_belongs_to_it_and_what_its_documents_report_beside(small: EmbeddedStore) -> None:
    found = arithmetic.checks(small, f"{ID}zone/z")
    assert [(c.kind, c.about.removeprefix(ID), found.own(c)) for c in found.checks] == [
        ("sum", "platform/p", True),
        ("doubt", "division/county", False),
    ]
    assert found.checks[0].documents == [f"{ID}document/one", f"{ID}document/two"]
    assert (found.checks[0].one_document, found.checks[1].one_document) == (False, True)
    assert found.count() == {"fits": 1, "untold": 1}
    assert found.names[f"{ID}platform/p"].label("zh").text == "某平台"


def test_a_zone_that_does_not_exist_has_no_checks(small: EmbeddedStore) -> None:
    assert arithmetic.checks(small, f"{ID}zone/none").checks == []


def of_zone(store: EmbeddedStore, slug: str) -> list[Check]:
    zone = next(z for z in links.read(store).zones if slug in z)
    return list(arithmetic.checks(store, zone).checks)


def test_datong_adds_up_as_its_report_says(store: EmbeddedStore) -> None:
    found = of_zone(store, "datong")
    values = {
        (c.kind, c.stated.number("value"), c.computed.value.quantize(Decimal("0.1"))): c.verdict
        for c in found
        if c.computed
    }
    expected = {
        ("sum", Decimal(66), Decimal(66)): "fits",
        ("sum", Decimal(10), Decimal(10)): "fits",
        ("difference", Decimal(42), Decimal(42)): "fits",
        ("growth", Decimal(168), Decimal(168)): "fits",
        ("compound", Decimal(67), Decimal("66.7")): "fits",
        ("compound", Decimal(77), Decimal("77.0")): "fits",
        ("compound", Decimal(135), Decimal("134.8")): "fits",
        ("part", Decimal(9), Decimal(13)): "fits",
        ("target", Decimal(66), Decimal(-4)): "short",
        ("target", Decimal("60.9"), Decimal("-9.1")): "short",
        ("target", Decimal(67), Decimal(0)): "reached",
        ("difference", Decimal(18), Decimal(14)): "untold",
    }
    assert values.items() >= expected.items()
    assert not [c for c in found if c.verdict == "off"]


def test_nothing_in_the_base_is_at_odds_with_itself(store: EmbeddedStore) -> None:
    for zone in links.read(store).zones:
        assert not [c for c in arithmetic.checks(store, zone).checks if c.verdict == "off"]


def test_every_doubtful_figure_of_a_report_is_among_its_zones_checks(store: EmbeddedStore) -> None:
    shown = {
        c.stated.iri for z in links.read(store).zones for c in arithmetic.checks(store, z).checks if c.kind == "doubt"
    }
    rows = store.select(f"SELECT ?fact {{ ?fact <{KG}doubt> ?doubt ; <{KG}indicator> ?indicator }}")
    assert {row["fact"].value for row in rows} == shown
    doubtful = {c.stated.number("value") for c in of_zone(store, "shenchi") if c.kind == "doubt"}
    assert doubtful >= {Decimal("67.5"), Decimal(171), Decimal(12000)}


def test_what_is_checked_has_evidence(store: EmbeddedStore) -> None:
    for zone in links.read(store).zones:
        for check in arithmetic.checks(store, zone).checks:
            assert check.documents
            assert all(fact.evidence for fact in check.used)
