"""The line-up of a chain: what a choice leaves, and that the query shown with it says the same."""

from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import NotFound, SelectionRefused
from kg.services import chains
from kg.services.base import BaseFiles
from kg.services.lineup import LANES, UNKNOWN, Choice, LineUp, lineup, zone_iri
from kg.services.selection import CERTAINTIES, MODALITIES, Selection
from kg.store.embedded import EmbeddedStore
from services.chain_graphs import made, two_zones


@pytest.fixture
def both(empty: EmbeddedStore) -> EmbeddedStore:
    two_zones(empty)
    return empty


@pytest.fixture(scope="module")
def large() -> Iterator[EmbeddedStore]:
    with EmbeddedStore.open(None) as opened:
        made(opened, 300)
        yield opened


def names(line: LineUp) -> list[tuple[str, str, str]]:
    return [(b.stage.rpartition("/")[2], b.entity.rpartition("/")[2], b.modality) for b in line.boxes]


def test_without_a_choice_everyone_stands_there(both: EmbeddedStore) -> None:
    line = lineup(both, "c")
    assert names(line) == [
        ("melt", "g", "actual"),
        ("melt", "e", "actual"),
        ("melt", "u", "underway"),
        ("form", "g", "actual"),
        ("form", "w", "actual"),
        ("form", "e", "planned"),
        ("form", "p", "planned"),
        ("use", "f", "actual"),
    ]
    assert line.silent == 1
    assert [s.iri.rpartition("/")[2] for s in line.stages] == ["1", "melt", "form", "use"]


def test_a_zone_has_what_stands_in_it_and_silence_is_counted_for_none(both: EmbeddedStore) -> None:
    east = lineup(both, "c", Choice(zones=frozenset({"east"})))
    assert {name for _, name, _ in names(east)} == {"e", "p"}
    silent = lineup(both, "c", Choice(zones=frozenset({UNKNOWN})))
    assert {name for _, name, _ in names(silent)} == {"g", "u"}
    assert len(lineup(both, "c", Choice(zones=frozenset({"east", "west", UNKNOWN}))).boxes) == 8


def test_the_stages_stay_whatever_is_chosen(both: EmbeddedStore) -> None:
    line = lineup(both, "c", Choice(zones=frozenset({"nowhere"})))
    assert line.boxes == []
    assert len(line.stages) == 4


def test_a_leader_is_marked_and_a_size_stands_by_its_fact(both: EmbeddedStore) -> None:
    line = lineup(both, "c")
    assert {b.entity.rpartition("/")[2]: b.leader for b in line.boxes if b.leader} == {"e": "actual"}
    project = next(b for b in line.boxes if b.entity.endswith("project/p"))
    assert project.amount
    assert project.amount.number("amount") == 690_000_000
    kept = lineup(both, "c", Choice(Selection(modalities=frozenset({"actual"}))))
    assert all(b.amount is None for b in kept.boxes), "what isn't chosen gives no size either"


def test_facets_count_beside_the_other_choices(both: EmbeddedStore) -> None:
    line = lineup(both, "c", Choice(zones=frozenset({"east"})))
    assert {f.value: f.count for f in line.kinds} == {
        **dict.fromkeys(LANES, 0),
        "enterprise": 2,
        "project": 1,
    }
    assert [(f.value, f.count, f.chosen) for f in line.zones] == [
        ("east", 3, True),
        ("west", 2, False),
        (UNKNOWN, 3, False),
    ]


def test_an_address_says_the_choice_and_is_read_again() -> None:
    choice = Choice(Selection(date(2025, 6, 30), frozenset({"planned"})), frozenset({"east"}), frozenset({"fund"}))
    assert Choice.from_args({k: [v] for k, v in choice.parameters()}) == choice
    assert not Choice.from_args({"view": "svg", "zone": ""})
    assert not Choice.from_args({"kind": list(LANES)}), "all of them is no choice"


@pytest.mark.parametrize("arguments", [{"kind": "x"}, {"modality": "x"}, {"as-of": "x"}, {"certainty": "x"}])
def test_what_does_not_exist_is_refused(arguments: dict[str, str]) -> None:
    with pytest.raises(SelectionRefused):
        Choice.from_args(arguments)


def test_a_chain_that_is_not_there_says_so(both: EmbeddedStore) -> None:
    with pytest.raises(NotFound):
        lineup(both, "none")


@pytest.mark.parametrize("slug", ["", "../x", "a> } INSERT DATA { <urn:a", 'x"', "区"])
def test_a_zone_of_any_name_becomes_an_iri(both: EmbeddedStore, slug: str) -> None:
    assert all(c not in zone_iri(slug) for c in '<>"{} ')
    line = lineup(both, "c", Choice(zones=frozenset({slug or "x"})))
    assert both.select(line.sparql())


def drawn(line: LineUp) -> set[tuple[str, str]]:
    return {(b.stage, b.entity) for b in line.boxes} | {(s.iri, s.iri) for s in line.stages}


def asked(store: EmbeddedStore, line: LineUp) -> set[tuple[str, str]]:
    return {(str(r["stage"])[1:-1], str(r["entity"])[1:-1]) for r in store.select(line.sparql())}


def some(values: tuple[str, ...]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values), max_size=len(values))


CHOICES = st.builds(
    Choice,
    st.builds(
        Selection,
        st.none() | st.dates(date(2020, 1, 1), date(2030, 12, 31)),
        some(MODALITIES),
        some(CERTAINTIES),
    ),
    some(("z0", "z1", "z2", UNKNOWN, "none")),
    some(LANES),
)


@given(CHOICES)
@settings(max_examples=80, deadline=None)
def test_the_query_gives_exactly_the_boxes(large: EmbeddedStore, choice: Choice) -> None:
    line = lineup(large, "c", choice)
    assert asked(large, line) == drawn(line)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_the_query_gives_exactly_the_boxes_of_the_shipped_chains(store: EmbeddedStore, data: st.DataObject) -> None:
    chain = data.draw(st.sampled_from([c.slug for c in chains.listed(store).chains]))
    everyone = lineup(store, chain)
    choice = data.draw(
        st.builds(
            Choice,
            st.builds(
                Selection,
                st.none() | st.dates(date(2020, 1, 1), date(2030, 12, 31)),
                some(MODALITIES),
                some(CERTAINTIES),
            ),
            some(tuple(f.value for f in everyone.zones)),
            some(LANES),
        )
    )
    line = lineup(store, chain, choice)
    assert asked(store, line) == drawn(line)
    assert {(b.stage, b.entity) for b in line.boxes} <= {(b.stage, b.entity) for b in everyone.boxes}


def test_every_entity_that_takes_part_in_a_shipped_chain_is_drawn(store: EmbeddedStore, dataset: BaseFiles) -> None:
    del dataset
    for chain in chains.listed(store).chains:
        line = lineup(store, chain.slug)
        assert chain.members() <= {b.entity for b in line.boxes}
