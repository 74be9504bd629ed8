"""How single values are put on a page."""

import pytest
from pyoxigraph import Literal, NamedNode

from kg.model.vocabulary import KG, RDF, XSD
from kg.services.explore import Fact, Names, Resource
from kg.web.present import Presenter


@pytest.mark.parametrize(
    ("written", "shown"), [("2020-12-31", "2020"), ("2025-10-31", "2025-10-31"), ("no day", "no day")]
)
def test_a_year_is_shown_as_a_year_and_not_as_its_last_day(written: str, shown: str):
    literal = Literal(written, datatype=NamedNode(f"{XSD}date"))
    assert Presenter(Names(), "zh").literal(literal).text == shown


@pytest.mark.parametrize(("wording", "shown"), [("支农再贷款", None), ("支农贷款", "支农贷款")])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_wording_that_is_a_name_in_the_row_is_not_said_again(wording: str, shown: str | None, language: str):
    part = NamedNode("urn:part")
    fact = Fact(
        "urn:f",
        {
            f"{RDF}type": [NamedNode(f"{KG}IndicatorObservation")],
            f"{KG}breakdown": [part],
            f"{KG}wording": [Literal(wording, language="zh")],
        },
    )
    names = Names(
        {part.value: Resource(part.value, (Literal("支农再贷款", language="zh"), Literal("R", language="en")))}
    )
    assert Presenter(names, language).row(fact).wording == shown


@pytest.mark.parametrize(("language", "shown"), [("zh", "国内首条"), ("en", "First of its kind in China")])
def test_a_text_is_shown_in_the_readers_language(language: str, shown: str):
    both = [Literal("国内首条", language="zh"), Literal("First of its kind in China", language="en")]
    claim = Fact(
        "urn:c", {f"{RDF}type": [NamedNode(f"{KG}Claim")], f"{RDF}object": both[:1], f"{KG}translation": both[1:]}
    )
    position = Fact("urn:p", {f"{RDF}type": [NamedNode(f"{KG}Position")], f"{KG}positionTitle": both})
    for fact in (claim, position):
        label = Presenter(Names(), language).row(fact).pieces[-1].label
        assert label is not None
        assert (label.text, label.language) == (shown, language)


def test_a_text_without_a_translation_is_shown_in_the_documents_words():
    values = {f"{RDF}type": [NamedNode(f"{KG}Claim")], f"{RDF}object": [Literal("国内首条", language="zh")]}
    (piece,) = Presenter(Names(), "en").row(Fact("urn:c", values)).pieces
    assert piece.label is not None
    assert (piece.label.text, piece.label.language) == ("国内首条", "zh")


@pytest.mark.parametrize(
    ("days", "printed"),
    [
        ({"refersTo": "2024-12-31"}, "2024"),
        ({"refersTo": "2025-10-31"}, "2025-10-31"),
        ({"validFrom": "2025-01-01", "refersTo": "2025-10-31"}, "2025-01–2025-10"),
        ({"validFrom": "2025-01-01", "validTo": "2025-08-15"}, "2025-01-01–2025-08-15"),
        ({"validFrom": "2026-01-01", "validTo": "2030-12-31"}, "2026–2030"),
        ({"validFrom": "2024-06-03", "validTo": "2024-06-03"}, "2024-06-03"),
        ({"validFrom": "2008-01-01"}, "2008起"),
        ({"validTo": "2024-12-31"}, "至2024"),
        ({}, "未载明"),
    ],
)
def test_a_time_is_printed_as_precisely_as_it_is_stated(days: dict[str, str], printed: str) -> None:
    date_type = NamedNode("http://www.w3.org/2001/XMLSchema#date")
    values = {f"{KG}{name}": [Literal(day, datatype=date_type)] for name, day in days.items()}
    assert Presenter(Names(), "zh").time(Fact("urn:f", values)) == printed
