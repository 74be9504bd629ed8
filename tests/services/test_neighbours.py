"""Common neighbours with the facts of both sides, and likeness by the same kinds of link."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import InvalidTerm, NotFound
from kg.model.vocabulary import ID
from kg.services import neighbours, projection
from kg.store.embedded import EmbeddedStore
from services.link_graphs import claim, e, load, name

DATA = Path(__file__).parent.parent / "data"


def test_common_neighbours_have_the_facts_of_both_sides_and_the_rarest_first(empty: EmbeddedStore) -> None:
    load(
        empty,
        claim(1, "a", "suppliesTo", "hub"),
        claim(2, "b", "suppliesTo", "hub"),
        claim(3, "c", "suppliesTo", "hub"),
        claim(4, "a", "produces", "rare"),
        claim(5, "b", "usesMaterial", "rare", document="two"),
        claim(6, "a", "suppliesTo", "own"),
        claim(7, "a", "suppliesTo", "b"),
    )
    found = neighbours.common(empty, e("a"), e("b"))
    assert [name(row.entity) for row in found.rows] == ["rare", "hub"]
    assert found.total == 2
    rare, hub = found.rows
    assert ([k.facts for k in rare.one], [k.facts for k in rare.other]) == ([[f"{ID}claim/4"]], [[f"{ID}claim/5"]])
    assert (rare.one_document, hub.one_document) == (False, True)


def test_the_kite_has_the_common_neighbours_that_one_counts(kite: EmbeddedStore) -> None:
    found = neighbours.common(kite, e("andre"), e("garth"))
    assert sorted(name(row.entity) for row in found.rows) == ["beverley", "diane", "fernando"]
    assert len(neighbours.common(kite, e("andre"), e("garth"), max_rows=1).rows) == 1
    assert neighbours.common(kite, e("andre"), e("jane")).total == 0


def test_who_is_unknown_is_named(empty: EmbeddedStore) -> None:
    load(empty, claim(1, "a", "suppliesTo", "b"), f"<{e('alone')}> a kg:Enterprise .")
    with pytest.raises(NotFound, match="nobody"):
        neighbours.common(empty, e("a"), e("nobody"))
    with pytest.raises(NotFound, match="nobody"):
        neighbours.similar(empty, e("nobody"))
    with pytest.raises(InvalidTerm):
        neighbours.similar(empty, "https://example.org/a> ?p ?o")
    assert neighbours.similar(empty, e("alone")).rows == []
    assert neighbours.common(empty, e("a"), e("alone")).total == 0


def test_only_the_same_kind_and_direction_of_link_makes_alike(empty: EmbeddedStore) -> None:
    load(
        empty,
        claim(1, "a", "produces", "p"),
        claim(2, "b", "produces", "p"),
        claim(3, "c", "usesMaterial", "p"),
        claim(4, "p", "produces", "d"),
        claim(5, "b", "produces", "q"),
    )
    found = neighbours.similar(empty, e("a"))
    assert [(name(row.entity), row.similarity, [name(s) for s in row.shared]) for row in found.rows] == [
        ("b", 0.5, ["p"])
    ]
    assert sorted(k.facts[0] for k in found.rows[0].links) == [f"{ID}claim/1", f"{ID}claim/2"]


def test_of_equally_like_ones_the_rarer_trait_comes_first(empty: EmbeddedStore) -> None:
    load(
        empty,
        claim(1, "a", "produces", "common"),
        claim(2, "a", "produces", "rare"),
        claim(3, "b", "produces", "common"),
        claim(4, "z", "produces", "rare"),
        claim(5, "y", "produces", "common"),
        claim(6, "y", "produces", "else"),
    )
    assert [name(row.entity) for row in neighbours.similar(empty, e("a")).rows] == ["z", "b", "y"]


def test_firms_are_compared_with_firms_unless_it_is_asked_otherwise(store: EmbeddedStore) -> None:
    classes = projection.links(store).classes
    hainuo = next(iri for iri in classes if "hainuokeji" in iri)
    assert {classes[row.entity] for row in neighbours.similar(store, hainuo).rows} <= {"Enterprise"}
    every = neighbours.similar(store, hainuo, same_class=False)
    assert len({classes[row.entity] for row in every.rows}) > 1


def test_the_commonest_traits_are_left_out_where_there_are_too_many(
    empty: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(
        empty,
        *(claim(f"h{n}", f"m{n}", "suppliesTo", "hub") for n in range(30)),
        claim(1, "m0", "produces", "rare"),
        claim(2, "m1", "produces", "rare"),
    )
    assert neighbours.similar(empty, e("m0")).complete
    monkeypatch.setattr(neighbours, "COMPARED_MAX", 20)
    found = neighbours.similar(empty, e("m0"))
    assert not found.complete
    assert [name(row.entity) for row in found.rows] == ["m1"]


@settings(max_examples=50, deadline=None)
@given(
    st.sets(st.tuples(st.integers(0, 6), st.sampled_from(["produces", "developed"]), st.integers(0, 6)), max_size=20)
)
def test_the_index_is_the_share_of_common_traits(triples: set[tuple[int, str, int]]) -> None:
    with EmbeddedStore.open(None) as store:
        load(
            store,
            claim("x", "0", "hostedBy", "7"),
            *(claim(n, f"{s}", p, f"{o}") for n, (s, p, o) in enumerate(triples)),
        )
        found = neighbours.similar(store, e("0"), max_rows=200)

    def traits(node: int) -> set[tuple[str, int, int]]:
        out = {(p, 1, o) for s, p, o in triples if s == node != o}
        return (
            out | {(p, -1, s) for s, p, o in triples if o == node != s} | ({("hostedBy", 1, 7)} if node == 0 else set())
        )

    expected = {}
    for other in range(1, 7):
        both = traits(0) & traits(other)
        if both:
            expected[other] = len(both) / len(traits(0) | traits(other))
    assert {int(name(row.entity)): row.similarity for row in found.rows} == pytest.approx(expected)
    assert [row.similarity for row in found.rows] == sorted((row.similarity for row in found.rows), reverse=True)
