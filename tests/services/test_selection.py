"""Which facts a selection leaves: the rule itself, and that the store's filter says the same as the one in memory."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode
from werkzeug.datastructures import MultiDict

from kg.errors import SelectionRefused
from kg.model.vocabulary import KG, PERIOD, SCHEME, XSD
from kg.services import explore, selection
from kg.services.explore import Fact
from kg.services.selection import AHEAD, CERTAINTIES, MODALITIES, Selection, first_day, periods, undated
from kg.store.embedded import EmbeddedStore

DAY = date(2025, 6, 30)


def fact(modality: str = "actual", certainty: str = "stated", period: str = "", **days: str) -> Fact:
    values: dict[str, list[NamedNode | Literal]] = {
        f"{KG}modality": [NamedNode(f"{SCHEME}modality/{modality}")],
        f"{KG}certainty": [NamedNode(f"{SCHEME}certainty/{certainty}")],
    }
    for name, day in days.items():
        values[f"{KG}{name}"] = [Literal(day, datatype=NamedNode(f"{XSD}date"))]
    if period:
        values[f"{KG}period"] = [NamedNode(f"{PERIOD}{period}")]
    return Fact("urn:f", values)


@pytest.mark.parametrize(
    ("shown", "one"),
    [
        (True, fact()),
        (True, fact(refersTo="2025-06-30")),
        (False, fact(refersTo="2025-07-01")),
        (True, fact(refersTo="2025-12-31")),  # the year 2025
        (False, fact(refersTo="2026-12-31")),
        (True, fact(validFrom="2025-01-01")),
        (False, fact(validFrom="2025-09-01")),
        (False, fact(validFrom="2025-01-01", refersTo="2025-10-31")),  # a figure of ten months isn't known in the sixth
        (True, fact(validTo="2024-12-31")),  # what has passed stays a fact of its time
        (True, fact(period="14th-fyp")),
        (False, fact(period="15th-fyp")),
        (True, fact(period="14th-fyp", refersTo="2025-12-31")),
        (False, fact("underway", validFrom="2025-09-01")),
        (False, fact(validFrom="2008-01-01", endedOn="2025-06-30")),
        (True, fact(validFrom="2008-01-01", endedOn="2025-07-01")),
        (False, fact("planned", endedOn="2020-01-01")),
        *((True, fact(modality, refersTo="2030-12-31")) for modality in sorted(AHEAD)),
    ],
)
def test_what_is_shown_as_of_a_day(shown: bool, one: Fact) -> None:
    assert Selection(as_of=DAY).holds(one) is shown


def test_a_modality_and_a_certainty_leave_their_own() -> None:
    planned = Selection(modalities=frozenset({"planned", "intended"}))
    assert [m for m in MODALITIES if planned.holds(fact(m))] == ["planned", "intended"]
    sure = Selection(certainties=frozenset({"stated"}))
    assert [c for c in CERTAINTIES if sure.holds(fact(certainty=c))] == ["stated"]


def test_only_what_has_no_known_beginning_counts_as_undated() -> None:
    facts = [fact(), fact(validTo="2024-12-31"), fact("planned"), fact(refersTo="2024-12-31"), fact(period="14th-fyp")]
    assert undated(facts) == 2


def test_an_address_says_the_same_in_every_spelling() -> None:
    spelt = [
        MultiDict([("modality", "planned"), ("modality", "actual"), ("as-of", "2025-06-30"), ("lang", "en")]),
        {"modality": "actual,planned", "as-of": "2025-06-30"},
        {"modality": ["planned", "actual"], "as-of": [" 2025-06-30 "]},
    ]
    assert {tuple(Selection.from_args(arguments).parameters()) for arguments in spelt} == {
        (("as-of", "2025-06-30"), ("modality", "actual"), ("modality", "planned"))
    }


def test_all_codes_are_no_selection() -> None:
    everything = Selection.from_args({"modality": list(MODALITIES), "certainty": list(CERTAINTIES), "as-of": ""})
    assert not everything
    assert everything.parameters() == []


@pytest.mark.parametrize(
    "arguments",
    [
        {"modality": "done"},
        {"modality": "actual,Planned"},
        {"certainty": "sure"},
        {"as-of": "2025"},
        {"as-of": "20250630"},
        {"as-of": "2025-W26-1"},
        {"as-of": "2025-02-30"},
        {"as-of": "٢٠٢٥-٠١-٠١"},
        {"as-of": ["2025-01-01", "2025-01-02"]},
        {"modality": '> } DROP ALL #"'},
    ],
)
def test_what_selects_nothing_is_refused_with_what_to_give(arguments: dict[str, str]) -> None:
    with pytest.raises(SelectionRefused) as caught:
        Selection.from_args(arguments)
    assert next(iter(arguments)) in caught.value.reason
    assert caught.value.advice.startswith("Give ")


@pytest.mark.parametrize("name", ["", "a b", "x}", "?", "fact-1", "fact\n"])
def test_a_name_that_is_no_variable_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no name of a variable"):
        Selection(as_of=DAY).sparql_filter(name)


def test_the_codes_and_periods_are_those_of_the_graph(store: EmbeddedStore) -> None:
    for name, codes in (("modality", MODALITIES), ("certainty", CERTAINTIES)):
        rows = store.select(
            f"SELECT ?c {{ ?c <http://www.w3.org/2004/02/skos/core#inScheme> <{SCHEME}{name}> }}",
        )
        assert {str(r["c"]).strip("<>").rpartition("/")[2] for r in rows} == set(codes)
    assert periods()[f"{PERIOD}15th-fyp"] == date(2026, 1, 1)
    assert first_day(fact(period="13th-fyp")) == date(2016, 1, 1)


days = st.one_of(st.none(), st.dates(date(2007, 12, 30), date(2031, 1, 2)), st.sampled_from([DAY, date(2025, 10, 31)]))
selections = st.builds(
    Selection, days, st.frozensets(st.sampled_from(MODALITIES)), st.frozensets(st.sampled_from(CERTAINTIES))
)


@pytest.fixture(scope="module")
def facts(store: EmbeddedStore) -> list[Fact]:
    rows = store.select(f"SELECT ?fact ?property ?value {{ ?fact <{KG}modality> ?m ; ?property ?value }}")
    found = explore.facts_from(store, rows)
    assert len(found) > 500
    return found


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=selections)
def test_the_store_and_the_memory_leave_the_same_facts(
    store: EmbeddedStore, facts: list[Fact], chosen: Selection
) -> None:
    rows = store.select(f"SELECT ?f {{ ?f <{KG}modality> ?any .\n{chosen.sparql_filter('f')}\n}}")
    assert sorted(explore.iri_in(row, "f") for row in rows) == sorted(f.iri for f in chosen.keep(facts))


def test_every_kind_of_time_is_told_alike_in_the_store() -> None:
    """The shipped graph has no fact that ended, and few of the odder times: a small one has them all."""
    made = [
        fact(m, c, p, **times)
        for m in ("actual", "target")
        for c in ("stated", "conjecture")
        for p in ("", "14th-fyp", "15th-fyp")
        for times in (
            {},
            {"refersTo": "2025-12-31"},
            {"refersTo": "2025-07-01"},
            {"validFrom": "2025-07-01"},
            {"validFrom": "2025-01-01", "endedOn": "2025-06-30"},
            {"refersTo": "2026-12-31", "validFrom": "2020-01-01"},
        )
    ]
    numbered = [Fact(f"urn:f:{n}", one.values) for n, one in enumerate(made)]
    lines = [f"<{f.iri}> <{p}> {term} ." for f in numbered for p, terms in f.values.items() for term in terms]
    with EmbeddedStore.open(None) as own:
        own.load_graph(None, "\n".join(lines).encode(), "text/turtle", replace=False)
        for day in (date(2019, 1, 1), DAY, date(2025, 12, 31), date(2026, 1, 1), date(2030, 1, 1)):
            chosen = Selection(as_of=day)
            rows = own.select(f"SELECT ?x {{ ?x <{KG}certainty> ?c .\n{chosen.sparql_filter('?x')}\n}}")
            assert sorted(explore.iri_in(r, "x") for r in rows) == sorted(f.iri for f in chosen.keep(numbered)), day


def test_the_notes_of_the_module_are_what_the_parameters_say() -> None:
    assert selection.PARAMETERS == ("as-of", "modality", "certainty")
