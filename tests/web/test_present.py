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
