"""Series, targets beside results, and parts beside their whole: found by structure, held to the articles' figures."""

from datetime import date
from decimal import Decimal

import pytest
from pyoxigraph import Literal, NamedNode

from kg.model.vocabulary import KG, RDF, SCHEME, XSD
from kg.services import indicators, zone_view
from kg.services.explore import Fact, Passage
from kg.services.zone_view import ZoneView
from kg.store.embedded import EmbeddedStore


def observed(
    name: str,
    value: str,
    modality: str = "actual",
    day: str = "",
    *,
    indicator: str = "firms",
    about: str = "urn:zone",
    breakdown: str = "",
    compared: str = "",
    qualifier: str = "exact",
    wording: str = "",
    doubt: str = "",
    unit: str = "urn:unit",
) -> Fact:
    values: dict[str, list[NamedNode | Literal]] = {
        f"{RDF}type": [NamedNode(f"{KG}IndicatorObservation")],
        f"{KG}about": [NamedNode(about)],
        f"{KG}indicator": [NamedNode(f"{SCHEME}indicator/{indicator}")],
        f"{KG}value": [Literal(value, datatype=NamedNode(f"{XSD}decimal"))],
        f"{KG}unit": [NamedNode(unit)],
        f"{KG}modality": [NamedNode(f"{SCHEME}modality/{modality}")],
        f"{KG}qualifier": [NamedNode(f"{SCHEME}qualifier/{qualifier}")],
    }
    if day:
        values[f"{KG}refersTo"] = [Literal(day, datatype=NamedNode(f"{XSD}date"))]
    for key, iri in (("breakdown", breakdown), ("comparedWith", compared)):
        if iri:
            values[f"{KG}{key}"] = [NamedNode(f"urn:{iri}")]
    for key, text in (("wording", wording), ("doubt", doubt)):
        if text:
            values[f"{KG}{key}"] = [Literal(text, language="zh")]
    return Fact(f"urn:{name}", values, [Passage("urn:e", "urn:d", len(name), len(name) + 1)])


def only_gap(*facts: Fact) -> indicators.Gap:
    (gap,) = indicators.gaps(facts)
    return gap


def test_a_target_is_measured_by_the_latest_actual_figure_that_is_not_later() -> None:
    gap = only_gap(
        observed("t", "70", "target", "2025-12-31"),
        observed("old", "40", day="2023-12-31"),
        observed("new", "66", day="2025-06-30"),
        observed("later", "90", day="2026-12-31"),
        observed("plan", "80", "planned", "2025-12-31"),
    )
    assert gap.actual is not None
    assert gap.actual.iri == "urn:new"
    assert gap.missing == 4
    assert gap.share == Decimal(66) / 70
    assert gap.caveats == ["early"]


@pytest.mark.parametrize(
    "other",
    [
        {"about": "urn:other"},
        {"indicator": "other"},
        {"unit": "urn:other"},
        {"breakdown": "part"},
    ],
)
def test_another_thing_indicator_unit_or_part_is_no_result(other: dict[str, str]) -> None:
    gap = only_gap(observed("t", "70", "target"), observed("r", "66", **other))
    assert gap.result is None
    assert gap.missing is None
    assert gap.caveats == []


def test_changes_are_measured_only_from_the_same_base() -> None:
    base, other = observed("b1", "25", day="2020-12-31"), observed("b2", "58", day="2024-12-31")
    more = {"indicator": "firms-increase"}
    target = observed("t", "9", "target", "2025-12-31", compared="b2", **more)
    assert (
        only_gap(base, other, target, observed("e", "42", "expected", "2025-12-31", compared="b1", **more)).result
        is None
    )
    same = observed("e", "8", "expected", "2025-12-31", compared="b2", **more)
    assert only_gap(base, other, target, same).result is same


def test_what_is_expected_stands_beside_and_never_in_place_of_what_is() -> None:
    target = observed("t", "67", "target", "2025-12-31")
    actual, expected = observed("a", "58", day="2024-12-31"), observed("e", "67", "expected", "2025-12-31")
    gap = only_gap(target, actual, expected)
    assert (gap.result, gap.expected) == (actual, expected)
    assert gap.missing == 9
    assert gap.expected_share == 1
    alone = only_gap(target, expected)
    assert alone.actual is None
    assert "expected" in alone.caveats
    # An expectation of a time before the last actual figure has been overtaken.
    assert only_gap(target, actual, observed("e", "50", "expected", "2023-12-31")).expected is None


def test_caveats_say_what_is_wrong_with_the_comparison() -> None:
    target = observed("t", "70", "target", "2025-12-31", wording="动态使用率")
    told = only_gap(target, observed("r", "60.9", wording="使用率", doubt="?"))
    assert told.caveats == ["wording", "undated", "doubt"]
    bound = only_gap(
        observed("t", "0.7", "target", qualifier="atLeast"), observed("r", "0.7", "expected", qualifier="atLeast")
    )
    assert bound.missing is None
    assert bound.share is None
    assert "inexact" in bound.caveats


def test_targets_with_an_actual_result_come_first_and_those_without_any_last() -> None:
    facts = [
        observed("t-none", "1", "target", "2024-12-31", indicator="none"),
        observed("t-expected", "1", "target", "2024-12-31", indicator="hoped"),
        observed("e", "1", "expected", "2024-12-31", indicator="hoped"),
        observed("t-late", "5", "target", "2030-12-31"),
        observed("t-soon", "3", "target", "2026-12-31"),
        observed("a", "2", day="2025-12-31"),
    ]
    assert [g.target.iri for g in indicators.gaps(facts)] == [
        "urn:t-soon",
        "urn:t-late",
        "urn:t-expected",
        "urn:t-none",
    ]


def test_a_series_is_in_order_and_knows_its_baselines_and_its_line() -> None:
    (found,) = indicators.series(
        [
            observed("77", "77", "target", "2026-12-31", compared="e67"),
            observed("t67", "67", "target", "2025-12-31", compared="58"),
            observed("e67", "67", "expected", "2025-12-31"),
            observed("58", "58", day="2024-12-31"),
            observed("undated", "10"),
            observed("part", "5", day="2024-12-31", breakdown="part"),
        ]
    )
    assert [f.iri for f in found.facts] == ["urn:58", "urn:part", "urn:e67", "urn:t67", "urn:77", "urn:undated"]
    assert [f.iri for f in found.dated] == ["urn:58", "urn:e67", "urn:t67", "urn:77"]
    assert found.chain() == {"urn:58", "urn:e67", "urn:77"}
    assert found.bases == {"urn:58", "urn:e67"}
    assert found.charted
    (short,) = indicators.series([observed("a", "1", day="2024-12-31"), observed("b", "2", day="2025-12-31")])
    assert not short.charted


def test_parts_need_a_whole_and_breakdowns_of_their_own() -> None:
    whole = observed("66", "66")
    parts = [observed("a", "23", breakdown="x"), observed("b", "43", breakdown="y")]
    (found,) = indicators.parts([parts[0], whole, parts[1]])
    assert found.whole is whole
    assert [f.iri for f in found.parts] == ["urn:b", "urn:a"]
    assert indicators.parts(parts) == []
    assert indicators.parts([whole, parts[0]]) == []
    assert indicators.parts([whole, parts[0], observed("c", "1", breakdown="x")]) == []
    assert indicators.parts([whole, parts[0], observed("b", "43", "planned", breakdown="y")]) == []


@pytest.fixture(scope="module")
def datong(store: EmbeddedStore) -> ZoneView:
    return zone_view.zone(store, "datongjingkaiqu-128d2e33")


def test_the_double_seventy_is_derived_with_both_wordings(datong: ZoneView) -> None:
    told = {
        local: (str(g.target.number("value")), str(g.result.number("value")), g.missing, g.caveats)
        for g in datong.gaps()
        if g.result
        and (local := (g.target.iri_of("indicator") or "").rpartition("/")[2])
        in {"resident-projects", "plant-utilization"}
    }
    assert told == {
        "resident-projects": ("70", "66", Decimal(4), ["wording", "undated"]),
        "plant-utilization": ("70", "60.9", Decimal("9.1"), ["wording", "undated"]),
    }
    wordings = {(g.target.text("wording"), g.result.text("wording")) for g in datong.gaps() if g.result}
    assert ("厂房动态使用率", "厂房使用率") in wordings


def test_the_high_tech_figures_are_told_apart(datong: ZoneView) -> None:
    longest = datong.own()[0]
    assert [(str(f.number("value")), f.modality, (indicators.day_of(f) or date.min).year) for f in longest.dated] == [
        ("25", "actual", 2020),
        ("58", "actual", 2024),
        ("67", "expected", 2025),
        ("67", "target", 2025),
        ("77", "target", 2026),
        ("135", "target", 2030),
    ]
    assert {str(f.number("value")) for f in longest.facts if f.iri in longest.bases} == {"25", "58", "67"}


def test_the_parts_add_up(datong: ZoneView) -> None:
    sums = {str(p.whole.number("value")): [str(f.number("value")) for f in p.parts] for p in datong.parts()}
    assert sums == {"66": ["23", "18", "12", "6", "5", "2"], "10": ["5", "3", "1", "1"]}
