"""What a removal cuts off, beside removing it."""

from pathlib import Path

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.model.vocabulary import ID
from kg.services import bridges, projection
from kg.store.embedded import EmbeddedStore
from services.link_graphs import claim, load, short

DATA = Path(__file__).parent.parent / "data"


def test_in_the_kite_heather_and_ike_cut_off_the_tail(kite: EmbeddedStore) -> None:
    found = bridges.cut_offs(kite)
    assert found.total == 2
    assert [(short([row.entity]), short(row.entities), row.parts) for row in found.rows] == [
        (["heather"], ["ike", "jane"], 1),
        (["ike"], ["jane"], 1),
    ]
    assert [row.one_document for row in found.rows] == [True, True]
    assert [link.facts for link in found.rows[0].links] == [[f"{ID}claim/k16"]]


def test_of_two_equal_parts_the_one_with_the_first_iri_stays(empty: EmbeddedStore) -> None:
    load(
        empty,
        claim("1", "enterprise/m", "suppliesTo", "enterprise/a"),
        claim("2", "enterprise/m", "suppliesTo", "enterprise/z"),
    )
    assert [(short([row.entity]), short(row.entities)) for row in bridges.cut_offs(empty).rows] == [(["m"], ["z"])]


def by_removal(graph: nx.Graph, node: int) -> tuple[list[int], int]:
    """Return what is cut off and in how many parts, by removing the node and looking."""
    rest = nx.Graph(graph)
    rest.remove_node(node)
    parts = [part for part in nx.connected_components(rest) if part & set(graph[node])]
    stays = max(parts, key=lambda part: (len(part), -min(part)))
    return sorted(n for part in parts if part is not stays for n in part), len(parts) - 1


@settings(max_examples=80, deadline=None)
@given(st.sets(st.tuples(st.integers(10, 21), st.integers(10, 21)).filter(lambda p: p[0] < p[1]), max_size=16))
def test_what_is_cut_off_is_what_removing_cuts_off(pairs: set[tuple[int, int]]) -> None:
    plain = nx.Graph(sorted(pairs))
    with EmbeddedStore.open(None) as store:
        load(
            store,
            *(claim(f"{n}", f"enterprise/{a}", "suppliesTo", f"enterprise/{b}") for n, (a, b) in enumerate(pairs)),
        )
        found = bridges.cut_offs(store, max_rows=200)
    expected = {node: by_removal(plain, node) for node in plain}
    expected = {node: cut for node, cut in expected.items() if cut[0]}
    assert found.total == len(expected)
    sizes = {int(short([row.entity])[0]): (len(row.entities), row.parts) for row in found.rows}
    assert sizes == {node: (len(cut), parts) for node, (cut, parts) in expected.items()}
    for row in found.rows:
        node = int(short([row.entity])[0])
        rest = nx.Graph(plain)
        rest.remove_node(node)
        cut = {int(n) for n in short(row.entities)}
        # What is cut off is whole components of what is left.
        assert all(part <= cut or not part & cut for part in nx.connected_components(rest))


def test_a_kind_or_a_zone_lists_fewer_of_the_same(store: EmbeddedStore) -> None:
    every = {row.entity: row.entities for row in bridges.cut_offs(store, max_rows=200).rows}
    zones = bridges.cut_offs(store, kind="DevelopmentZone")
    assert zones.rows
    for row in zones.rows:
        assert every[row.entity] == row.entities
        assert projection.links(store).classes[row.entity] == "DevelopmentZone"
    zone = next(z for z in projection.links(store).zones if "gaoping" in z)
    members = projection.links(store).zones[zone]
    assert {row.entity for row in bridges.cut_offs(store, zone=zone).rows} <= members


def test_each_articulation_point_of_the_base_cuts_off_something(store: EmbeddedStore) -> None:
    graph = projection.project(store).graph
    found = bridges.cut_offs(store, max_rows=200)
    assert {row.entity for row in found.rows} == set(nx.articulation_points(graph))
    assert all(row.entities and row.links for row in found.rows)
