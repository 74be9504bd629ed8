"""What a chain can't do without: dominators of its flow, and performers that are alone."""

from pathlib import Path

import pytest

from kg.model.vocabulary import ID
from kg.services import bottlenecks, projection
from kg.services.projection import Filters
from kg.services.selection import Selection
from kg.store.embedded import EmbeddedStore
from services.link_graphs import claim, load, short

DATA = Path(__file__).parent.parent / "data"


FORK = [
    *(claim(f"h{n}", "chain/c", "hasSegment", f"segment/{n}") for n in "abcd"),
    claim("1", "segment/a", "precedes", "segment/b"),
    claim("2", "segment/a", "precedes", "segment/c"),
    claim("3", "segment/b", "precedes", "segment/d"),
    claim("4", "segment/c", "precedes", "segment/d"),
]


def rows(found: bottlenecks.Bottlenecks) -> list[tuple[str, str, list[str], list[str]]]:
    return [(b.role, short([b.entity])[0], short(b.stops), short(b.entities)) for b in found.rows]


def test_where_the_flow_forks_and_joins_only_the_fork_dominates(empty: EmbeddedStore) -> None:
    load(empty, *FORK)
    assert rows(bottlenecks.of_chains(empty)) == [("segment", "a", [], ["b", "c", "d"])]


def test_a_product_between_two_segments_is_the_way_that_their_order_tells(empty: EmbeddedStore) -> None:
    load(
        empty,
        *(claim(f"h{n}", "chain/c", "hasSegment", f"segment/{n}") for n in "ab"),
        claim("1", "segment/a", "precedes", "segment/b"),
        claim("2", "segment/a", "hasOutput", "product/p"),
        claim("3", "segment/b", "hasInput", "product/p"),
    )
    assert rows(bottlenecks.of_chains(empty)) == [("segment", "a", [], ["p", "b"]), ("product", "p", [], ["b"])]


def test_a_second_source_of_a_product_leaves_neither_alone(empty: EmbeddedStore) -> None:
    load(
        empty,
        *(claim(f"h{n}", "chain/c", "hasSegment", f"segment/{n}") for n in "abx"),
        claim("2", "segment/a", "hasOutput", "product/p"),
        claim("3", "segment/x", "hasOutput", "product/p"),
        claim("4", "segment/b", "hasInput", "product/p"),
    )
    assert rows(bottlenecks.of_chains(empty)) == [("product", "p", [], ["b"])]


def test_a_circle_that_nothing_flows_into_has_no_dominator(empty: EmbeddedStore) -> None:
    load(
        empty,
        *(claim(f"h{n}", "chain/c", "hasSegment", f"segment/{n}") for n in "abc"),
        claim("1", "segment/a", "precedes", "segment/b"),
        claim("2", "segment/b", "precedes", "segment/a"),
        claim("3", "segment/b", "precedes", "segment/c"),
    )
    assert rows(bottlenecks.of_chains(empty)) == [("segment", "b", [], ["c"])]


def test_who_is_alone_in_segments_stops_them_and_what_hangs_on_them(empty: EmbeddedStore) -> None:
    classes = [f"<id/enterprise/{n}> a kg:Enterprise ." for n in "ef"] + ["<id/facility/k> a kg:Facility ."]
    load(
        empty,
        *FORK,
        *classes,
        claim("i1", "enterprise/e", "inSegment", "segment/b"),
        claim("i2", "enterprise/e", "inSegment", "segment/c"),
        claim("i3", "enterprise/e", "inSegment", "segment/a"),
        claim("i4", "enterprise/f", "inSegment", "segment/a"),
        # A furnace is no second performer.
        claim("i5", "facility/k", "inSegment", "segment/b"),
    )
    found = bottlenecks.of_chains(empty)
    performer = next(b for b in found.rows if b.role == "performer")
    assert (short([performer.entity]), short(performer.stops), short(performer.entities)) == (["e"], ["b", "c"], ["d"])
    assert performer.one_document
    assert {link.kind for link in performer.links} == {"inSegment", "precedes"}
    planned = Filters(Selection(modalities=frozenset({"planned"})))
    assert bottlenecks.of_chains(empty, planned).rows == []


def test_other_kinds_of_link_do_not_make_a_flow(empty: EmbeddedStore) -> None:
    load(empty, *FORK)
    assert bottlenecks.of_chains(empty, Filters(kinds=frozenset({"suppliesTo"}))).rows == []


def test_hainuo_holds_its_chain(store: EmbeddedStore) -> None:
    chain = next(
        iri for iri, c in projection.links(store).classes.items() if c == "IndustryChain" and "kongxinboli" in iri
    )
    found = bottlenecks.of_chains(store, chain=chain)
    assert {b.chain for b in found.rows} == {chain}
    hainuo = next(b for b in found.rows if "hainuokeji" in b.entity)
    # Research at the upstream end has universities besides; equipment and products have Hainuo alone.
    assert hainuo.role == "performer"
    assert len(hainuo.stops) == 2
    assert any("kongxinboliweizhu" in iri for iri in hainuo.entities)


def test_a_chain_that_does_not_exist_has_no_bottleneck(store: EmbeddedStore) -> None:
    assert bottlenecks.of_chains(store, chain=f"{ID}chain/none").rows == []


def test_a_chain_that_is_too_long_is_named_and_not_looked_at(
    empty: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(empty, *FORK)
    monkeypatch.setattr(bottlenecks, "SEGMENTS_MAX", 3)
    found = bottlenecks.of_chains(empty)
    assert (found.rows, found.too_long) == ([], [f"{ID}chain/c"])
