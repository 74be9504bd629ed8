"""How single values are put on a page."""

import pytest
from pyoxigraph import Literal, NamedNode

from kg.model.vocabulary import XSD
from kg.services.explore import Names
from kg.web.present import Presenter


@pytest.mark.parametrize(
    ("written", "shown"), [("2020-12-31", "2020"), ("2025-10-31", "2025-10-31"), ("no day", "no day")]
)
def test_a_year_is_shown_as_a_year_and_not_as_its_last_day(written: str, shown: str):
    literal = Literal(written, datatype=NamedNode(f"{XSD}date"))
    assert Presenter(Names(), "zh").literal(literal).text == shown
