"""The rule by which figures stand for a zone."""

from datetime import date

from pyoxigraph import Literal, NamedNode

from kg.model.figure import YUAN
from kg.model.vocabulary import KG, RDF, SCHEME, XSD
from kg.services.explore import Fact, Passage
from kg.services.zones import telling

ZONE = "urn:zone"


def fact(
    name: str,
    indicator: str,
    value: int,
    modality: str = "actual",
    day: date | None = None,
    *,
    unit: str = "urn:unit",
    about: str = ZONE,
    at: int = 0,
    **more: str,
) -> Fact:
    values = {
        f"{RDF}type": [NamedNode(f"{KG}IndicatorObservation")],
        f"{KG}about": [NamedNode(about)],
        f"{KG}indicator": [NamedNode(f"{SCHEME}indicator/{indicator}")],
        f"{KG}value": [Literal(str(value), datatype=NamedNode(f"{XSD}decimal"))],
        f"{KG}unit": [NamedNode(unit)],
        f"{KG}modality": [NamedNode(f"{SCHEME}modality/{modality}")],
    }
    if day:
        values[f"{KG}refersTo"] = [Literal(day.isoformat(), datatype=NamedNode(f"{XSD}date"))]
    for key, iri in more.items():
        values[f"{KG}{key}"] = [NamedNode(iri)]
    return Fact(f"urn:{name}", values, [Passage("urn:e", "urn:d", at, at + 1)])


def chosen(*candidates: Fact) -> list[str]:
    return [f.iri.removeprefix("urn:") for f in telling([(f, ZONE in f.iris("about")) for f in candidates])]


def test_the_longest_series_comes_first_with_its_furthest_target() -> None:
    assert chosen(
        fact("money", "signed-investment", 10**9, unit=YUAN),
        fact("58", "high-tech", 58, day=date(2024, 12, 31)),
        fact("67", "high-tech", 67, "expected", date(2025, 12, 31)),
        fact("77", "high-tech", 77, "target", date(2026, 12, 31)),
        fact("135", "high-tech", 135, "target", date(2030, 12, 31)),
    ) == ["67", "135", "money"]


def test_growth_and_parts_are_no_figures_of_a_zone() -> None:
    assert (
        chosen(
            fact("growth", "firms-growth", 168),
            fact("part", "firms", 5, breakdown="urn:part"),
            fact("more", "firms-more", 42, comparedWith="urn:base"),
            fact("base", "other", 25, breakdown="urn:part"),
        )
        == []
    )


def test_a_level_may_be_compared_with_an_earlier_level_of_its_own() -> None:
    assert chosen(
        fact("base", "firms", 25, day=date(2020, 12, 31)),
        fact("level", "firms", 67, day=date(2025, 12, 31), comparedWith="urn:base"),
    ) == ["level"]


def test_the_rest_goes_by_own_done_money_size_and_position() -> None:
    assert chosen(
        fact("plan", "reserve", 4 * 10**10, "planned", unit=YUAN),
        fact("thing", "capacity", 5, about="urn:thing"),
        fact("count", "firms", 9, at=1),
        fact("less", "production", 10**9, unit=YUAN, at=2),
        fact("more", "signed", 9 * 10**9, unit=YUAN, at=3),
    ) == ["more", "less", "count"]


def test_a_target_alone_never_stands_for_a_zone() -> None:
    assert chosen(fact("target", "firms", 135, "target", date(2030, 12, 31))) == []


def test_nothing_known_gives_nothing() -> None:
    assert telling([]) == []
